"""How the conformance suite tries fs.flag."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from opensvc_core.api import Service
from opensvc_core.testing.conformance import Case, Conformance


class Promises(Conformance):
    """A flag, which somebody removes."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType({"test_time_limit_is_kept": "to set a flag does not hang"})

    def case(self, folder: Path) -> Case:
        """It needs nothing."""
        return Case("[fs#1]\ntype = flag\n", rid="fs#1", remove=_take_the_flag)


def _take_the_flag(service: Service) -> None:
    (service.node.paths.run / service.path.state_path / "fs#1.flag").unlink()
