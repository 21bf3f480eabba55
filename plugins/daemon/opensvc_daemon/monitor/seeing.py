"""Seeing: the side of the monitor that faces the runner: questions, the statuses of this node's instances, and what changes by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from time import time
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.api import InstanceLock, Status
from opensvc_daemon.clock import now
from opensvc_daemon.monitor.asking import Asking
from opensvc_daemon.monitor.connections import Connection
from opensvc_daemon.monitor.knowledge import Json
from opensvc_daemon.monitor.looking import avail_of, is_aside, resources_of
from opensvc_daemon.monitor.shown import Shown, shown_of
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import InstanceView

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor

_PAUSE: Final = 0.2
# Copies, tasks, commands and lists need not end before anybody knows what the services will be; nor what is a cluster manager's.
_PASSING: Final = ("sync", "run", "postsync", "push_resinfo", "status", "resource_monitor")
# Seconds after which somebody's action is taken for one that hangs: what is seen counts again.
_HANGS: Final = 600.0


class Seeing:
    """Of one monitor. `schedules`: what the runner tells of when something is due, by service."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known = monitor, monitor.known
        path = monitor.node.paths.run / "runner.sock"
        self.connection = Connection(path, connected=self._found, told=self._told, lost=self._lost)
        self._asking = Asking(self.connection.send, self._between)
        self.schedules: dict[str, list[Json]] = {}
        self._changing: set[str] = set()
        # of the service that was seen last: others are much like it
        self._like = Shown()

    @property
    def is_there(self) -> bool:
        """The runner is there."""
        return self.connection.is_open

    async def asks(self, question: Mapping[str, Any]) -> Json:
        """Ask the runner. Raises ConnectionError where it is not there, or dies before it answers."""
        if not self.connection.is_open:
            await asyncio.sleep(_PAUSE)
            raise ConnectionError("the runner is not there")
        return await self._asking.ask(question)

    async def _found(self) -> None:
        self._monitor.start(self._begin_looking(), "first look")

    def _lost(self) -> None:
        if not self._monitor.exit.done():
            self._monitor.say("the runner has ended: it is waited for", "WARNING")
        self._asking.lost()

    def _told(self, message: Json) -> None:
        if "id" in message:
            self._asking.answered(message)
        elif message.get("tell") == "changed":
            self.changed(str(message.get("service")))

    def changed(self, service: str) -> None:
        """Something has happened to a resource; what happens before the look begins needs no other one."""
        if service not in self._changing:
            self._changing.add(service)
            self._monitor.start(self._look_again(service), f"look at {service}")

    async def _look_again(self, service: str) -> None:
        self._changing.discard(service)
        await self.looked([service])

    async def _begin_looking(self) -> None:
        """What an earlier daemon has begun has to end first: until then nobody knows what the services will be."""
        monitor = self._monitor
        try:
            while self._known.state is NodeState.INIT and await self._has_begun_before():
                await asyncio.sleep(_PAUSE)
        except ConnectionError:
            return  # the next runner is asked
        if not await self.looked(None):
            return
        self.watch()
        if self._known.state is NodeState.INIT:
            monitor.set_state(NodeState.REJOIN)
        monitor.touch()

    async def _has_begun_before(self) -> bool:
        """Whether something runs still that changes what is up, or ends a node; a copy or a task may take hours, and changes nothing."""
        jobs = (await self.asks({"do": "running"})).get("jobs") or ()
        return not all(str(job.get("action")).startswith(_PASSING) for job in jobs)

    def watch(self) -> None:
        """Have it wait on what changes by itself."""
        self.connection.send({"do": "watch", "id": 0, "services": sorted(self._known.instances)})

    async def looked(self, services: Sequence[str] | None) -> bool:
        """Look at some services, or all, and return when that is known; False: nobody is there to look."""
        wanted, began = list(services) if services is not None else sorted(self._known.instances), now()
        try:
            await self.asks({"do": "status", "services": wanted})
        except ConnectionError:
            return False
        for service in wanted:
            picture = self._known.pictures.get(service)
            if picture is not None and picture.began < 0:
                self._unseen(service, began, "the runner tells nothing of it")
        return True

    async def seen(self, services: Sequence[str]) -> None:
        """Look at some services until that is done, though runners may die: what was before an action must not be told as its end."""
        while not await self.looked(services):
            pass  # `asks` waits where no runner is there

    def _between(self, message: Json) -> None:
        """What comes before an answer."""
        service = str(message.get("service"))
        if message.get("tell") == "schedule":
            self.schedules[service] = message.get("rows") or []
        elif message.get("tell") == "status":
            self._seen(service, message)

    def _seen(self, service: str, message: Json) -> None:
        """The status of an instance; one that is older than what is known says nothing."""
        status, began = message.get("status"), float(message.get("began") or now())
        picture = self._known.pictures.get(service)
        if picture is None or began < picture.began:
            return
        if not isinstance(status, dict):
            self._unseen(service, began, str(message.get("why") or "it can't be seen"))
            return
        why = message.get("why") or status.get("why")
        shown = shown_of(status, self._like)
        is_news = shown != picture.shown or why != picture.messages.get("status")
        picture.began = began
        if is_news:  # the same object again tells that nothing has changed
            picture.shown = self._like = shown
            picture.messages.pop("status", None)
            picture.messages |= {"status": str(why)} if why else {}
            self._monitor.grow()
        self._take(service, status)

    def _take(self, service: str, status: Json) -> None:
        """What is seen in the midst of an action of ours is shown; decisions go by what was before it, until it has ended."""
        instance, picture, avail = self._known.instances[service], self._known.pictures[service], avail_of(status)
        resources = tuple(resources_of(service, picture.shown.resources, self._monitor.restarts, now()))
        made = status.get("provisioned")
        # in part it is so also after an unprovision that leaves a resource of which nothing is ever removed: what was done last counts
        is_provisioned = instance.is_provisioned if made == "mixed" else made is not False
        picture.values = {"avail": avail, "resources": resources, "is_provisioned": is_provisioned, "is_incomplete": made == "mixed"}
        if instance.monitor.is_acting or (self._differs(service) and self._is_handled(service)):
            return
        if avail is not instance.avail and instance.avail is not Status.UNDEF:
            self._monitor.chronicle.say(service, f"it is {avail.value} here, it was {instance.avail.value}{_why_not_up(status)}")
        expectation = self._expectation(service, avail, instance)
        is_frozen = self._monitor.node.service(service).state.is_frozen()  # the look may have begun before somebody froze it
        self._monitor.change(service, **picture.values, is_frozen=is_frozen, **expectation)

    def _differs(self, service: str) -> bool:
        instance, values = self._known.instances[service], self._known.pictures[service].values
        return bool(values["avail"] is not instance.avail or values["resources"] != instance.resources)

    def _is_handled(self, service: str) -> bool:
        """Somebody changes what is up, a person for instance: what that comes to is looked at when the lock is free again."""
        holder = InstanceLock(self._monitor.node.service(service).state.lock_file, name=service).holder()
        return holder is not None and not holder.action.startswith(_PASSING) and abs(time() - holder.since) < _HANGS

    def last(self, service: str) -> dict[str, Any]:
        """What was seen last of an instance, for the decision."""
        picture = self._known.pictures[service]
        if picture.shown.resources:
            resources = resources_of(service, picture.shown.resources, self._monitor.restarts, now())
            picture.values = {**picture.values, "resources": tuple(resources)}
        return picture.values

    def _unseen(self, service: str, began: float, why: str) -> None:
        picture = self._known.pictures.get(service)
        if picture is not None and service in self._known.instances:
            picture.began, picture.messages["status"] = began, why
            picture.values = {"avail": Status.UNDEF, "resources": ()}
            if not self._known.instances[service].monitor.is_acting:
                self._monitor.change(service, **picture.values)
            self._monitor.grow()

    def _expectation(self, service: str, avail: Status, instance: InstanceView) -> dict[str, Any]:
        """What a person has started or stopped here by hand is expected to stay so."""
        if (avail is Status.UP) is instance.expects_up:
            return {}
        moment, is_up = self._monitor.node.service(service).state.active()
        if moment is None or is_up is instance.expects_up or (is_up and avail is not Status.UP):
            return {}
        return {"expects_up": is_up}


def _why_not_up(status: Json) -> str:
    """The resources that are not as they should be, where some are."""
    resources = [(rid, told) for rid, told in status.get("resources", {}).items() if not is_aside(rid, told)]
    bad = [f"{rid} is {told.get('status')}" for rid, told in resources if told.get("status") in ("down", "warn", "undef")]
    return f": {', '.join(bad)}" if bad and status.get("avail") != "down" else ""
