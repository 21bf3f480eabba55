"""Configurations: service files as the core reads them, as the cluster of a simulation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from opensvc_core.api import ConfigError, UsageError
from opensvc_daemon.configured.services import fields_of, has_data_at_stake
from opensvc_daemon.configured.settings import links_of, settings_of
from opensvc_daemon.orchestration.view import restarts_of
from opensvc_daemon.simulation.cluster import ClusterSetup, NodeSetup, ResourceSetup, ServiceSetup

# Files of a folder that are no services.
_HOST = frozenset({"node.conf", "cluster.conf"})


def cluster_of(place: Path, host: Any) -> ClusterSetup:
    """The cluster of a service file, or of a folder with some, and with node.conf and cluster.conf where they are there.

    Without cluster.conf, two nodes have an arbitrator.

    Parameters:
        host: the core's node that the command runs on; its class reads the files, below a folder of its own.

    Raises UsageError where there is nothing to read, ConfigError for a file with errors.
    """
    files = [one for one in (sorted(place.glob("*.conf")) if place.is_dir() else [place]) if one.is_file()]
    if not [one for one in files if one.name not in _HOST]:
        raise UsageError(f"{place}: no service file is there; name one, or a folder with some")
    with TemporaryDirectory(prefix="opensvc-simulate-") as folder:
        copies = dict(_copied(files, Path(folder) / "etc"))
        try:
            return _cluster(type(host)(root=folder, nodename=host.name), is_told="cluster.conf" in {one.name for one in files})
        except ConfigError as error:
            path = str(copies.get(error.path, error.path))
            raise ConfigError(error.text, path=path, line=error.line, section=error.section, key=error.key) from error


def _copied(files: list[Path], etc: Path) -> Iterator[tuple[str, Path]]:
    """Copy them; yields the copies, each with the file that it is of."""
    etc.mkdir()
    for file in files:
        copy = etc / (file.name if file.suffix == ".conf" else f"{file.name}.conf")
        shutil.copyfile(file, copy)
        yield str(copy), file


def _cluster(node: Any, *, is_told: bool) -> ClusterSetup:
    """`is_told`: cluster.conf is there, and says who has a vote."""
    services = tuple(_services(node))
    running = [name for service in services for name in service.nodes]
    names = tuple(dict.fromkeys((*running, *node.cluster.nodes)))
    sections = node.config.sections()
    arbitrators = tuple(name for name in sections if name.startswith("arbitrator#"))
    if not is_told and len(names) == 2:
        arbitrators = arbitrators or ("arbitrator",)
    links = links_of(node)
    return ClusterSetup(
        tuple(NodeSetup(name, fence=node.has_fencing) for name in names),
        services,
        arbitrators,
        links or ClusterSetup._field_defaults["links"],
        settings_of(node),
    )


def _services(node: Any) -> Iterator[ServiceSetup]:
    """Each service as its first node reads it."""
    for service in node.services():
        file = str(node.paths.etc / f"{service.path}.conf")
        nodes = service.config().service.nodes
        if not nodes:
            raise ConfigError("'nodes' is missing: name the nodes that may run it", path=file, section="DEFAULT", key="nodes")
        setup = _service(str(service.path), service.config(node=nodes[0]))
        if not setup.resources:
            raise ConfigError("no resource is there that is not disabled: there is nothing to start", path=file)
        yield setup


def _service(path: str, config: Any) -> ServiceSetup:
    resources = tuple(_resource(config, section) for section in config.resources() if not config.policy(section.rid).disable)
    return ServiceSetup(path, has_data_at_stake=has_data_at_stake(config), resources=resources, **fields_of(config))


def _resource(config: Any, section: Any) -> ResourceSetup:
    policy = config.policy(section.rid)
    return ResourceSetup(
        section.rid,
        is_monitored=policy.monitor,
        is_standby=bool(policy.standby),
        is_exclusive=policy.scsireserv,
        restart=restarts_of(policy.restart, is_standby=bool(policy.standby)),
        restart_delay=policy.restart_delay,
    )
