"""Configurations: service files as the core reads them, as the cluster of a simulation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from opensvc_core.api import ConfigError, UsageError
from opensvc_daemon.orchestration.view import Guard
from opensvc_daemon.simulation.cluster import ClusterSetup, NodeSetup, ResourceSetup, ServiceSetup

# Files of a folder that are no services.
_HOST = frozenset({"node.conf", "cluster.conf"})
_TUPLES = ("parents", "children", "hard_affinity", "hard_anti_affinity", "soft_affinity", "soft_anti_affinity")
_SAME = ("topology", "orchestrate", "placement", "flex_min", "flex_max", "priority", "split_resolution")


def cluster_of(place: Path, host: Any) -> ClusterSetup:
    """The cluster of a service file, or of a folder with some (and cluster.conf).

    Parameters:
        host: the core's node that the command runs on; its class reads the files, below a folder of its own.

    Raises UsageError where there is nothing to read, ConfigError for a file with errors.
    """
    files = sorted(place.glob("*.conf")) if place.is_dir() else [place]
    if not place.exists() or not [one for one in files if one.name not in _HOST]:
        raise UsageError(f"{place}: no service file is there; name one, or a folder with some")
    with TemporaryDirectory(prefix="opensvc-simulate-") as folder:
        etc = Path(folder) / "etc"
        etc.mkdir()
        for file in files:
            shutil.copyfile(file, etc / (file.name if file.suffix == ".conf" else f"{file.name}.conf"))
        services = tuple(_services(type(host), folder, host.name))
    names = tuple(dict.fromkeys(node for service, _ in services for node in service.nodes))
    has_fencing = any(fencing for _, fencing in services)
    arbitrators = ("arbitrator",) if len(names) == 2 else ()
    return ClusterSetup(tuple(NodeSetup(name, fence=has_fencing) for name in names), tuple(one for one, _ in services), arbitrators)


def _services(kind: Any, folder: str, name: str) -> Iterator[tuple[ServiceSetup, bool]]:
    """Each service as its first node reads it, and whether fencing is configured."""
    for service in kind(root=folder, nodename=name).services():
        nodes = service.config().service.nodes
        if not nodes:
            raise ConfigError(
                "'nodes' is missing: name the nodes that may run it", path=f"{service.path}.conf", section="DEFAULT", key="nodes"
            )
        config = service.config(node=nodes[0])
        yield _service(str(service.path), config), config.world.has_fencing


def _service(path: str, config: Any) -> ServiceSetup:
    keywords = config.service
    resources = tuple(_resource(config, section) for section in config.resources() if not config.policy(section.rid).disable)
    is_at_stake = any(getattr(config.driver(section), "has_data_at_stake", False) for section in config.resources())
    others: dict[str, Any] = {name: tuple(getattr(keywords, name)) for name in _TUPLES}
    others |= {name: getattr(keywords, name) for name in _SAME}
    return ServiceSetup(
        path,
        tuple(keywords.nodes),
        guard=_guard(keywords, has_reservation=any(one.is_exclusive for one in resources), has_fencing=config.world.has_fencing),
        has_data_at_stake=is_at_stake,
        flex_target=keywords.flex_target or keywords.flex_min,
        monitor_action=tuple(keywords.monitor_action or ()),
        is_rolled_back=keywords.rollback,
        is_disabled=keywords.disable,
        resources=resources,
        **others,
    )


def _resource(config: Any, section: Any) -> ResourceSetup:
    policy = config.policy(section.rid)
    return ResourceSetup(
        section.rid,
        is_monitored=policy.monitor,
        is_standby=bool(policy.standby),
        is_exclusive=policy.scsireserv,
        restart=policy.restart,
        restart_delay=policy.restart_delay,
    )


def _guard(keywords: Any, *, has_reservation: bool, has_fencing: bool) -> Guard:
    """What `guard` says; `auto` takes what is there."""
    if keywords.guard not in ("auto", "none"):
        return Guard(keywords.guard)
    if keywords.guard == "auto" and has_reservation:
        return Guard.EXCLUSIVE
    if keywords.guard == "auto" and has_fencing:
        return Guard.FENCE
    return Guard.ACCEPT if keywords.split_policy == "accept" else Guard.NONE
