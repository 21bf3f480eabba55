"""Installed drivers, and the suites that their distributions bring: what `pytest --opensvc-driver ID` runs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from opensvc_core.config.findings import did_you_mean
from opensvc_core.errors import DriverUnavailable
from opensvc_core.plugins.claims import DRIVERS, Claims
from opensvc_core.system.entrypoints import EntryPoint, scan

# The entry points of suites: the name is a driver's id, the value a module with subclasses of a suite.
CONFORMANCE: Final = "opensvc.conformance"


class NotThere(Exception):
    """Nothing that is installed has this driver, or its suite can't be found."""


def driver_point(name: str) -> EntryPoint:
    """The entry point of a driver. Raises NotThere."""
    claims = Claims()
    try:
        point = claims.owner(DRIVERS, name.lower())
    except DriverUnavailable as error:
        raise NotThere(str(error)) from error
    if point is None:
        hint = did_you_mean(name, claims.of(DRIVERS)) or "svcmgr drivers lists those that are"
        raise NotThere(f"no installed plugin provides {name}; {hint}")
    return point


def suite_file(name: str) -> Path | None:
    """The file of the module with a driver's suite; None where its distribution brings none. Raises NotThere."""
    owner = driver_point(name).distribution
    points = [point for point in scan((CONFORMANCE,)) if point.name.lower() == name.lower() and point.distribution == owner]
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
