"""A subject: a service's name, file and state, which everything that is done with it begins with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from opensvc_core.config.document import Document
from opensvc_core.config.service import ServiceConfig
from opensvc_core.errors import ConfigError
from opensvc_core.instance.state import State
from opensvc_core.instance.surroundings import Surroundings
from opensvc_core.model.names import ServicePath
from opensvc_core.model.remote import RemoteShell

if TYPE_CHECKING:
    from opensvc_core.config.findings import Finding
    from opensvc_core.config.sections import Section
    from opensvc_core.driver.context import ServiceFacts
    from opensvc_core.instance.journal import Journal, Sink


class Subject:
    """One service of a node. Nothing is kept between two calls: each reads the file and sees the host anew."""

    def __init__(self, node: Surroundings, path: ServicePath) -> None:
        self.node, self.path = node, path
        self.state = State(node.paths.state(path))

    @property
    def file(self) -> Path:
        """Its file of configuration. Raises NoSuchObject."""
        return self.node.store.file(self.path)

    def document(self) -> Document:
        """The text of its file. Raises NoSuchObject, ConfigError."""
        return self.node.store.read(self.file)

    def config(self, document: Document | None = None, *, node: str = "") -> ServiceConfig:
        """Its configuration, evaluated for this node or, with `node`, for another one."""
        return ServiceConfig(document or self.document(), self.node.world(self.path, node), self.node.registry.driver)

    def manager(self) -> str:
        """The section that hands it to a cluster manager beside this agent, or an empty text. Raises NoSuchObject, ConfigError."""
        from opensvc_core.config.orchestration import manager_of  # noqa: PLC0415 - reading a value starts nothing

        return manager_of(self.document())

    def facts(self, config: ServiceConfig) -> ServiceFacts:
        """What its drivers may know of it. Raises ConfigError for a value of `[DEFAULT]` that can't be had."""
        from opensvc_core.driver.context import ServiceFacts  # noqa: PLC0415 - reading a value asks no driver

        keywords, paths = config.service, self.node.paths
        run_dir = paths.run / self.path.state_path
        drpnodes = tuple(dict.fromkeys([*(keywords.drpnode or "").split(), *keywords.drpnodes]))
        return ServiceFacts(
            path=self.path,
            id=keywords.id or "",
            nodes=tuple(keywords.nodes or [self.node.name]),
            launchers=paths.etc / f"{self.path.config_path}.d",
            run_dir=run_dir,
            tmp_dir=paths.tmp,
            cgroup=f"{self.node.cgroup}/{self.path.state_path.replace('/', '.')}" if keywords.create_pg else "",
            is_older=config.document.is_older,
            file=paths.etc / f"{self.path.config_path}{'.env' if config.document.is_older else '.conf'}",
            drpnodes=drpnodes,
            cluster_nodes=tuple(self.node.cluster.nodes),
            peer_shell=RemoteShell(self.node.settings.ruser, _kept_in(run_dir / "ssh", [*keywords.nodes, *drpnodes])),
            prkey=self.node.settings.prkey or "",
        )

    def validate(self, document: Document | None = None, only: Collection[str] | None = None) -> list[Finding]:
        """What is wrong or doubtful in its file, or in a text that may become its file; `only`: in these sections."""
        from opensvc_core.config.findings import Finding, Severity  # noqa: PLC0415 - reading a value validates nothing
        from opensvc_core.config.validation import validate  # noqa: PLC0415

        config = self.config(document)
        found = [*validate(config, self._implied(config), only), *self.node.found_by_drivers(config)]
        if other := self.node.store.shadowed(self.path):
            text = f"{other} is there as well, and not read"
            found.append(Finding(Severity.WARNING, "two-files", text, str(self.file), hint="remove one of them"))
        return found

    def _implied(self, config: ServiceConfig) -> list[Section]:
        """The resources that are there without a section; none where the file can't be evaluated, which is a finding of its own."""
        from opensvc_core.instance.implied import companions, implied  # noqa: PLC0415

        found: list[Section] = []
        with suppress(ConfigError):
            found += implied(self.facts(config))
        with suppress(ConfigError):
            found += companions(config)
        return found

    def change(self, edit: Callable[[Document], Document]) -> list[Finding]:
        """Edit its file: all of the edit, or nothing where that would make an error that was not there before.

        Returns the findings that the edit has brought. Looked at are the sections that it touches, and those that refer to them.
        """
        brought: list[Finding] = []

        def check(before: Document, after: Document) -> None:
            from opensvc_core.config.affected import affected  # noqa: PLC0415 - reading a value edits nothing
            from opensvc_core.config.findings import new_findings, refuse_errors  # noqa: PLC0415

            only = affected(before, after)
            brought.extend(new_findings(self.validate(before, only), self.validate(after, only)))
            refuse_errors(brought)

        self.node.store.change(self.file, edit, check)
        return brought

    def replace(self, read: str, document: Document) -> None:
        """Write a whole new text in the place of what was read; errors that stood there before may stay."""
        self.refuse_errors(document, known=self.node.store.parsed(read, self.file))
        self.node.store.replace(self.file, read, document.text())

    def refuse_errors(self, after: Document, *, known: Document | None = None) -> None:
        """Raise ConfigError for the errors of a text, other than those that a known text has as well."""
        from opensvc_core.config.findings import new_findings, refuse_errors  # noqa: PLC0415

        refuse_errors(new_findings(self.validate(known) if known else [], self.validate(after)))

    def journal(self, sink: Sink, *, by_scheduler: bool = False) -> Journal:
        """Where its events go: its log file and `sink`."""
        from opensvc_core.instance.journal import Journal  # noqa: PLC0415 - nor does it log

        file = self.node.paths.log_file(self.path)
        return Journal(file, sink, node=self.node.name, service=str(self.path), clock=self.node.clock, by_scheduler=by_scheduler)


def _kept_in(folder: Path, nodes: Collection[str]) -> str:
    """The folder of the sockets of kept connections; empty where their paths would be too long (unix(7): 107 bytes, 17 are ssh's own)."""
    longest = max(map(len, nodes), default=0)
    return str(folder) if len(str(folder)) + 1 + longest + 17 <= 107 else ""
