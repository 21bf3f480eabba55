"""Tells a page on two nodes that are made of namespaces. It has blocks of the language `lab`:

    NODE$ COMMAND      on a node; `(exit code 5)` below it is how it has to end
    NODE! off          its power is cut; `on`: it is started again

Its `ini` block is the file of that name on n1. In comments that begin with `<!-- lab` stands what is waited for meanwhile:

    NODE? COMMAND      run until it ends with 0
"""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import page
from caretaker import survived_by

sys.path.insert(0, str(page.HERE.parents[1] / "tests" / "system"))

from lab import Lab, Node, missing  # it is no installed package

__all__ = ["missing", "tell"]

DISK = "web"
PATIENCE = 120.0
_COMMAND = re.compile(r"^(?P<node>n\d)(?P<kind>[$?!]) (?P<line>.+)\n(?P<output>(?:(?!n\d[$?!] ).*\n)*)", re.MULTILINE)
_EXIT = re.compile(r"^\(exit code (\d+)\)$", re.MULTILINE)


class Step(NamedTuple):
    """A command of a page, its node, and the exit code that the page shows."""

    node: str
    kind: str
    line: str
    code: int


def tell(name: str) -> bool:
    """Go through a page; what was made for it goes with it. False where it goes otherwise than the page says."""
    with Lab(2) as lab, survived_by(lab.remove):
        lab.disk(DISK)
        return all(_tell(lab, part) for part in page.parts(name))


def _tell(lab: Lab, part: page.Part) -> bool:
    if part.kind == "lab":
        return all(_run(lab[step.node], step) for step in _steps(part.text))
    if part.kind == "ini":
        lab["n1"].write(part.name, part.text)
        print(f"\n{part.name} on n1:\n\n{part.text}", end="", flush=True)
    elif part.kind in ("title", "prose"):
        print(page.title(part.text) if part.kind == "title" else page.prose(part.text), end="", flush=True)
    return True


def _steps(text: str) -> Iterator[Step]:
    """The commands of a `lab` block."""
    for found in _COMMAND.finditer(text):
        code = _EXIT.search(found["output"])
        yield Step(found["node"], found["kind"], found["line"], int(code[1]) if code else 0)


def _run(node: Node, step: Step) -> bool:
    if step.kind == "?":
        return _waited(node, step.line)
    print(f"\n{step.node}{step.kind} {step.line}", flush=True)
    if step.kind == "!":
        node.power_off() if step.line == "off" else node.power_on()
        return True
    process = node.begin(f"bash -c {shlex.quote(step.line)}")
    print(process.communicate(timeout=PATIENCE)[0], end="", flush=True)
    if process.returncode:
        print(f"(exit code {process.returncode})")
    if process.returncode != step.code:
        print(f"demo: that should have ended with exit code {step.code}", file=sys.stderr)
    return process.returncode == step.code


def _waited(node: Node, line: str) -> bool:
    end = time.monotonic() + PATIENCE
    while node(f"bash -c {shlex.quote(line)}", code=None).code:
        if time.monotonic() > end:
            print(f"demo: {node.name}: it does not come to this: {line}", file=sys.stderr)
            return False
        time.sleep(0.1)
    return True
