"""How the conformance suite tries fs.link."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from opensvc_core.testing.conformance import Case, Conformance


class Promises(Conformance):
    """What every driver promises, tried with a service of this one."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType({"test_time_limit_is_kept": "to make a link does not hang"})

    def case(self, folder: Path) -> Case:
        """A link in the folder; what it leads to need not be there."""
        link = folder / "site"
        text = f"[fs#1]\ntype = link\npath = {link}\ntarget = /srv/site\n"
        return Case(text, rid="fs#1", remove=lambda _service: link.unlink())
