"""Filing: the side of the monitor that faces the files: instances come and go with them, and files come from peers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.api import OpensvcError, Status
from opensvc_daemon.clock import now
from opensvc_daemon.monitor import kept
from opensvc_daemon.monitor.deleted import BRANCH, deletion_of, left_alone
from opensvc_daemon.monitor.files import Files, Found, is_for
from opensvc_daemon.monitor.inotify import Inotify
from opensvc_daemon.monitor.knowledge import Json, Picture, ServiceFile
from opensvc_daemon.monitor.replication import CLUSTER, PATIENCE, Replication, Tombstones, revive
from opensvc_daemon.orchestration.requests import Progress
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import InstanceView

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor

# Seconds between looks at the files without any sign that one has changed; and where there are no signs.
SELDOM, OFTEN = 30.0, 0.5
# What is written together is read once.
_SETTLE: Final = 0.05
# After a look is a rest of so many times the seconds that it took, and at most of so many: hundreds of services start one after the other.
_REST: Final = 2.0
_LONGEST: Final = 1.0


class Filing:
    """Of one monitor."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known, self._loop = monitor, monitor.known, asyncio.get_running_loop()
        self.files = Files(monitor.node)
        self.replication = Replication(monitor.known, Tombstones(monitor.node.paths.var / "node"), self._found)
        self._inotify = Inotify(self._loop, self._changed)
        self._looking = asyncio.Lock()
        self._soon: asyncio.TimerHandle | None = None
        self._rested = 0.0
        # the digests of the files that were here when this life began
        self._first: dict[str, str] | None = None

    def end(self) -> None:
        """Look no more."""
        self._inotify.close()
        if self._soon is not None:
            self._soon.cancel()

    async def poll(self) -> None:
        """Look at the files now and then, whatever inotify says."""
        while True:
            await asyncio.sleep(SELDOM if self._inotify.is_complete else OFTEN)
            await self.look_at_files()

    def _changed(self) -> None:
        if self._soon is None and not self._monitor.exit.done():
            self._soon = self._loop.call_later(max(_SETTLE, self._rested - self._loop.time()), self._look_now)

    def _look_now(self) -> None:
        self._soon = None
        if self._looking.locked() or self._loop.time() < self._rested:
            self._changed()
        else:
            self._monitor.start(self.look_at_files(), "look at files")

    async def look_at_files(self) -> None:
        """Take what has changed in the folders."""
        async with self._looking:
            began = self._loop.time()
            try:
                found = await asyncio.to_thread(self.files.look)
            except (OpensvcError, OSError) as error:
                self._monitor.say(f"the services' files can't be looked at: {error}", "ERROR")
                return
            finally:
                ended = self._loop.time()
                self._rested = ended + min(_REST * (ended - began), _LONGEST)
            if self._first is None:
                self._first = {service: file.digest for service, file in found.files.items()}
            for service, file in found.files.items():
                await self._configure(service, await self._heeded(service, file))
            self._take(found)
        if found.is_host_changed:
            await self._monitor.configuring.reconfigure()

    def _take(self, found: Found) -> None:
        instances = self._known.instances
        for service in found.gone:
            self._known.files.pop(service, None)
            if service in instances and not instances[service].monitor.is_acting:
                self.remove(service, "")
        for service, is_frozen in found.frozen.items():
            if service in instances and not instances[service].monitor.is_acting and is_frozen is not instances[service].is_frozen:
                # it may be another one since the look
                self._monitor.change(service, is_frozen=self._monitor.node.service(service).state.is_frozen())
        for service in found.acted:
            if service in instances and not instances[service].monitor.is_acting:
                self._monitor.seeing.changed(service)
        if found.is_node_frozen is not self._known.is_frozen:
            self._known.is_frozen = found.is_node_frozen
            self._monitor.grow()
        self._inotify.watch(found.folders)
        if found.files or found.gone:
            self._monitor.seeing.watch()
            self._monitor.grow()

    async def _configure(self, service: str, file: ServiceFile) -> None:
        """A file is new, or another one."""
        monitor, before = self._monitor, self._known.files.get(service)
        buried = self.replication.tombstones.of(service)
        if before is None and buried is not None:
            await self._revive(service, buried)
        self._known.files[service] = file
        if before is not None and before.digest == file.digest and before.error == file.error and before.fields == file.fields:
            return
        self.replication.settled(service)
        self._tell_error(service, file)
        monitor.events.publish("config", self._known.me, service, {"digest": file.digest, "generations": dict(file.generations)})
        if service in self._known.instances:
            monitor.change(service, config=file.digest, meets_constraints=file.meets_constraints)
        elif is_for(file, self._known.me) or not file.fields:
            self._begin_instance(service, file)
        if self._known.state is not NodeState.INIT:
            monitor.start(monitor.seeing.looked([service]), f"look at {service}")

    def _tell_error(self, service: str, file: ServiceFile) -> None:
        picture = self._known.pictures.get(service)
        if file.error:
            self._monitor.chronicle.say(service, f"its file can't be used: {file.error}", "ERROR")
        if picture is not None:
            picture.messages.pop("file", None)
            if file.error:
                picture.messages["file"] = file.error

    async def _heeded(self, service: str, file: ServiceFile) -> ServiceFile:
        """What was deleted elsewhere while this node was away is left alone; what was written since is there on purpose."""
        deletion = deletion_of(self._known, service, file)
        if deletion is not None and not self._is_old(service, file):
            await self._revive(service, deletion.generations)
        return left_alone(service, file, deletion) if deletion and self._is_old(service, file) else file

    def _is_old(self, service: str, file: ServiceFile) -> bool:
        """It was here when this life began, as it is."""
        return self._first is not None and self._first.get(service) == file.digest

    def heed(self, services: Iterable[str]) -> None:
        """A peer tells another thing of their deletion: what is to be left alone is so at once, before it is started."""
        files = self._known.files
        for service in (one for one in services if one in files):
            deletion = deletion_of(self._known, service, files[service])
            if deletion is not None and self._is_old(service, files[service]):
                files[service] = left_alone(service, files[service], deletion)
                self._tell_error(service, files[service])
            self.files.forget(service)
            self._changed()

    async def _revive(self, service: str, buried: Mapping[str, int]) -> None:
        try:
            await asyncio.to_thread(revive, self._monitor.node, service, buried)
            self.replication.tombstones.forget(service)
        except (OpensvcError, OSError) as error:
            self._monitor.chronicle.say(service, str(error), "WARNING")
        else:
            self.files.forget(service)
            self._changed()

    def _begin_instance(self, service: str, file: ServiceFile) -> None:
        """What is known of an instance before anybody looks at it."""
        subject = self._monitor.node.service(service)
        known = kept.read(subject.state.folder, self._monitor.boot)
        self._known.pictures[service] = Picture()
        self._known.instances[service] = InstanceView(
            Status.UNDEF,
            monitor_since=now(),
            is_frozen=subject.state.is_frozen(),
            meets_constraints=file.meets_constraints,
            expects_up=known.expects_up,
            is_left=known.is_left,
            served=known.served,
            config=file.digest,
            last_start=known.last_start,
            request=known.request,
            named=known.named,
        )
        self._tell_error(service, file)
        self._monitor.grow()

    # -- what goes

    def follow_up(self) -> None:
        """What follows for files of what was decided: foreign instances go, and files that are lacking are asked for."""
        for service in [name for name, file in self._known.files.items() if file.fields and not is_for(file, self._known.me)]:
            instance = self._known.instances.get(service)
            if instance is not None and not instance.may_be_active:
                self.remove(service, "")
        for service, peer in self.replication.wanted(now()):
            self._monitor.publishing.post(peer, {"do": "want", "service": service})
            self._loop.call_later(PATIENCE, self._monitor.touch)  # what does not come is asked for again

    def remove(self, service: str, request: str) -> None:
        """There is no instance here any more; `request`: the one that removed it."""
        instance = self._known.instances.pop(service, None)
        self._known.pictures.pop(service, None)
        asked = instance.request if instance is not None else None
        if asked is not None and asked.id == request and asked.is_active:
            self._monitor.remember(service, asked.ended(Progress.DONE))
        self._monitor.events.publish("instance", self._known.me, service, {})
        self._monitor.grow()

    def bury(self, service: str) -> None:
        """Its file is about to be deleted on purpose. Raises OpensvcError."""
        file = self._known.files.get(service)
        if file is not None:
            try:
                self.replication.tombstones.bury(service, file.generations, self._known.me)
            except OSError as error:
                raise OpensvcError(f"{service} is not deleted: {error}") from error

    # -- what is told

    def cluster_tree(self) -> Json:
        """What the tree says of cluster.conf, and of the services that were deleted here."""
        file, deleted = self.replication.cluster, {BRANCH: self.replication.tombstones.told()}
        if file is None:
            return deleted
        told: dict[str, Any] = {"digest": file.digest, "generations": dict(file.generations), "file": file.place}
        return {"cluster": told, **deleted}

    def _found(self, service: str, text: str) -> None:
        self._monitor.chronicle.say("" if service == CLUSTER else service, text, "WARNING")
        if service in self._known.pictures:
            self._known.pictures[service].messages["replication"] = text
            self._monitor.grow()
