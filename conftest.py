"""Fixtures for every test in the repository."""

from __future__ import annotations

import gc
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from opensvc_core import Node
from opensvc_core.testing.waiting import PATIENCE, wait_for

# How long an example takes is the machine's, and says nothing.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

BIN = Path(sys.executable).parent
ORDINARY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
# Where nodes wait for each other, or a file has many tests on devices. What is long comes first: at the end of a run no worker is left
# alone with it.
_ROOMS = ("monitor", "beat", "simulation")
_LONG = ("tests/tutorials/", "tests/system/", *(f"plugins/daemon/tests/{room}/" for room in _ROOMS), "drivers_linux/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, all in their order."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def pytest_collection_finish() -> None:
    """The tests are there until the end: whoever collects garbage need not go through all of them each time, nor that often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests told and explored, and the remedy for tests that this machine can't run; the reasons stand in the list above."""
    if told := _told(terminalreporter):
        terminalreporter.section("told by tests")
        for line in told:
            terminalreporter.line(line)
    if skipped := len(terminalreporter.stats.get("skipped", [])):
        terminalreporter.section("not run on this machine")
        terminalreporter.line(
            f"{skipped} tests, for the reasons listed as SKIPPED; as root, .ci/run installs what is missing and skips none"
        )


def _told(terminalreporter: pytest.TerminalReporter) -> list[str]:
    """The texts that tests have told, in whichever process, and how much was explored."""
    told = [f"{test}: {line}" for test, text in _noted(terminalreporter, "told") for line in str(text).splitlines()]
    explored: dict[str, list[int]] = {}
    for _, (what, states) in _noted(terminalreporter, "explored"):
        explored.setdefault(what, []).append(states)
    return [*told, *(f"{what}: {sum(states)} states of {len(states)} models explored" for what, states in explored.items())]


def _noted(terminalreporter: pytest.TerminalReporter, name: str) -> Iterator[tuple[str, Any]]:
    """Each test with a property that it noted; the last report of a test has all of them."""
    for report in (one for group in terminalreporter.stats.values() for one in group if getattr(one, "when", "") == "teardown"):
        yield from ((report.nodeid, value) for key, value in report.user_properties if key == name)


@pytest.fixture
def told(record_property: Callable[[str, object], None]) -> Callable[[object], None]:
    """Tell a figure or a seed, which is shown when the run ends, whatever became of the test: `told(text)`."""
    return lambda text: record_property("told", str(text))


class Done(NamedTuple):
    """What became of a command line."""

    code: int
    stdout: str
    stderr: str


class Root:
    """A node below a temporary folder, used through the installed commands: those of the environment of the tests, or of `programs`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.nodename, self.programs = folder, "n1", BIN
        self._begun: list[subprocess.Popen[str]] = []

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def __call__(self, line: str, *, stdin: str = "", code: int | None = 0, as_ordinary: bool = False, **environ: str) -> Done:
        """Run a command line; `code` is what it has to end with, None: anything."""
        done = subprocess.run(
            self._argv(line, as_ordinary=as_ordinary),
            input=stdin.encode(),
            capture_output=True,
            env=self.environment(environ),
            cwd=self.folder,
            timeout=2 * PATIENCE,
            check=False,
        )
        found = Done(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in found.stdout + found.stderr, found
        assert "internal error" not in found.stdout + found.stderr, found
        assert code is None or found.code == code, f"{line}: {found}"
        return found

    def begin(self, line: str, **environ: str) -> subprocess.Popen[str]:
        """Run a command line in the background, in a session of its own."""
        process = subprocess.Popen(
            self._argv(line),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(environ),
            cwd=self.folder,
            start_new_session=True,
        )
        self._begun.append(process)
        return process

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        """The environment of the commands."""
        # compiled modules are kept, as in an installed agent: a command takes half the time
        left_out = ("OSVC_", "EDITOR", "VISUAL", "NO_COLOR", "PYTEST_", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        place = {"OSVC_ROOT_PATH": str(self.folder), "OSVC_NODENAME": self.nodename, "PATH": f"{self.programs}:{os.environ['PATH']}"}
        return {**kept, **place, **(more or {})}

    def signal_group(self, process: subprocess.Popen[str], number: int) -> None:
        """What a terminal does at ^C: signal a command begun here and its children."""
        os.killpg(process.pid, number)

    def write(self, name: str, text: str, *, mode: int = 0o644) -> Path:
        """Write a file; `{root}` in its text is the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{root}", str(self.folder)), encoding="utf-8")
        path.chmod(mode)
        return path

    def is_up(self, service: str, rid: str) -> bool:
        """The flag of an fs.flag resource is set."""
        return (self.folder / f"run/svc/{service}/{rid}.flag").exists()

    def now(self) -> float:
        """A moment to compare with a later one, in seconds."""
        return time.monotonic()

    def wait_for(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until something holds."""
        wait_for(condition, seconds=seconds)

    def end_processes(self) -> None:
        """End every process that was started here, whatever became of its parents."""
        mark = f"OSVC_ROOT_PATH={self.folder}".encode()
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and int(entry.name) != os.getpid() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
        for process in self._begun:
            process.communicate(timeout=PATIENCE)
        self._remove_groups()

    def _remove_groups(self) -> None:
        """Remove the control groups that were made here."""
        node = Node(self.folder, nodename=self.nodename)
        if node.host.groups:
            top = node.host.groups.directory(node.cgroup)
            self.wait_for(lambda: _is_removed(top))

    def _argv(self, line: str, *, as_ordinary: bool = False) -> list[str]:
        words = shlex.split(line)
        program = self.folder / words[0] if "/" in words[0] else shutil.which(words[0], path=str(self.programs)) or words[0]
        return [*(ORDINARY if as_ordinary else ()), str(program), *words[1:]]


def _is_removed(top: Path) -> bool:
    """Remove a tree of control groups; one whose processes are still ending can't be removed yet."""
    for folder in sorted((path for path in (top, *top.rglob("*")) if path.is_dir()), reverse=True):
        with suppress(OSError):
            folder.rmdir()
    return not top.exists()


@pytest.fixture
def root() -> Iterator[Root]:
    """A node of its own for one test, removed with all its processes at the end."""
    folder = Path(tempfile.mkdtemp(prefix="osvc-"))
    folder.chmod(0o755)
    place = Root(folder)
    try:
        yield place
    finally:
        place.end_processes()
        shutil.rmtree(folder, ignore_errors=True)
