"""What people have beside the commands: manual pages that groff and man take, and completions that shells use as they are installed."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opensvc_core.cli import described
from opensvc_core.cli.manual import NAMES
from opensvc_core.cli.render import roff
from opensvc_core.cli.table import commands

needs_groff = pytest.mark.skipif(shutil.which("groff") is None, reason="no groff")
CONFIG = "[fs#1]\ntype = ext4\ndev = /dev/x\nmnt = /x\n[app#web]\ntype = simple\n"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"no {program}")


@pytest.fixture
def share(root: Any) -> Path:
    """The folder that both commands have filled."""
    root("om node install man --folder share")
    root("om node install completion --folder share")
    return Path(root / "share")


def formatted(text: str, *options: str) -> str:
    """A page as a person sees it, without bold; groff may warn of nothing."""
    command = ["groff", "-man", "-ww", "-P-c", *options]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=True)
    assert done.stderr == ""
    return re.sub(".\b", "", done.stdout)


@needs_groff
@pytest.mark.parametrize("options", [("-Tutf8", "-rLL=78n"), ("-Tascii", "-rLL=60n")], ids=["wide", "narrow"])
def test_pages_are_formatted_without_a_warning(share: Path, options: tuple[str, ...]) -> None:
    pages = sorted(share.glob("man/man?/*"))
    assert sorted(page.name for page in pages) == sorted(NAMES)
    assert all(len(formatted(page.read_text("utf-8"), *options)) > 1000 for page in pages)


@needs("man")
def test_man_shows_a_page_by_its_name(share: Path) -> None:
    environment = {**os.environ, "MANPATH": str(share / "man"), "MANWIDTH": "100", "LC_ALL": "C.UTF-8"}
    for name in NAMES:
        stem, _, section = name.rpartition(".")
        command = ["man", "--warnings", section, stem]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
        assert done.stderr == ""
        assert done.stdout.startswith(f"{'ALLSERVICES' if 'services' in stem else stem.upper()}({section})")


@needs_groff
def test_every_command_option_and_keyword_is_in_a_page(root: Any, share: Path) -> None:
    shown = {page.name: formatted(page.read_text("utf-8"), "-Tutf8", "-rLL=200n") for page in share.glob("man/man?/*")}
    from opensvc_core import Node

    registry = Node(root.folder, nodename="n1").registry
    for verb in commands(registry.commands()):
        assert re.search(rf"^ +{re.escape(verb.name)}\b", shown["om.1"], re.MULTILINE), verb.name
        assert [option.flags for option in verb.options if ", ".join(option.flags) not in shown["om.1"]] == []
        for scope, page in (("service", "svcmgr.1"), ("node", "nodemgr.1")):
            assert scope not in verb.scopes or re.search(rf"^ +{re.escape(verb.name)}\b", shown[page], re.MULTILINE)
    for section in described.sections():
        missing = [name for name in section.declares.keywords() if not re.search(rf"^ +{name}\b", shown["opensvc.conf.5"], re.MULTILINE)]
        assert missing == []
    for _, _, cls in registry.drivers():
        assert re.search(rf"^{re.escape(cls.id)}$", shown["opensvc-drivers.5"], re.MULTILINE)


@needs_groff
@pytest.mark.parametrize(
    "text",
    ["a\\b \\fR \\n(yr", ".TH at the beginning", "'tis a text", '--kw="x y" -1', "`not code", "a…b, a-b × “c”", "%d {x} $(y) ^ ~"],
)
def test_a_text_comes_out_as_it_is(text: str) -> None:
    blocks = [roff.heading("NAME"), roff.words(text), "\n", roff.entry(text, text), roff.verbatim(text)]
    lines = formatted(roff.page("x", 1, source="s", title="t", blocks=blocks), "-Tutf8", "-rLL=100n").splitlines()
    assert [line.strip() for line in lines].count(text.replace("…", "...")) == 4


def test_words_between_backticks_are_bold() -> None:
    assert roff.words("say `a-b` twice") == "say \\fBa\\-b\\fP twice"


def test_installing_twice_writes_once_and_an_edited_file_is_kept(root: Any, share: Path) -> None:
    assert "has all of it already" in root("om node install man --folder share").stdout
    page = share / "man/man1/om.1"
    page.write_text(page.read_text("utf-8") + "mine\n", "utf-8")
    for verb in ("install", "uninstall"):
        assert "--force gives it up" in root(f"om node {verb} man --folder share", code=5).stderr
    assert page.read_text("utf-8").endswith("mine\n")
    root("om node uninstall man --folder share --force")
    root("om node uninstall completion --folder share")
    assert [path for path in share.rglob("*") if path.is_file()] == []
    assert "has nothing of ours" in root("om node uninstall completion --folder share").stdout


def test_an_ordinary_user_is_told_of_another_place(root: Any) -> None:
    done = root("om node install man", code=5, as_ordinary=os.geteuid() == 0)
    assert "only root writes to /usr/local/share; --folder names another place" in done.stderr


@needs("bash")
@pytest.mark.parametrize(
    ("line", "offered", "goes_on"),
    [
        ("om web star", ["start"], False),
        ("om w", ["web"], False),
        ("om web start --rid f", ["fs#1", "fs"], False),
        ("om web set --kw fs#1.mn", ["fs#1.mnt=", "fs#1.mnt_opt="], True),
        ("om daemon jo", ["join"], False),
        ("allservices star", ["start"], False),
    ],
)
def test_bash_completes_by_the_file(root: Any, share: Path, line: str, offered: list[str], *, goes_on: bool) -> None:
    root.write("etc/web.conf", CONFIG)
    program, *_ = words = line.split()
    script = (
        f"compopt() {{ echo goes on; }}\n. {share}/bash-completion/completions/{program}\n"
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}\n"
        f'_{program}_completion {program}\nprintf "%s\\n" "${{COMPREPLY[@]}}"\ncomplete -p {program}'
    )
    *said, registered = root(f"bash --norc -c {shell_word(script)}").stdout.splitlines()
    assert said == [*(["goes on"] if goes_on else []), *offered]
    assert registered == f"complete -o default -F _{program}_completion {program}"


@needs("fish")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("om web star", ["start"]),
        ("om web start --rid f", ["fs", "fs#1"]),
        ("om web set --kw fs#1.mn", ["fs#1.mnt=", "fs#1.mnt_opt="]),
        ("svcmgr -s w", ["web"]),
        ("nodemgr uninstall co", ["completion"]),
    ],
)
def test_fish_completes_by_the_file(root: Any, share: Path, line: str, offered: list[str]) -> None:
    root.write("etc/web.conf", CONFIG)
    done = root(f"fish -c {shell_word(f'complete -C {shell_word(line)}')}", XDG_DATA_DIRS=str(share), HOME=str(root.folder))
    assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == offered


def shell_word(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@pytest.fixture
def zsh(root: Any, share: Path) -> Iterator[Callable[[str, str], None]]:
    """Types a line and the key into a zsh at its prompt, and waits for what it makes of it."""
    root.write("etc/web.conf", CONFIG)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(root.folder)
        os.execvpe("zsh", ["zsh", "-f", "-i"], root.environment({"TERM": "dumb", "HOME": str(root.folder)}))
    prompts = iter(range(1000))

    def expect(text: str) -> None:
        said, end = "", time.monotonic() + 100
        while text not in said:
            assert time.monotonic() < end, said
            if select.select([terminal], [], [], 1)[0]:
                said += os.read(terminal, 4096).decode(errors="replace")

    def run(command: str) -> None:
        mark = next(prompts)
        # what is typed is echoed, and must not be taken for what is printed
        os.write(terminal, f"{command}; echo done-$(({mark}+1000))\n".encode())
        expect(f"done-{mark + 1000}")

    def completes(begun: str, whole: str) -> None:
        os.write(terminal, f"{begun}\t".encode())
        expect(whole)
        os.write(terminal, b"\x15")  # ^U: away with it
        run(":")

    try:
        run(f"fpath=({share}/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D")
        yield completes
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


@needs("zsh")
def test_zsh_completes_by_the_file(zsh: Callable[[str, str], None]) -> None:
    zsh("om web star", "om web start ")
    zsh("om web start --rid app#", "#web")
    zsh("om daemon jo", "om daemon join ")
    zsh("svcmgr -s w", "svcmgr -s web ")
    zsh("om web set --kw orch", "--kw orchestrate=")
    zsh("alldownservices prov", "alldownservices provision ")
