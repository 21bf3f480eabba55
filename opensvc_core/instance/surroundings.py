"""Surroundings: what a service finds around itself on its node: files, host, plugins, what the node knows of itself.

Plugins, host and links are imported when first asked for: a command that reads one value of a file needs none of them.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

from opensvc_core.config.document import Document
from opensvc_core.config.sections import is_resource
from opensvc_core.config.service import ServiceConfig, World
from opensvc_core.config.vocabulary import ClusterKeywords, NodeKeywords
from opensvc_core.errors import ActionRefused, ConfigError, OpensvcError
from opensvc_core.instance.state import State
from opensvc_core.instance.store import Store
from opensvc_core.model.names import ServicePath
from opensvc_core.plugins.bundled import way_in
from opensvc_core.plugins.failure import told
from opensvc_core.system import host
from opensvc_core.system.clock import SystemClock
from opensvc_core.system.paths import Paths

if TYPE_CHECKING:
    from opensvc_core.config.findings import Finding
    from opensvc_core.config.keywords import Declares
    from opensvc_core.driver.cluster import ClusterDriver
    from opensvc_core.instance.host import Host
    from opensvc_core.instance.journal import Journal
    from opensvc_core.instance.links import Links
    from opensvc_core.registry import Implementation, Registry


D = TypeVar("D", bound="Declares")


class Surroundings:
    """A node without its services.

    Parameters: see `Node`.
    """

    def __init__(self, root: str | Path | None = None, *, nodename: str | None = None, registry: Registry | None = None) -> None:
        self.paths = Paths.below(root) if root is not None else Paths.from_environment(os.environ)
        self.name = nodename or host.nodename(os.environ)
        self.store, self.clock = Store(self.paths, self.name), SystemClock()
        self.state = State(self.paths.var / "node")
        self._given_registry = registry

    @cached_property
    def host(self) -> Host:
        """What drivers may ask of it."""
        from opensvc_core.instance.host import Host

        return Host()

    @cached_property
    def registry(self) -> Registry:
        """Its drivers and hooks."""
        from opensvc_core.registry import Registry

        return self._given_registry or Registry(self.announced())

    # -- what it knows of itself

    @cached_property
    def links(self) -> Links:
        """The commands named after services."""
        from opensvc_core.instance.links import Links

        return Links(self.paths)

    @cached_property
    def config(self) -> ServiceConfig:
        """node.conf, evaluated, and cluster.conf where it says nothing; an absent file is empty."""
        return self.config_of("node")

    @cached_property
    def cluster(self) -> ClusterKeywords:
        """`[cluster]` of the two files: node.conf comes first."""
        return ClusterKeywords(self.config.values("cluster", ClusterKeywords))

    @cached_property
    def settings(self) -> NodeKeywords:
        """`[node]` of the two files: node.conf comes first."""
        return NodeKeywords(self.config.values("node", NodeKeywords))

    @property
    def has_fencing(self) -> bool:
        """Whether the cluster has a way to end a node from outside."""
        return bool(self._indexes("stonith"))

    def _indexes(self, group: str) -> list[str]:
        """The words behind the mark in the sections of a group of the two files."""
        return [index.lower() for prefix, _, index in (name.partition("#") for name in self.config.sections()) if prefix == group]

    def world(self, path: ServicePath, node: str = "") -> World:
        """What the evaluation of a service's file may know, for this node or as another."""
        cluster = self.cluster
        return World(
            node=node or self.name,
            path=path,
            cluster=cluster.name,
            cluster_nodes=tuple(cluster.nodes or [self.name]),
            cluster_drpnodes=tuple(cluster.drpnodes),
            dns=tuple(cluster.dns),
            folders={
                "etc": str(self.paths.etc),
                "var": str(self.paths.var),
                "private_var": str(self.paths.state(path)),
                "initd": str(self.paths.etc / f"{path.config_path}.d"),
                **{program: str((self.paths.bin or Path("/usr/bin")) / program) for program in ("svcmgr", "nodemgr")},
            },
            node_values=_NodeValues(self),
            environ=os.environ,
            plugins=lambda prefix, name: self.registry.resolve_reference(prefix, name, str(path)),
            cluster_id=cluster.id or "",
            node_labels=lambda: {self.name: self.config.items("labels")},
            fenceable=frozenset(self._indexes("stonith")),
            has_watchdog=bool(self._indexes("watchdog")),
            arbitrators=len(self._indexes("arbitrator")),
            way_in=way_in,
        )

    @cached_property
    def cgroup(self) -> str:
        """The control group of its services; a node below a folder has one of its own."""
        if self.paths.bin is None:
            return "opensvc"
        return f"opensvc.{crc32(str(self.paths.etc).encode()):08x}"

    def config_of(self, name: str, document: Document | None = None, *, node: str = "") -> ServiceConfig:
        """`node` or `cluster`: that file, evaluated for this node or another.

        What node.conf doesn't say, cluster.conf may say for all nodes.
        """
        file, shared = self.paths.etc / f"{name}.conf", self.paths.etc / "cluster.conf"
        world = World(
            node=node or self.name,
            path=ServicePath(name, kind="ccfg"),
            folders={"etc": str(self.paths.etc), "var": str(self.paths.var)},
            way_in=way_in,
            sections=lambda: self.registry.sections(),  # noqa: PLW0108 - the registry is made when one is asked for
        )
        below = self.store.read(shared) if file != shared else None
        return ServiceConfig(document or self.store.read(file), world, self._of_the_cluster, below=below)

    def validate(self, name: str, document: Document | None = None) -> list[Finding]:
        """What is wrong or doubtful in node.conf or cluster.conf, or in a text that may become it."""
        from opensvc_core.config.validation import validate_node
        from opensvc_core.instance.watchdogs import unfit

        config = self.config_of(name, document)
        found = dict.fromkeys((*validate_node(config), *unfit(config, self.registry), *self._found_by_plugins(name, config)))
        return sorted(found, key=lambda finding: finding.line)

    def _found_by_plugins(self, name: str, config: ServiceConfig) -> Iterator[Finding]:
        others = sorted(config.known_nodes - {self.name}) if config.has_scopes else []
        for seen in (config, *(self.config_of(name, config.document, node=node) for node in others)):
            yield from self._found(self.registry.implementations("opensvc_validate_host"), seen)

    def found_by_drivers(self, config: ServiceConfig) -> Iterator[Finding]:
        """What the drivers that a service's file has just been read with find in it."""
        from opensvc_core.plugins.claims import DRIVERS

        asked = self.registry.implementations("opensvc_validate_service", of_drivers=True)
        if not asked:
            return
        used = set[str]()
        for rid in filter(is_resource, config.document.sections()):
            with suppress(ConfigError):  # a type that can't be told is found elsewhere
                used.add(config.resource(rid).driver.lower())
        drivers = {point.module for name, points in self.registry.listed(DRIVERS).items() if name in used for point in points}
        yield from self._found([one for one in asked if one.module in drivers], config)

    def _found(self, implementations: Iterable[Implementation], config: ServiceConfig) -> Iterator[Finding]:
        from opensvc_core.config.checks.report import Report

        report = Report(config.document)
        for implementation in implementations:
            try:
                yield from map(report.of, implementation(config=config))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises, the others have found something too
                yield report.warning("plugin-failed", f"{implementation.owner} failed: {told(error)}", "")

    def change(self, name: str, edit: Callable[[Document], Document]) -> list[Finding]:
        """Edit node.conf or cluster.conf: all of the edit, or nothing where that would make an error that was not there before.

        Returns the findings that the edit has brought.
        """
        from opensvc_core.config.findings import new_findings, refuse_errors

        brought: list[Finding] = []

        def check(before: Document, after: Document) -> None:
            brought.extend(new_findings(self.validate(name, before), self.validate(name, after)))
            refuse_errors(brought)

        self.store.change(self.paths.etc / f"{name}.conf", edit, check)
        return brought

    def replace(self, name: str, read: str, document: Document) -> None:
        """Write a whole new text of node.conf or cluster.conf in the place of what was read; errors that stood there before may stay."""
        from opensvc_core.config.findings import new_findings, refuse_errors

        file = self.paths.etc / f"{name}.conf"
        known = self.store.parsed(read, file)
        refuse_errors(new_findings(self.validate(name, known) if known else [], self.validate(name, document)))
        self.store.replace(file, read, document.text())

    def _of_the_cluster(self, driver: str) -> type[ClusterDriver]:
        """What the sections of node.conf and cluster.conf may have a driver for. Raises DriverUnavailable."""
        from opensvc_core.driver.cluster import FenceAgent, HeartbeatLink, WatchdogTimer

        kinds: dict[str, type[ClusterDriver]] = {"stonith": FenceAgent, "watchdog": WatchdogTimer}
        return self.registry.plugged(driver, kinds.get(driver.partition(".")[0], HeartbeatLink))

    def announced(self) -> dict[str, object]:
        """The settings of the hook `opensvc_configure`."""
        folders = {name: str(getattr(self.paths, name)) for name in ("etc", "var", "log", "run", "tmp")}
        return {"nodename": self.name, "paths": folders, "node_config": self.sections, "node_sections": self.sections_of}

    def sections(self) -> dict[str, dict[str, str]]:
        """The sections of node.conf, and of cluster.conf where it says nothing, with their keys and raw values, read anew."""
        config = self.config_of("node")
        return {section: dict(config.items(section)) for section in config.sections()}

    def sections_of(self, word: str, kind: type[D]) -> dict[str, D]:
        """The sections of both that begin with a word and say something for this node, by name, read anew. Raises ConfigError."""
        from opensvc_core.instance.told import values_of

        config = self.config_of("node")
        named = (name for name in config.sections() if name.partition("#")[0] == word)
        return {name: kind(values_of(config, name, kind)) for name in named if config.values(name, kind)}

    # -- plugins

    def refuse_by_plugins(self, service: str, action: str, rids: Sequence[str]) -> None:
        """Ask the plugins whether an action may be done. Raises ActionRefused with the reason of the first that objects."""
        for guard in self.registry.implementations("opensvc_before_action"):
            try:
                guard(service=service, action=action, rids=rids)
            except OpensvcError as error:
                raise ActionRefused(f"{action} refused by {guard.owner}: {error}") from error
            except (Exception, SystemExit) as error:
                raise ActionRefused(f"{action} refused: {guard.owner}, which guards actions, failed: {told(error)}") from error

    def notify(self, hook: str, journal: Journal, **facts: object) -> None:
        """Tell the plugins. What one raises is logged, and replaces no outcome; so are, after an action, those that can't be used."""
        from opensvc_core.model.events import Level

        for implementation in self.registry.implementations(hook):
            try:
                implementation(**facts)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises is its own matter
                text = str(error) if isinstance(error, OpensvcError) else f"{hook} failed: {told(error)}"
                journal.say(f"plugin {implementation.owner}: {text}", level=Level.WARNING)
        for text in self.registry.failed_plugins() if hook == "opensvc_after_action" else ():
            journal.say(f"plugin {text}", level=Level.WARNING)


class _NodeValues(Mapping[str, str]):
    """`{node.loc_city}`, `{node.labels.az}`: the values of node.conf and cluster.conf, read when the first one is asked for."""

    def __init__(self, node: Surroundings) -> None:
        self._node = node

    def __getitem__(self, key: str) -> str:
        section, mark, name = key.partition(".")
        found = self._node.config.text(section, name) if mark else self._node.config.text("node", key)
        if found is None and not mark and key in NodeKeywords.keywords():
            found = getattr(self._node.settings, key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._node.config.items("node"))

    def __len__(self) -> int:
        return len(list(iter(self)))
