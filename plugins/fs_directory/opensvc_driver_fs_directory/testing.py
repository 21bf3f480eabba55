"""How the conformance suite tries fs.directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from opensvc_core.api import Status
from opensvc_core.testing.conformance import Case, Conformance


class Promises(Conformance):
    """With owner, where that can be set, and mode."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType({"test_time_limit_is_kept": "to make a directory does not hang"})

    def case(self, folder: Path) -> Case:
        """A directory below one that is there."""
        path = folder / "made" / "data"
        path.parent.mkdir()
        owner = "user = nobody\n" if os.geteuid() == 0 else ""
        text = f"[fs#1]\ntype = directory\npath = {path}\n{owner}perm = 2750\n"
        return Case(text, rid="fs#1", up=Status.NA, keeps_at_stop=True, remove=lambda _service: path.rmdir())


class PlainPromises(Conformance):
    """Without owner and mode, below folders that are not there either."""

    does_not_apply = Promises.does_not_apply

    def case(self, folder: Path) -> Case:
        """A directory alone."""
        text = f"[fs#1]\ntype = directory\npath = {folder}/data\n"
        return Case(text, rid="fs#1", up=Status.NA, keeps_at_stop=True, remove=lambda _service: (folder / "data").rmdir())
