"""A lab to try things by hand: a shell in the first node, and nothing left when it ends."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from types import FrameType
from typing import get_args

from lab import Lab, missing
from lab.commands import ENVIRONMENT
from lab.control import HELP, Control
from lab.site import Init


def main() -> int:
    """The shell's exit code."""
    parser = argparse.ArgumentParser(prog="make lab", description=__doc__)
    parser.add_argument("--nodes", type=int, default=2, help="how many (default: 2)")
    parser.add_argument("--init", choices=get_args(Init), default="sleep", help="their process 1 (default: sleep)")
    wanted = parser.parse_args()
    if reason := missing(wanted.init):
        print(reason, file=sys.stderr)
        return 1
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _end)
    with Lab(wanted.nodes, init=wanted.init) as lab:
        return _shell(lab)


def _shell(lab: Lab) -> int:
    Control(lab)
    print(HELP.format(nodes=" ".join(node.name for node in lab.nodes)), flush=True)
    # ^C is for what runs in the shell
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.call(lab["n1"].entering(["bash"]), env={"TERM": os.environ.get("TERM", "dumb"), **ENVIRONMENT}, cwd="/")


def _end(number: int, _: FrameType | None) -> None:
    # only once: the clean-up must not be ended by a second one
    for other in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
