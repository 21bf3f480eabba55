"""A script, gone through on machines: each command, and what it prints compared with what it has to print."""

from __future__ import annotations

import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from difflib import ndiff
from typing import Any, Final, Protocol

from tutorial.accounts import expected
from tutorial.pages import Page
from tutorial.steps import Kind, Step
from tutorial.texts import alike, missing_part, packed

PATIENCE: Final = 120.0  # seconds until what is given again and again prints what it has to
TEXT: Final = "/root/.replay.text"
PROGRAM: Final = "/root/.replay.py"
# One shell after the other goes on where the one before has ended: its folder, variables, functions and exit code.
SHELL: Final = """\
cd /root
exec 2>&1
sudo() { "$@"; }
[ ! -e .replay ] || . ./.replay
(exit ${code:-0})
eval "$1"
code=$?
{ declare -px; declare -pf; printf 'cd %q\\ncode=%s\\n' "$PWD" "$code"; } >/root/.replay
exit $code
"""
# Makes the file what a page shows. Sections and keys that it has already stay where the page leaves something out.
EDITOR: Final = """\
import sys
from pathlib import Path

def parts(text):
    found = {}
    for line in text.splitlines():
        if line.startswith("["):
            section = found.setdefault(line, {})
        elif "=" in line:
            section[line.partition("=")[0].strip()] = line
    return found

text, file = Path(sys.argv[1]).read_text(), Path(sys.argv[2])
if "(...)" in text:
    sections = parts(file.read_text())
    for name, keys in parts(text).items():
        sections.setdefault(name, {}).update(keys)
    text = "".join("\\n".join([name, *keys.values(), "", ""]) for name, keys in sections.items())
file.write_text(text)
"""


class Machine(Protocol):
    """What a script is replayed on."""

    def __call__(self, line: str, *, code: int | None = 0, timeout: float = 60, **environ: str) -> Any:
        """Run a command line; `code` is what it has to end with, None: anything. What it ended with and printed."""

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file."""

    def power_off(self) -> None:
        """Cut the power."""

    def power_on(self) -> None:
        """Start it again."""


def replay(page: Page, script: str, machines: Sequence[Machine], tell: Callable[[str], None], environ: Mapping[str, str]) -> None:
    """Go through a script of a page; what came of it is told. AssertionError where something else is printed."""
    count = Counter[str]()
    try:
        run = _Run(page, dict(zip(page.nodes, machines, strict=True)), environ)
        for step in page.script(script):
            for node in page.where(step):
                run(node, step, f"{script}:{step.line}: {step.text}")
                count[_sort(step)] += 1
    except BaseException:
        count["not matched"] += 1
        raise
    finally:
        kinds = ("matched", "adapted", "not matched")
        tell(f"{page.title}: commands of the page: {', '.join(f'{count[kind]} {kind}' for kind in kinds)}")


def _sort(step: Step) -> str:
    if not step.place:
        return "ours"
    return "adapted" if step.keys else "matched"


class _Run:
    def __init__(self, page: Page, machines: Mapping[str, Machine], environ: Mapping[str, str]) -> None:
        self._machines, self._environ = machines, environ
        self._shown = {step.place: step for step in page.commands()}
        self._names = {node: machine("hostname").stdout.strip() for node, machine in machines.items()}

    def __call__(self, node: str, step: Step, where: str) -> None:
        """Do a step."""
        lines = expected(step, self._shown.get(step.place))
        match step.kind:
            case Kind.POWER:
                self._switch(node, step.text)
            case Kind.EDITED | Kind.SHOWN:
                self._write(node, step, lines, where)
            case Kind.ANY:
                self._run(node, step.text, step.number or 0, where)
            case Kind.EXACT | Kind.UNTIL | Kind.PARTS:
                self._compare(node, step, lines, where)

    def _switch(self, node: str, word: str) -> None:
        machine = self._machines[node]
        if word == "off":
            machine.power_off()
        else:
            machine.power_on()
            machine(f"hostname {self._names[node]}")

    def _write(self, node: str, step: Step, lines: Sequence[str], where: str) -> None:
        self._machines[node].write(TEXT, "".join(f"{line}\n" for line in lines))
        if step.kind is Kind.EDITED:
            self._machines[node].write(PROGRAM, EDITOR)
            found = self._run(node, f"EDITOR='{sys.executable} {PROGRAM} {TEXT}' {step.text}", 0, where)
            _equal(found, (), where)
        else:
            path = step.text.split()[-1]
            found = self._run(node, f"install -m {step.number or 644} {TEXT} {path} && {step.text}", 0, where)
            _equal(found, lines, where)

    def _compare(self, node: str, step: Step, lines: Sequence[str], where: str) -> None:
        end = time.monotonic() + (0 if step.kind is Kind.EXACT else PATIENCE)
        while True:
            try:
                found = self._run(node, step.text, step.number or 0, where)
                if step.kind is Kind.PARTS and step.lines:
                    part = missing_part(lines, alike(found.splitlines()))
                    assert part is None, f"{where}\nit does not print {part!r}\n{found}"
                else:
                    _equal(found, lines, where, is_packed=step.kind is Kind.PARTS)
            except AssertionError:
                if time.monotonic() > end:
                    raise
            else:
                return

    def _run(self, node: str, command: str, code: int, where: str) -> str:
        line = f"bash -c {shlex.quote(SHELL)} replay {shlex.quote(command)}"
        done = self._machines[node](line, code=None, timeout=200, **self._environ)
        assert done.code == code, f"{where}\nit ends with {done.code}:\n{done.stdout}{done.stderr}"
        return str(done.stdout)


def _equal(found: str, lines: Sequence[str], where: str, *, is_packed: bool = False) -> None:
    """AssertionError with the difference, where there is one."""
    texts = [alike(found.splitlines()), alike(lines)]
    if is_packed:
        texts = [packed(text) for text in texts]
    if texts[0] != texts[1]:
        difference = "\n".join(ndiff(texts[1].splitlines(), texts[0].splitlines()))
        raise AssertionError(f"{where}\n{difference}")
