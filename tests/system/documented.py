"""Pages whose commands are run on the nodes of a lab: what they show is compared with what is printed.

A page has blocks of the language `nodes`, and comments that begin with `<!-- lab`, with what happens meanwhile. Both are steps:

    NODE$ COMMAND      run on a node; the lines up to the next step are what it prints, on both streams
    NODE% COMMAND      run, and its output is not compared
    NODE? COMMAND      run until it ends with 0
    NODE! FAULT        `off`, `on`, `cut`, `heal`

A block of the language `ini` that is called after a file is that file, on every node. The service's disk has another name on the pages
than in the lab.
"""

import re
import shlex
from typing import NamedTuple

from opensvc_core.testing.waiting import wait_for

_BLOCK = re.compile(r"^(?:```nodes|<!-- lab|```ini (?P<file>/\S+))\n(?P<text>.*?)^(?:```|-->)$", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"(?P<node>n\d)(?P<kind>[$%?!]) (?P<text>.*)")
_SHOWN, _REAL = "/dev/shared/", "/run/shared/"
_FAULTS = {"off": "power_off", "on": "power_on", "cut": "cut", "heal": "heal"}
_ALIKE = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "MOMENT"),
    (r"\d:\d\d:\d\d\.\d{6}", "DURATION"),
    (r"\b\d\d:\d\d:\d\d\b", "TIME"),
    (r"\b\d+(\.\d+)? ?s\b", "SECONDS"),
    (r"\b\d+/\d+ (files|blocks)", r"N/N \1"),
    (r"\bpid \d+|\bkill \d+", "PID"),
    (r"\brequest=[\w-]+|request [0-9a-f-]{8,}", "REQUEST"),
    (r"\b[0-9a-f]{12}@", "CONTAINER@"),
    # what a node is loaded with, in a table
    (r"^( +(?:score|load 15m|mem|swap)\b.*?\|).*", r"\1"),
)
# What is waited for meanwhile, and operations that took long: a matter of the machine's pace.
_PASSING = re.compile(r"  waits: .*|  \S.*: \d+\.\d{3} s(, exit code 0)?")


class Step(NamedTuple):
    """One step, and where it stands on its page."""

    line: int
    node: str
    kind: str
    text: str
    shown: tuple[str, ...]


def steps(page):
    """The steps of a page, in their order."""
    text = page.read_text("utf-8")
    for block in _BLOCK.finditer(text):
        first, lines = text.count("\n", 0, block.start("text")) + 1, block["text"].splitlines()
        if block["file"]:
            yield Step(first, "n*", "=", block["file"], tuple(lines))
        else:
            yield from _of_block(lines, first)


def _of_block(lines, first):
    found = []
    for number, line in enumerate(lines, first):
        match = _STEP.fullmatch(line)
        if match:
            found.append(Step(number, match["node"], match["kind"], match["text"], ()))
        else:
            found[-1] = found[-1]._replace(shown=(*found[-1].shown, line))
    return found


def replay(page, lab):
    """Go through a page. What is printed is compared where a command is shown."""
    for step in steps(page):
        if step.kind == "=":
            for node in lab.nodes:
                node.write(step.text, "\n".join([*step.shown, ""]).replace(_SHOWN, _REAL))
            continue
        where, node = f"{page.name}:{step.line}: {step.node}{step.kind} {step.text}", lab[step.node]
        if step.kind == "!":
            getattr(node, _FAULTS[step.text])()
        elif step.kind == "?":
            wait_for(lambda node=node, step=step: _run(node, step.text).code == 0, where, seconds=120)
        else:
            done = _run(node, step.text)
            assert step.kind == "%" or alike(done.stdout.splitlines()) == alike(step.shown), f"{where}\n{done.stdout}"


def _run(node, text):
    command = text.replace(_SHOWN, _REAL)
    # where a page lets a plugin be that is broken: no place of the real installation is touched
    done = node(f"bash -c {shlex.quote(f'cd /; exec 2>&1; {command}')}", code=None, PYTHONPATH="/opt/acme")
    return done._replace(stdout=done.stdout.replace(_REAL, _SHOWN))


def alike(lines):
    """Lines without what differs from run to run, and the blanks at their ends."""
    return [re.sub(r" +", " ", _steady(line)).rstrip() for line in lines if not _PASSING.fullmatch(line)]


def _steady(line):
    for pattern, by in _ALIKE:
        line = re.sub(pattern, by, line)
    return line
