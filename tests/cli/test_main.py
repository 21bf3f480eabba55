"""The commands as processes: what they import, print and answer."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from opensvc_core.cli.main import called_as, is_service
from opensvc_core.cli.session import Session
from opensvc_core.system.paths import Paths

HEAVY = "typer click rich configobj pluggy psutil asyncio importlib.metadata"

# A command whose verb is replaced by the text that follows
_FAKE = """
import sys, types
from opensvc_core.cli import main, table
def run(session, arguments):
    {body}
[start] = [verb for verb in table.commands() if verb.name == "start"]
sys.modules[start.module] = types.SimpleNamespace(run=run)
sys.argv = ["om", "web", "start"]
sys.exit(main.om())
"""


def python(root: Path, text: str, **environ: str) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, "OSVC_ROOT_PATH": str(root), **environ}
    return subprocess.run([sys.executable, "-c", text], env=settings, capture_output=True, text=True, timeout=120, check=False)


def command(root: Path, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    entry = argv[0] if argv[0] in ("om", "svcmgr", "svcmon", "nodemgr") else "svcmgr"
    return python(root, f"import sys; sys.argv = {list(argv)!r}\nfrom opensvc_core.cli.main import {entry}\nsys.exit({entry}())", **environ)


def test_reading_a_line_imports_no_heavy_library(tmp_path: Path) -> None:
    text = (
        "import sys\nfrom opensvc_core.cli import main, reader, table\n"
        "reader.read('om', ['web', 'start', '--local'], table.commands(), bool)\n"
        f"print([name for name in {HEAVY.split()} if name in sys.modules])"
    )
    assert python(tmp_path, text).stdout == "[]\n"


def test_the_verb_decides_the_exit_code(tmp_path: Path) -> None:
    done = python(
        tmp_path, _FAKE.format(body="print(session.selector, session.verb, session.layout, arguments.local, file=session.stdout); return 3")
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "web start tree False\n", "")


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("from opensvc_core.errors import ActionRefused; raise ActionRefused('web is frozen')", 5, "om: web is frozen\n"),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise BrokenPipeError(32, 'Broken pipe')", 141, ""),
        ("open('/nonexistent/file')", 1, "om: /nonexistent/file: No such file or directory\n"),
    ],
    ids=["refused", "interrupted", "broken pipe", "operating system"],
)
def test_an_error_is_one_line_and_a_code(tmp_path: Path, body: str, code: int, line: str) -> None:
    done = python(tmp_path, _FAKE.format(body=body))
    assert (done.returncode, done.stdout, done.stderr) == (code, "", line)


def test_a_defect_leaves_its_traceback_in_the_log_folder(tmp_path: Path) -> None:
    done = python(tmp_path, _FAKE.format(body="return 1 // 0"))
    file = tmp_path / "log" / "errors.log"
    assert done.returncode == 1
    assert done.stderr == f"om: internal error: ZeroDivisionError: integer division or modulo by zero; the traceback is in {file}\n"
    assert "ZeroDivisionError" in file.read_text().splitlines()[-1]


def test_a_defect_shows_its_traceback_when_asked(tmp_path: Path) -> None:
    assert "Traceback" in python(tmp_path, _FAKE.format(body="return 1 // 0"), OSVC_DEBUG="1").stderr


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    text = _FAKE.format(body="print('x', file=session.stdout); return 0")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", text],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "OSVC_ROOT_PATH": str(tmp_path)},
        )
    assert (done.returncode, done.stderr) == (1, "om: No space left on device\n")


def test_a_closed_output_is_no_error(tmp_path: Path) -> None:
    text = _FAKE.format(body="print('x', file=session.stdout); return 0")
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, text],
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "OSVC_ROOT_PATH": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_wrong_word_answers_usage(tmp_path: Path) -> None:
    done = command(tmp_path, "om", "web", "strat")
    assert (done.returncode, done.stderr) == (2, "om: no command 'strat'; did you mean 'start'?\n")


@pytest.mark.parametrize("program", ["om", "svcmgr", "nodemgr", "web"])
def test_a_program_alone_shows_its_usage(tmp_path: Path, program: str) -> None:
    done = command(tmp_path, program)
    assert done.returncode == 2
    assert done.stderr.startswith(f"usage: {program} ")


def test_the_version_is_told(tmp_path: Path) -> None:
    assert command(tmp_path, "svcmgr", "--version").stdout.startswith("opensvc ")


@pytest.mark.parametrize(
    ("entry", "argv0", "program"),
    [
        ("svcmgr", "/usr/bin/svcmgr", "svcmgr"),
        ("svcmgr", "/etc/opensvc/web", "web"),
        ("svcmgr", "/x/om", "om"),
        ("om", "/x/pytest", "om"),
        ("svcmgr", "-c", "svcmgr"),
        ("svcmgr", "", "svcmgr"),
    ],
)
def test_the_name_of_the_call_decides_the_program(entry: str, argv0: str, program: str) -> None:
    assert called_as(entry, argv0) == program


def test_a_service_is_known_by_its_configuration(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    paths.etc.mkdir()
    (paths.etc / "web.conf").touch()
    (paths.etc / "old.env").touch()
    known = [name for name in ("web", "old", "node", "nosuch", "a/b/c/d", "../web") if is_service(paths, name)]
    assert known == ["web", "old"]


@pytest.mark.parametrize(("program", "layout"), [("om", "tree"), ("svcmgr", "classic"), ("web", "classic"), ("svcmon", "classic")])
def test_the_program_decides_the_layout(program: str, layout: str) -> None:
    out = io.StringIO()
    session = Session(program=program, scope="service", verb="start", selector="web", root="/r", nodename="n1", stdout=out, stderr=out)
    assert session.layout == layout
