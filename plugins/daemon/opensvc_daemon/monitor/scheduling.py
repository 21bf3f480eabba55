"""Scheduling: what services do by themselves at times: statuses, syncs, information of resources, tasks, spread out in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import time
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from opensvc_core.api import OpensvcError, Status
from opensvc_daemon.clock import now
from opensvc_daemon.monitor.knowledge import Json
from opensvc_daemon.orchestration.states import NodeState

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor

# Seconds between two looks at what is due; each service is asked about its schedule, and looked at, once in so many of them (ten
# minutes): its own actions, its file and events tell what changes meanwhile, and can miss something. Not all in the same, but those of
# a minute together: who looks at them need not stay for the rest of it.
TICK: Final = 10.0
ROUND: Final = 60
TOGETHER: Final = 6
# Seconds until what is due still after it was tried, as a copy to a node that is off, is tried again.
AGAIN: Final = 600.0
# Actions by schedule at the same time; fewer on a node that is overloaded.
MOST, FEW = 6, 2
# What sees to resources that have failed: it waits for nothing, nor is it put off where somebody else was at it.
_URGENT: Final = "resource_monitor"
_STATES: Final = frozenset({NodeState.IDLE, NodeState.REJOIN, NodeState.DRAINING})


class Scheduling:
    """Of one monitor. The runner has the drivers, and knows their schedules: it is asked what is due next, and told what to do."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known = monitor, monitor.known
        self._running: set[tuple[str, str]] = set()
        self._looking: set[str] = set()
        # by which file a service's schedule was told
        self._told: dict[str, str] = {}
        # when what was tried in vain, by service, action and resource, is tried again, and how the service was then
        self._again: dict[tuple[str, str, str], tuple[float, Status]] = {}
        self._round = 0

    async def run(self) -> None:
        """Do what is due, until this is cancelled."""
        while True:
            await asyncio.sleep(TICK)
            self._round += 1
            if self._known.state in _STATES and self._monitor.seeing.is_there:
                await self._step()

    async def _step(self) -> None:
        files = {path: instance.config for path, instance in self._known.instances.items()}
        mine = [path for path, file in files.items() if self._told.get(path) != file or is_turn(path, self._round)]
        try:
            if mine:
                await self._monitor.seeing.asks({"do": "schedule", "services": mine})
        except ConnectionError:
            return
        self._told |= {path: files[path] for path in mine}
        if looks := [path for path in self._known.instances if self._is_to_be_looked_at(path)]:
            self._monitor.start(self._look(looks), "slow look")
        for service, row in self._due(time()):
            if self._has_room(row["action"]) and (service, row["action"]) not in self._running:
                self._running.add((service, row["action"]))
                self._monitor.start(self._do(service, row["action"]), f"{row['action']} of {service}")

    def _has_room(self, action: str) -> bool:
        """Whether one more may run."""
        busy = sum(running != _URGENT for _, running in self._running)
        return action == _URGENT or busy < (FEW if self._known.is_overloaded else MOST)

    def _is_to_be_looked_at(self, service: str) -> bool:
        """It is due, and nobody is looking at it, nor has done so since its last turn."""
        is_unseen = self._known.instances[service].avail is Status.UNDEF
        is_fresh = now() - self._known.pictures[service].began < (ROUND - TOGETHER) * TICK
        is_due = is_unseen or (is_turn(service, self._round) and not is_fresh)
        return is_due and service not in self._looking

    async def _look(self, services: list[str]) -> None:
        self._looking |= set(services)
        try:
            await self._monitor.seeing.looked(services)
        finally:
            self._looking -= set(services)

    def _due(self, moment: float) -> Iterator[tuple[str, Json]]:
        """What is due now, the longest overdue first."""
        rows = [(row["next"], service, row) for service, rows in self._monitor.seeing.schedules.items() for row in rows if row.get("next")]
        for due, service, row in sorted(rows, key=lambda each: each[:2]):
            instance = self._known.instances.get(service)
            is_later = row["action"] == "status" and self._round % TOGETHER
            if due > moment or is_later or instance is None or instance.monitor.is_acting:
                continue
            until, avail = self._again.get((service, row["action"], row["rid"]), (0.0, instance.avail))
            if until <= now() or avail is not instance.avail:
                yield service, row

    async def _do(self, service: str, action: str) -> None:
        seeing = self._monitor.seeing
        wanted: dict[str, Any] = {"do": "act", "service": service, "action": action, "due": time(), "rids": [], "request": ""}
        try:
            if action == "status":
                await seeing.looked([service])
                await asyncio.to_thread(self._monitor.node.service(service).state.keep_time, "status", time())
            else:
                done = await seeing.asks({**wanted, "environment": {"OSVC_ACTION_ORIGIN": "daemon"}})
                if done.get("code"):
                    self._monitor.chronicle.say(service, f"{action} by schedule: {done.get('why')}", "WARNING")
                # what happened meanwhile was told to nobody, as an action of ours was under way
                await seeing.looked([service])
            await seeing.asks({"do": "schedule", "services": [service]})
            if action != _URGENT:
                self._put_off(service, action, wanted["due"])
        except ConnectionError:
            pass  # it is due again for the next runner
        except OpensvcError as error:
            self._monitor.chronicle.say(service, f"{action} by schedule: {error}", "WARNING")
        finally:
            self._running.discard((service, action))

    def _put_off(self, service: str, action: str, tried: float) -> None:
        """Leave what is due still after it was tried alone for a while, or until the service is up or down."""
        if (instance := self._known.instances.get(service)) is None:
            return
        for row in self._monitor.seeing.schedules.get(service, ()):
            if row["action"] == action and row.get("next") and row["next"] <= tried:
                self._again[service, action, row["rid"]] = now() + AGAIN, instance.avail


def is_turn(service: str, number: int) -> bool:
    """Whether it is a service's turn: each has its own place among the rounds, the same on every day."""
    return crc32(service.encode()) % (ROUND // TOGETHER) * TOGETHER == number % ROUND
