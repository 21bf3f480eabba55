"""Ordering: what a person orders of another node, from here. It is done when that node says so, though its daemon restarts meanwhile."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from opensvc_core.api import ActionFailed, ActionRefused
from opensvc_daemon.monitor.hearing import ALIVE
from opensvc_daemon.monitor.knowledge import Json, Peer
from opensvc_daemon.monitor.telling import ANSWERED_ORDERS, protocol_of, read_state
from opensvc_daemon.orchestration.states import AWAITED

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor

# Seconds in which an answer comes, the restart of a daemon included: less than a command waits for this one. And between looks whether
# it is another life by now.
PATIENCE: Final = 25.0
_LOOK: Final = 0.1
# What is not given again to a daemon that has begun since: it may be there because this was done.
_ONCE: Final = frozenset({"shutdown"})


class Ordering:
    """Of one monitor. `patience`: the seconds in which an answer has to come."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self.patience = monitor, PATIENCE
        self._open: dict[str, asyncio.Future[str]] = {}

    async def order(self, peer: Peer, what: str, id: str) -> None:  # noqa: A002 - the document's word
        """Have a peer do something with itself. Raises ActionRefused: it does not; ActionFailed: nobody knows whether it has."""
        number = os.urandom(8).hex()
        note: Json = {"do": "node", "what": what, "id": id, "answer": number}
        if protocol_of(peer.node) < ANSWERED_ORDERS:
            self._monitor.publishing.post(peer.name, note)
            return
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self.patience):
                error = await self._answered(peer, what, note, answer)
        except TimeoutError:
            raise ActionFailed(f"{peer.name} does not answer: whether it has done '{what}' is not known; 'om mon' shows it") from None
        finally:
            del self._open[number]
        if error:
            raise ActionRefused(f"{peer.name}: {error}")

    async def _answered(self, peer: Peer, what: str, note: Json, answer: asyncio.Future[str]) -> str:
        """What it says; empty: it is done. Each life of it is asked, as what was on its way to one before is lost. Raises TimeoutError."""
        life = None
        while not answer.done():
            if peer.reach not in ALIVE and read_state(peer.node) not in AWAITED:
                raise TimeoutError
            if life is None or (life != peer.incarnation and what not in _ONCE):
                life = peer.incarnation
                self._monitor.publishing.post(peer.name, note)
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(answer), _LOOK)
        return answer.result()

    def answered(self, note: Json) -> None:
        """A peer has answered, perhaps later than anybody waits for."""
        answer = self._open.get(str(note.get("answer")))
        if answer is not None and not answer.done():
            answer.set_result(str(note.get("error") or ""))
