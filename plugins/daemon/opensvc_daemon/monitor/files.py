"""Files: the services' files of this node, read again when they have changed, by whomever."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from opensvc_core.api import DriverUnavailable, Node, OpensvcError, Service
from opensvc_daemon.configured.services import fields_of, has_data_at_stake
from opensvc_daemon.monitor.knowledge import ServiceFile


class Mark(NamedTuple):
    """What tells one writing of a file from another."""

    modified: int
    size: int
    inode: int


@dataclass
class Found:
    """One look at the folders.

    Parameters:
        files: those that were read because they are new, or have changed.
        gone: the services whose file is no longer there.
        frozen: by service, whether its instance is frozen; `is_node_frozen`: the node.
        acted: the services that somebody has started or stopped here, the daemon or a person.
        is_host_changed: node.conf or cluster.conf is another one.
        folders: where files come and go.
    """

    files: dict[str, ServiceFile] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    frozen: dict[str, bool] = field(default_factory=dict)
    acted: set[str] = field(default_factory=set)
    is_node_frozen: bool = False
    is_host_changed: bool = False
    folders: set[Path] = field(default_factory=set)


class Files:
    """The looks of one monitor. One look at a time; it may be done in another thread."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._marks: dict[str, Mark | None] = {}
        self._active: dict[str, tuple[Mark | None, ...]] = {}
        self._host: tuple[Mark | None, ...] | None = None
        self._last: dict[str, ServiceFile] = {}

    def look(self) -> Found:
        """See what is there. Raises OpensvcError where the folder of the files can't be read."""
        found = Found(is_node_frozen=self.node.state.is_frozen(), folders=set(_folders(self.node)))
        services = self.node.services("**")
        for service in services:
            self._take(service, found)
        found.gone = self._marks.keys() - {str(service.path) for service in services}
        for name in found.gone:
            self._marks.pop(name)
            self._last.pop(name, None)
        host = tuple(_mark(self.node.paths.etc / name) for name in ("node.conf", "cluster.conf"))
        found.is_host_changed, self._host = self._host not in (None, host), host
        return found

    def _take(self, service: Service, found: Found) -> None:
        name = str(service.path)
        try:
            file = service.file
        except OpensvcError:
            return  # gone in this moment
        with suppress(OSError):  # a full disk: what is not there can't be watched, and is looked at now and then
            service.state.folder.mkdir(parents=True, exist_ok=True)
        found.folders |= {folder for folder in (file.parent, service.state.folder) if folder.is_dir()}
        found.frozen[name] = service.state.is_frozen()
        active = (_mark(service.state.folder / "active.json"), _mark(service.state.folder / "noted.json"))
        if name in self._marks and self._active.get(name) != active:
            found.acted.add(name)
        self._active[name] = active
        mark = _mark(file)
        if name not in self._marks or self._marks[name] != mark:
            self._last[name] = found.files[name] = read(service, self._last.get(name))
            # where its origin could not be noted, as on a full disk, it is tried again
            self._marks[name] = mark if self._last[name].is_settled else None

    def forget(self, service: str = "") -> None:
        """Read all files anew: what they refer to in node.conf or cluster.conf may have changed; or only one."""
        self._marks |= dict.fromkeys([service] if service else self._marks)


def read(service: Service, before: ServiceFile | None) -> ServiceFile:
    """One service's file. What can't be used leaves the fields as they were, with the reason."""
    file = service.file
    place, updated = str(file.relative_to(service.node.paths.etc)), 0.0
    try:
        updated = file.stat().st_mtime
        descent = service.node.store.settle(file)
    except (OpensvcError, OSError) as error:
        known = before or ServiceFile({}, "", {}, place)
        return replace(known, place=place, updated=updated, error=str(error), is_settled=False)
    try:
        config = service.config()
        fields = fields_of(config)
        fields["nodes"] = fields["nodes"] or (service.node.name,)
        meets_constraints = bool(config.service.constraints)
        fields["has_data_at_stake"] = _is_at_stake(config)
    except (OpensvcError, OSError) as error:
        fields_before = before.fields if before else {}
        return ServiceFile(fields_before, descent.digest, descent.generations, place, updated, str(error))
    return ServiceFile(fields, descent.digest, descent.generations, place, updated, "", meets_constraints)


def _folders(node: Node) -> Iterator[Path]:
    """Where files come and go, whatever services there are."""
    etc = node.paths.etc
    state = node.paths.var / "node"
    state.mkdir(parents=True, exist_ok=True)
    yield from (etc, state)
    for pattern in ("svc", "vol", "namespaces", "namespaces/*", "namespaces/*/*"):
        yield from (folder for folder in etc.glob(pattern) if folder.is_dir())


def _is_at_stake(config: object) -> bool:
    try:
        return has_data_at_stake(config)
    except DriverUnavailable:
        return True  # what nobody here knows may be anything


def _mark(file: Path) -> Mark | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - a Path for each of many files costs
    except OSError:
        return None
    return Mark(found.st_mtime_ns, found.st_size, found.st_ino)


def is_for(file: ServiceFile, node: str) -> bool:
    """Whether a file names a node."""
    return node in file.fields.get("nodes", ())
