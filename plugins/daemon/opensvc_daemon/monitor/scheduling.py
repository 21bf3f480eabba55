"""Scheduling: what services do by themselves at times: statuses, syncs, information of resources, tasks, spread out in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import time
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from opensvc_core.api import OpensvcError
from opensvc_daemon.monitor.knowledge import Json
from opensvc_daemon.orchestration.states import NodeState

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor

# Seconds between two looks at what is due; each service is asked about its schedule once in so many of them, not all in the same.
TICK: Final = 10.0
ROUND: Final = 6
# Actions by schedule at the same time; fewer on a node that is overloaded.
MOST, FEW = 6, 2
_STATES: Final = frozenset({NodeState.IDLE, NodeState.REJOIN, NodeState.DRAINING})
# Without its own schedule an instance is looked at so often, in rounds: events tell what changes, and can miss something.
_SLOW: Final = 30


class Scheduling:
    """Of one monitor. The runner has the drivers, and knows their schedules: it is asked what is due next, and told what to do."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known = monitor, monitor.known
        self._running: set[tuple[str, str]] = set()
        self._round = 0

    async def run(self) -> None:
        """Do what is due, until this is cancelled."""
        while True:
            await asyncio.sleep(TICK)
            self._round += 1
            if self._known.state in _STATES and self._monitor.seeing.is_there:
                await self._step()

    async def _step(self) -> None:
        schedules = self._monitor.seeing.schedules
        try:
            if mine := [path for path in self._known.instances if path not in schedules or is_turn(path, self._round, ROUND)]:
                await self._monitor.seeing.asks({"do": "schedule", "services": mine})
        except ConnectionError:
            return
        if looks := [path for path in self._known.instances if is_turn(path, self._round, _SLOW)]:
            self._monitor.start(self._monitor.seeing.looked(looks), "slow look")
        for service, row in self._due(time()):
            if len(self._running) < (FEW if self._known.is_overloaded else MOST) and (service, row["action"]) not in self._running:
                self._running.add((service, row["action"]))
                self._monitor.start(self._do(service, row["action"]), f"{row['action']} of {service}")

    def _due(self, moment: float) -> Iterator[tuple[str, Json]]:
        """What is due now, the longest overdue first."""
        rows = [(row["next"], service, row) for service, rows in self._monitor.seeing.schedules.items() for row in rows if row.get("next")]
        for due, service, row in sorted(rows, key=lambda each: each[:2]):
            instance = self._known.instances.get(service)
            if due <= moment and instance is not None and not instance.monitor.is_acting:
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
            await seeing.asks({"do": "schedule", "services": [service]})
        except ConnectionError:
            pass  # it is due again for the next runner
        except OpensvcError as error:
            self._monitor.chronicle.say(service, f"{action} by schedule: {error}", "WARNING")
        finally:
            self._running.discard((service, action))


def is_turn(service: str, number: int, rounds: int) -> bool:
    """Whether it is a service's turn: each has its own place among the rounds, the same on every day."""
    return crc32(service.encode()) % rounds == number % rounds
