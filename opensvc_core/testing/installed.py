"""Installed drivers, and the suites that their distributions bring: what `pytest --opensvc-driver ID` runs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from opensvc_core.config.findings import did_you_mean
from opensvc_core.registry import DRIVERS
from opensvc_core.system.entrypoints import EntryPoint, scan

# The entry points of suites: the name is a driver's id, the value a module with subclasses of a suite.
CONFORMANCE: Final = "opensvc.conformance"


class NotThere(Exception):
    """Nothing that is installed has this driver, or its suite can't be found."""


def driver_point(name: str) -> EntryPoint:
    """The entry point of a driver. Raises NotThere."""
    found = {point.name.lower(): point for point in reversed(scan((DRIVERS,)))}
    if name.lower() not in found:
        raise NotThere(f"no installed plugin provides {name}; {did_you_mean(name, found) or 'svcmgr drivers lists those that are'}")
    return found[name.lower()]


def suite_file(name: str) -> Path | None:
    """The file of the module with a driver's suite; None where its distribution brings none. Raises NotThere."""
    points: Sequence[EntryPoint] = [point for point in scan((CONFORMANCE,)) if point.name.lower() == name.lower()]
    if not points:
        return None
    point = points[0]
    try:
        found = find_spec(point.module)
    except Exception as error:
        raise NotThere(f"{point.distribution}: {point.module}: {type(error).__name__}: {error}") from error
    if found is None or not found.origin:
        raise NotThere(f"{point.distribution}: {point.module}, which its entry point {name} in {CONFORMANCE} names, is not there")
    return Path(found.origin)
