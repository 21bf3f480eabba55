"""Completion, driven through a real shell."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from opensvc_core.cli.completion import rids, services

PROGRAMS = ("om", "svcmgr", "nodemgr", "svcmon", "web")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A node with two services, and the commands in `bin`."""
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "web.conf").write_text("[DEFAULT]\n[fs#1]\ntype = ext4\ndev = [x]\n[fs#2]\n[app#web]\ntype = simple\n[ip#0]\n")
    (etc / "api.env").write_text("[vg#0]\n")
    (etc / "node.conf").touch()
    (tmp_path / "bin").mkdir()
    for program in PROGRAMS:
        entry = program if program != "web" else "svcmgr"
        script = tmp_path / "bin" / program
        script.write_text(f"#!{sys.executable}\nimport sys\nfrom opensvc_core.cli.main import {entry}\nsys.exit({entry}())\n")
        script.chmod(0o755)
    return tmp_path


def shell(root: Path, text: str) -> str:
    settings = {**os.environ, "OSVC_ROOT_PATH": str(root), "PATH": f"{root}/bin:{os.environ['PATH']}", "HOME": str(root)}
    return subprocess.run(["bash", "--norc", "-c", text], env=settings, capture_output=True, text=True, timeout=120, check=True).stdout


def offered(root: Path, *words: str) -> list[str]:
    program = words[0]
    script = (
        f'eval "$({program} --show-completion bash)"\n'
        f"COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}; COMPREPLY=()\n"
        f'_{program}_completion {program}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    return shell(root, script).split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("om", "w"), ["web"]),
        (("om", "no"), ["node"]),
        (("om", "web", "st"), ["status", "start", "stop"]),
        (("om", "web", "print", "st"), ["status"]),
        (("om", "web", "start", "--r"), ["--rid"]),
        (("om", "web", "start", "--rid", ""), ["fs#1", "fs#2", "app#web", "ip#0", "fs", "app", "ip"]),
        (("om", "web", "start", "--rid", "fs#1,ap"), ["fs#1,app#web", "fs#1,app"]),
        (("om", "web", "set", "p"), ["provisioned"]),
        (("svcmgr", "-s", ""), ["api", "web"]),
        (("svcmgr", "-s", "web", "start", "--rid", "app"), ["app#web", "app"]),
        (("svcmgr", "start", "-s", "web", "--upto", "i"), ["ip#0", "ip"]),
        (("nodemgr", "pri"), ["print"]),
        (("svcmon", "--service", "a"), ["api"]),
        (("svcmon", "--color", ""), ["auto", "yes", "no"]),
        (("web", "stop", "--downto", "f"), ["fs#1", "fs#2", "fs"]),
        (("om", "da"), ["daemon"]),
        (("om", "daemon", "jo"), ["join"]),
        (("om", "web", "expl"), ["explain"]),
        (("om", "web", "get", "--kw", "fs"), ["fs#1.", "fs#2."]),
        (("om", "web", "get", "--kw", "fs#1.mnt"), ["fs#1.mnt", "fs#1.mnt_opt"]),
        (("om", "web", "set", "--kw", "orch"), ["orchestrate="]),
        (("om", "new", "create", "--kw", "fs#1.start_r"), ["fs#1.start_requires="]),
        (("svcmgr", "-s", "web", "update", "--set", "app#web.limit_nof"), ["app#web.limit_nofile="]),
        (("om", "node", "set", "--kw", "node.max_p"), ["node.max_parallel="]),
        (("om", "cluster", "get", "--kw", "cl"), ["cluster."]),
        (("nodemgr", "get", "--param", "node.max_p"), ["node.max_parallel"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bash_completes(root: Path, words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(root, *words) == expected


@pytest.mark.parametrize(("name", "mark"), [("bash", "complete -o default"), ("zsh", "#compdef om"), ("fish", "complete --command om")])
def test_the_script_of_each_shell_is_shown(root: Path, name: str, mark: str) -> None:
    assert mark in shell(root, f"om --show-completion {name}")


def test_zsh_and_fish_are_answered(root: Path) -> None:
    assert "start" in shell(root, "_TYPER_COMPLETE_ARGS='om web star' _OM_COMPLETE=complete_zsh om")
    fish = "_TYPER_COMPLETE_ARGS='om web star' _TYPER_COMPLETE_FISH_ACTION=get-args _OM_COMPLETE=complete_fish om"
    assert shell(root, fish).startswith("start\t")


def test_the_script_is_installed_in_the_home(root: Path) -> None:
    shell(root, "om --install-completion bash")
    assert (root / ".bash_completions" / "om.sh").is_file()


def test_names_come_from_the_configuration_folder(root: Path) -> None:
    other = root / "etc" / "namespaces" / "prod" / "svc"
    other.mkdir(parents=True)
    (other / "db.conf").write_text("[fs#7]\n")
    assert services(root / "etc") == ["api", "prod/svc/db", "web"]
    assert rids(root / "etc", "prod/svc/db") == ["fs#7"]
    assert rids(root / "etc", "web*") == []
