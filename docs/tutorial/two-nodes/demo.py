"""Runs the page beside it: two nodes out of namespaces, the commands of the page in them, and what they really print.

The page's `ini` block is the file of that name on n1; a line `n1$ …` of a `lab` block is a command on n1, and
`(exit code 1)` below it is how it has to end.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

PAGE = Path(__file__).with_name("README.md")
sys.path.insert(0, str(PAGE.parents[3] / "tests" / "system"))

from lab import Lab, Node, missing  # noqa: E402 - it is no installed package

PARTS = re.compile(r"^(?:## (?P<title>[^\n]+)|```(?P<language>\w+)(?: (?P<name>\S+))?\n(?P<text>.*?)^```)$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?P<node>n\d)\$ (?P<line>.+)\n(?P<output>(?:(?!n\d\$ ).*\n)*)", re.MULTILINE)
STORY = "two nodes, an address, ext4 on a loop device, files copied, a page fetched, a second start refused, and a move by hand"
# An ordinary user's namespaces would do for the addresses, but not for the rest.
OF_ROOT = "Loop devices, file systems on them and the nodes' control groups belong to root"
EXIT = re.compile(r"^\(exit code (\d+)\)$", re.MULTILINE)


class Step(NamedTuple):
    """A command of the page, its node, and the exit code that the page shows."""

    node: str
    line: str
    code: int


def main() -> int:
    """Tell the page as a story; 1 where a command ends otherwise than the page says."""
    if os.geteuid() != 0:
        print(f"\n# As root (sudo make demo) you would see more: {STORY}.")
        print(f"# {OF_ROOT}, so there is no smaller story of two nodes for you alone.")
        return 0
    if reason := missing():
        print(f"\n# You would see more, {STORY}, but {reason}")
        return 0
    signal.signal(signal.SIGTERM, _interrupted)
    with Lab(2) as lab:
        print("\n# Two nodes, made of namespaces and connected by a switch; nothing of this host is changed")
        try:
            return 0 if all(_tell(lab, part) for part in PARTS.finditer(PAGE.read_text(encoding="utf-8"))) else 1
        finally:
            # a loop device is the kernel's: it would outlive the nodes
            for node in lab.nodes:
                if (done := node("om svc1 stop --local", code=None)).code:
                    print(f"demo: {node.name}: om svc1 stop --local: {done.stdout}{done.stderr}", file=sys.stderr)


def steps(text: str) -> Iterator[Step]:
    """The commands of a `lab` block."""
    for found in COMMAND.finditer(text):
        code = EXIT.search(found["output"])
        yield Step(found["node"], found["line"], int(code[1]) if code else 0)


def _tell(lab: Lab, part: re.Match[str]) -> bool:
    if part["title"]:
        print(f"\n# {part['title']}", flush=True)
    elif part["language"] == "ini":
        lab["n1"].write(part["name"], part["text"])
        print(f"\n{part['name']} on n1:\n\n{part['text']}", end="", flush=True)
    elif part["language"] == "lab":
        return all(_run(lab[step.node], step) for step in steps(part["text"]))
    return True


def _run(node: Node, step: Step) -> bool:
    print(f"\n{step.node}$ {step.line}", flush=True)
    process = node.begin(f"sh -c {shlex.quote(step.line)}")
    print(process.communicate(timeout=60)[0], end="")
    if process.returncode:
        print(f"(exit code {process.returncode})")
    if process.returncode != step.code:
        print(f"demo: that should have ended with exit code {step.code}", file=sys.stderr)
    return process.returncode == step.code


def _interrupted(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
