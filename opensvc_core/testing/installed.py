"""Installed drivers, and the suites that their distributions bring: what `pytest --opensvc-driver ID` runs."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from opensvc_core.config.findings import did_you_mean
from opensvc_core.errors import DriverUnavailable
from opensvc_core.plugins.claims import DRIVERS, Claims
from opensvc_core.registry import Registry
from opensvc_core.system.entrypoints import EntryPoint, scan
from opensvc_core.testing.suite import Trial

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


def ids_of(name: str) -> set[str]:
    """The id of a driver beside the name, which may be that of an older section. Raises NotThere."""
    driver_point(name)
    try:
        return {name.lower(), Registry({}).declared(name).id.lower()}
    except DriverUnavailable:  # the declaration is judged to be broken
        return {name.lower()}


def suite_file(name: str) -> Path | None:
    """The file of the module with a driver's suite; None where its distribution brings none. Raises NotThere."""
    point = _suite_point(name)
    if point is None:
        return None
    try:
        found = find_spec(point.module)
    except Exception as error:
        raise NotThere(f"{point.distribution}: {point.module}: {type(error).__name__}: {error}") from error
    if found is None or not found.origin:
        raise NotThere(f"{point.distribution}: {point.module}, which its entry point {point.name} in {CONFORMANCE} names, is not there")
    return Path(found.origin)


def has_suite(name: str) -> bool:
    """Its distribution brings a suite that is about this driver. Raises NotThere."""
    point = _suite_point(name)
    if point is None:
        return False
    try:
        module = import_module(point.module)
    except Exception:  # noqa: BLE001 - to collect it fails too, which tells more
        return True
    ids = ids_of(name)
    own = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    return any(issubclass(each, Trial) and (not each.driver or each.driver.lower() in ids) for each in own)


def _suite_point(name: str) -> EntryPoint | None:
    owner = driver_point(name).distribution
    points = {point.name.lower(): point for point in scan((CONFORMANCE,)) if point.distribution == owner}
    return points.get(name.lower()) or next((points[one] for one in ids_of(name) if one in points), None)
