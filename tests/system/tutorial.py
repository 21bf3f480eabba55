"""The script of a tutorial, replayed on nodes: each command, and its output compared line by line.

A script has steps, one after the other:

    = REASON                       why the step that follows differs from the tutorial's page
    NODE$ COMMAND                  run on a node; the lines up to the next step are what it prints, on both streams
    NODE[5]$ COMMAND               the same, and its exit code
    NODE% COMMAND                  run, and its output is not compared: a tool of the system, or a preparation
    NODE> PATH MODE                write a file; the lines up to the next step, without their four blanks, are its text
    NODE! off                      its power is cut; `on`: it is started again, under its name

Compared after times, durations, identities and counts of blocks were made alike; blanks count.
"""

import re
import shlex
from typing import NamedTuple

_STEP = re.compile(r"(?P<node>\w+)(?:\[(?P<code>\d+)\])?(?P<kind>[$%>!]) (?P<text>.*)")
_ALIKE = (
    (r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS"),
    (r"\b\d:\d\d:\d\d\.\d{6}\b", "DURATION"),
    (r"\b\d+/\d+ files, \d+/\d+ blocks", "N/N files, N/N blocks"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
)


class Step(NamedTuple):
    """One command or file, and where it stands in its script."""

    line: int
    node: str
    kind: str
    text: str
    code: int
    lines: tuple[str, ...]


def steps(text):
    """The steps of a script."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _STEP.fullmatch(line)
        if match:
            found.append([number, match["node"], match["kind"], match["text"], int(match["code"] or 0), []])
        elif found and not line.startswith(("= ", "# ")):
            found[-1][-1].append(line)
    return [Step(*fields, tuple(lines)) for *fields, lines in found]


def alike(lines):
    """Lines without what differs from run to run; no empty ones at the end."""
    text = "\n".join(line.rstrip() for line in lines).rstrip("\n")
    for pattern, word in _ALIKE:
        text = re.sub(pattern, word, text)
    return text


def replay(script, nodes, **environment):
    """Go through a script, a file; `nodes` are named by their host names, without a domain."""
    names = {node: node("hostname").stdout.strip() for node in nodes}
    named = {name.partition(".")[0]: node for node, name in names.items()}
    for step in steps(script.read_text()):
        node = named[step.node]
        if step.kind == ">":
            path, mode = step.text.split()
            node.write(path, "".join(f"{line.removeprefix('    ')}\n" for line in step.lines), mode=int(mode, 8))
            continue
        if step.kind == "!":
            _switch(node, step.text, names[node])
            continue
        done = node(f"bash -c {shlex.quote(f'set -o pipefail; cd /; exec 2>&1; {step.text}')}", code=step.code, **environment)
        if step.kind == "$":
            assert alike(done.stdout.splitlines()) == alike(step.lines), f"{script.name}:{step.line}: {step.text}"


def _switch(node, word, name):
    if word == "off":
        node.power_off()
        return
    node.power_on()
    node(f"hostname {name}")
