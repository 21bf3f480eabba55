"""drivers: what is installed, what it can do, and whether this host can run it."""

from __future__ import annotations

from typing import Any

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.driver import capabilities, cluster
from opensvc_core.plugins.bundled import CORE
from opensvc_core.registry import DRIVERS, PLUGINS, REFERENCES, PluginState, Registry, lacks

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
    """Print a line for each driver: id, distribution and version, capabilities, and why it can't be used, by its own fault or the host's.

    Then the same for each plugin with hooks, and for those that resolve references. All of them are loaded for it.
    """
    registry = session.node.registry
    drivers = [_driver(state) for state in registry.states(DRIVERS)]
    plugins = [_plugin(state, registry) for group in (PLUGINS, REFERENCES) for state in registry.states(group)]
    if arguments.format == "json":
        session.print_json(drivers=drivers, plugins=plugins)
        return 0
    lines = [(row["id"], row, ", ".join(row["capabilities"]) or "status only") for row in drivers]
    lines += [(row["name"], row, ", ".join(row["hooks"]) or "no hook") for row in plugins]
    rows = [(name, f"{row['distribution']} {row['version']}".strip(), _what(row, does)) for name, row, does in lines]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    if not rows:
        print(f"nothing is installed beside the core; 'pip install {CORE}[all]' brings all that it bundles", file=session.stderr)
    for name, owner, what in rows:
        print(f"{name:{widths[0]}}  {owner:{widths[1]}}  {what}", file=session.stdout)
    return 0


def _what(row: dict[str, Any], does: str) -> str:
    return row["problem"] or "; ".join((does, *row["remarks"]))


def _driver(state: PluginState) -> dict[str, Any]:
    has = [capability.__name__ for capability in CAPABILITIES if state.cls and issubclass(state.cls, capability)]
    missing, failed = lacks(state.cls) if state.cls else ("", state.problem)
    return {
        "id": state.point.name.lower(),
        "distribution": state.point.distribution,
        "version": state.point.version,
        "state": "failed" if failed else "unavailable" if missing else "usable",
        "capabilities": has,
        "problem": failed or missing,
        "remarks": list(state.remarks),
    }


def _plugin(state: PluginState, registry: Registry) -> dict[str, Any]:
    return {
        "name": f"{state.point.name}://" if state.point.group == REFERENCES else state.point.name,
        "group": state.point.group,
        "distribution": state.point.distribution,
        "version": state.point.version,
        "state": "failed" if state.problem else "usable",
        "hooks": [] if state.problem else registry.hooks_of(state.point),
        "problem": state.problem,
        "remarks": list(state.remarks),
    }
