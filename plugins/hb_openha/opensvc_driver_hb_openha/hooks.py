"""What this distribution brings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opensvc_core.api import Finding, Resource, hookimpl
from opensvc_driver_hb_openha.driver import OpenHA


@hookimpl
def opensvc_register_drivers() -> list[type[Resource]]:
    """The drivers of this distribution."""
    return [OpenHA]


@hookimpl
def opensvc_validate_service(config: Any) -> Iterable[Finding]:
    """A service that the cluster would not take over: nobody fences the other node."""
    from opensvc_driver_hb_openha.fencing import findings  # noqa: PLC0415 - few commands validate

    return findings(config)
