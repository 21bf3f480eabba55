"""A fence device: it switches nodes of the lab off, over a wire of its own, and may be broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lab import Lab
from lab.control import Control

# Sections of cluster.conf for two members.
FENCES: Final = "".join(f"\n[stonith#{name}]\ncmd = /usr/local/bin/device {name}\n" for name in ("n1", "n2"))
# It fails as long as the folder of the lab has a file that says so.
_PROGRAM: Final = '#!/bin/sh\ntest ! -e /run/lab/broken && exec lab power-off "$1"\n'


class Device:
    """The device of one lab, with its command in each node."""

    def __init__(self, lab: Lab) -> None:
        Control(lab)
        self._mark = lab.shared / "broken"
        for node in lab.nodes:
            node.write("/usr/local/bin/device", _PROGRAM, 0o755)

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Inside a `with` it ends nobody, and says that it failed."""
        self._mark.touch()
        try:
            yield
        finally:
            self._mark.unlink()
