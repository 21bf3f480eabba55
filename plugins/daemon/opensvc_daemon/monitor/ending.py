"""Ending: what people order of the node as a whole, and how the daemon ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from opensvc_core.api import ActionRefused
from opensvc_daemon.monitor.chronicle import of_request
from opensvc_daemon.orchestration.states import MonitorState, NodeState

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor

# The peers have so long to acknowledge the last word of a daemon that stops.
LAST_WORD: Final = 2.0
# The ways in which the daemon ends, and what its peers are told.
WAYS: Final[Mapping[str, NodeState]] = {
    "maintenance": NodeState.MAINTENANCE,
    "upgrade": NodeState.UPGRADE,
    "stop": NodeState.MAINTENANCE,
    "shutdown": NodeState.SHUTTING,
}
# Seconds in which a daemon that begins is idle, as a rule.
_SETTLES: Final = 15.0
_PAUSE: Final = 0.1
_SETTLED: Final = frozenset({NodeState.IDLE, NodeState.DRAINING})
_ENDING: Final = frozenset(WAYS.values())


class Ending:
    """Of one monitor."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known = monitor, monitor.known

    async def order_node(self, what: str, origin: str, id: str) -> None:  # noqa: A002 - the document's word
        """What a person orders of this node, by the call of this `id` on a node. Raises OpensvcError."""
        monitor, state = self._monitor, self._monitor.node.state
        monitor.say(f"{what} asked on {origin}{of_request(id)}")
        if what == "drain":
            await self._wait_settled()
        if what in ("freeze", "drain"):
            await asyncio.to_thread(state.freeze)
        elif what in ("thaw", "undrain"):
            await asyncio.to_thread(state.thaw)
        self._known.is_frozen = state.is_frozen()
        if what == "drain" and self._known.state is NodeState.IDLE:
            monitor.set_state(NodeState.DRAINING)
        elif what in ("undrain", "thaw") and self._known.state is NodeState.DRAINING:
            monitor.set_state(NodeState.IDLE)
        elif what == "clear":
            self._clear()
        elif what == "abort":
            await monitor.wishing.abort_all()
        elif what == "shutdown":
            await self.stop("shutdown")
        monitor.grow()

    async def _wait_settled(self) -> None:
        """Until the node knows what it has: then it can be drained. Raises ActionRefused where that takes long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLES):
                while self._known.state not in _SETTLED:
                    await asyncio.sleep(_PAUSE)
        if self._known.state not in _SETTLED:
            raise ActionRefused(f"this node is in {self._known.state.value}: it is drained when it is idle")

    def _clear(self) -> None:
        for service, instance in list(self._known.instances.items()):
            if instance.monitor.is_failed:
                self._monitor.change(service, monitor=MonitorState.IDLE)

    async def stop(self, kind: str) -> None:
        """End the daemon: the services stay, or with `shutdown` they stop first. Returns when that is under way."""
        if not self._monitor.exit.done() and self._known.state not in _ENDING:
            self._monitor.set_state(WAYS[kind])
            self._monitor.start(self._stopping(), "stop")

    async def _stopping(self) -> None:
        monitor = self._monitor
        while self._known.state is NodeState.SHUTTING and any(map(self._is_stopping, self._known.instances)):
            await asyncio.sleep(0.05)
        monitor.publish()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD):
                while not monitor.publishing.is_acknowledged():
                    await asyncio.sleep(0.02)
        monitor.say("the daemon ends")
        monitor.beating.send({"do": "farewell"})
        await monitor.beating.connection.flush()
        if not monitor.exit.done():
            monitor.exit.set_result(0)

    def _is_stopping(self, service: str) -> bool:
        """Whether something of it is still to stop; what is left to itself, or could not be stopped, is nobody's any more."""
        instance, file = self._known.instances[service], self._known.files.get(service)
        is_alone = file is not None and (file.fields.get("is_disabled", True) or file.fields.get("is_managed", False))
        is_left = instance.monitor.is_failed or is_alone
        return instance.monitor.is_acting or (instance.has_anything_up and not is_left)
