"""Tells pages of the tutorial as stories: their commands are run, and what they really print is shown.

Its arguments are pages. With none, root sees two nodes one of which fails, and everybody else the same with what an ordinary user may own.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import on_nodes
import on_this_host
import page

ON_NODES = ("two-nodes", "failover")
OWN, WHOLE = "cluster-of-your-own", "failover"
MADE = "The nodes are made of namespaces, and are connected by a switch. Nothing of this host is changed."
LESS = "A cluster of two nodes below a temporary folder."
MORE = "two nodes with an address and a disk, and the power of one of them cut"


def main(names: Sequence[str]) -> int:
    """Tell pages, and how long that took; 1 where it goes otherwise than a page says, 2 where there is no such page."""
    known = sorted(path.parent.name for path in page.HERE.glob("*/README.md"))
    if unknown := [name for name in names if name not in known]:
        print(f"demo: there is no page {' '.join(unknown)}, but {', '.join(known)}", file=sys.stderr)
        return 2
    # the commands of the environment that this is run in
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    begin = time.monotonic()
    if not all(map(_tell, names or [_whole_story()])):
        return 1
    print(page.title(f"That took {time.monotonic() - begin:.0f} seconds, and nothing of it is left. More: docs/index.md"), end="")
    return 0


def _whole_story() -> str:
    return OWN if os.geteuid() or on_nodes.missing() else WHOLE


def _tell(name: str) -> bool:
    print(page.title(f"docs/tutorial/{name}/README.md"), end="", flush=True)
    if name in ON_NODES:
        if reason := on_nodes.missing():
            print(f"demo: {reason}", file=sys.stderr)
            return False
        print(page.prose(MADE), end="", flush=True)
        return on_nodes.tell(name)
    if name == OWN:
        print(page.prose(f"{LESS} {_more()}"), end="", flush=True)
    return on_this_host.tell(name)


def _more() -> str:
    if os.geteuid():
        return f"As root (sudo make demo) you see {MORE}."
    return f"{MORE.capitalize()}: {on_nodes.missing() or f'that is the page {WHOLE}'}."


def _interrupted(_number: int, _frame: object) -> NoReturn:
    """Once: whoever is impatient does not keep it from cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
