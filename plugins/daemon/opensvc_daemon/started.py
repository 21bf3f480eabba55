"""Started: what a process of the daemon is told when it begins; `argparse` would take half a megabyte for as long as it lives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from opensvc_core.errors import UsageError

_OPTIONS: Final = frozenset({"--root", "--node"})


class Started(NamedTuple):
    """The folder of all files (None: those of the host), and the name of the node (None: the host's)."""

    root: str | None = None
    node: str | None = None

    @classmethod
    def read(cls, words: Sequence[str]) -> Started:
        """Of `[--root DIR] [--node NAME]`. Raises UsageError."""
        given = dict(zip(words[::2], words[1::2], strict=False))
        if len(words) % 2 or given.keys() - _OPTIONS:
            raise UsageError(f"{' '.join(words)!r}: it is started with [--root DIR] [--node NAME]")
        return cls(given.get("--root"), given.get("--node"))
