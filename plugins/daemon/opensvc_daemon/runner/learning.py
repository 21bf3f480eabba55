"""Learning: what children had to import, the runner imports as well, so that those to come have it."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Collection, Sequence

# What others brought may be large, and is the matter of a few: it is left to the children that need it.
_OWN = "opensvc_"


def new_modules(known: Collection[str], *, threads: int = 1) -> list[str]:
    """In a child that has begun so many threads itself: what it has imported since, in that order.

    Nothing where that has begun others: a process that forks may have none.
    """
    if len(os.listdir("/proc/self/task")) > threads:  # noqa: PTH208 - counted
        return []
    return [name for name in sys.modules if name not in known]


class Learning:
    """What this process has imported because a child did. An import that fails harms only who needs it."""

    def __init__(self) -> None:
        self._refused: set[str] = set()

    def learn(self, modules: Sequence[str], *, is_all: bool = True) -> bool:
        """Import these, or those of our own; whether there were new ones."""
        wanted = (name for name in modules if is_all or name.startswith(_OWN))
        fresh = [name for name in wanted if name not in sys.modules and name not in self._refused]
        for name in fresh:
            try:
                importlib.import_module(name)
            except BaseException:  # noqa: BLE001 - a module of a plugin: what needs it tells why it can't be had
                self._refused.add(name)
        if fresh:
            gc.collect()
            gc.freeze()  # children share it, and it is not gone through again
        return bool(fresh)
