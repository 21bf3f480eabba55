"""drivers: what is installed, what it can do, and whether this host can run it."""

from __future__ import annotations

from typing import Any

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.driver import capabilities, cluster
from opensvc_core.errors import DriverUnavailable
from opensvc_core.registry import Driver

CAPABILITIES = (
    capabilities.Startable,
    capabilities.Provisionable,
    capabilities.ExposesDevices,
    capabilities.UsesDevices,
    capabilities.Syncable,
    capabilities.Runnable,
    capabilities.Informative,
    capabilities.DataAtStake,
    capabilities.Exclusive,
    capabilities.Watchable,
    cluster.HeartbeatLink,
    cluster.DataPath,
    cluster.FenceAgent,
    cluster.WatchdogTimer,
    cluster.LeaseSource,
)


def run(session: Session, arguments: Arguments) -> int:
    """Print a line for each driver: id, distribution, capabilities, and what the host lacks for it."""
    rows = [_row(name, point.distribution, found) for name, point, found in session.node.registry.drivers()]
    if arguments.format == "json":
        session.print_json(drivers=rows)
        return 0
    widths = [max(len(row[key]) for row in rows) if rows else 0 for key in ("id", "distribution")]
    for row in rows:
        what = row["problem"] or ", ".join(row["capabilities"]) or "status only"
        print(f"{row['id']:{widths[0]}}  {row['distribution']:{widths[1]}}  {what}", file=session.stdout)
    return 0


def _row(name: str, distribution: str, found: type[Driver] | DriverUnavailable) -> dict[str, Any]:
    if isinstance(found, DriverUnavailable):
        return {"id": name, "distribution": distribution, "capabilities": [], "problem": str(found)}
    has = [capability.__name__ for capability in CAPABILITIES if issubclass(found, capability)]
    return {"id": name, "distribution": distribution, "capabilities": has, "problem": found.host_problem()}
