"""Couriers: the threads that carry parcels over the links that are data paths, and hand over what arrives."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from opensvc_core.api import DataPath, HeartbeatLink, OpensvcError
from opensvc_daemon.clock import now

# Seconds until a link that can't receive is tried again.
AGAIN = 1.0
# Seconds until links that were ended are no longer waited for.
_PATIENCE = 2.0
_CARRIERS = 32


class Couriers:
    """All of them.

    Parameters:
        arrived: called in the loop with each parcel.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, arrived: Callable[[bytes], None]) -> None:
        self._loop, self._arrived = loop, arrived
        self._routes: dict[str, _Route] = {}
        self.troubles: dict[str, str] = {}
        # threads of their own: peers that answer nothing hold up nobody else
        self._carriers = ThreadPoolExecutor(_CARRIERS, "data")

    def configure(self, links: Mapping[str, HeartbeatLink | OpensvcError]) -> None:
        """Use these links from now on; those that stay the same go on."""
        wanted = {name: link for name, link in links.items() if isinstance(link, HeartbeatLink) and isinstance(link, DataPath)}
        ended = [
            self._routes.pop(name)
            for name, route in list(self._routes.items())
            if name not in wanted or route.link.configured != wanted[name].configured
        ]
        for route in ended:
            route.end()
        for name, link in wanted.items():
            if name not in self._routes:
                self._routes[name] = _Route(link, self._deliver, [route.thread for route in ended])
        self._routes = {name: self._routes[name] for name in wanted}

    def _deliver(self, data: bytes) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody needs it any more
            self._loop.call_soon_threadsafe(self._arrived, data)

    @property
    def names(self) -> Sequence[str]:
        """The links that carry data, the preferred one first."""
        return tuple(self._routes)

    async def carry(self, peer: str, data: bytes, beating: Collection[str] = ()) -> bool:
        """Hand a parcel to a peer over the first link that does it, those that beat before the others; whether one did.

        A link that is cut holds up each parcel until it is given up.
        """
        for name, route in sorted(self._routes.items(), key=lambda each: each[0] not in beating):  # links may be configured meanwhile
            if peer not in route.link.place.peers:
                continue
            try:
                await self._loop.run_in_executor(self._carriers, route.path.send_data, peer, data)
            except (OSError, ValueError) as error:
                self.troubles[f"{name} {peer}"] = str(error)
            else:
                self.troubles.pop(f"{name} {peer}", None)
                return True
        return False

    def end(self) -> None:
        """End all of them."""
        for route in self._routes.values():
            route.end()
        self._routes.clear()
        self._carriers.shutdown(wait=False, cancel_futures=True)


class _Route:
    """One link, with the thread that receives over it, once those `before` it have let go of what it needs."""

    def __init__(self, link: Any, deliver: Callable[[bytes], None], before: Sequence[threading.Thread]) -> None:
        self.link: HeartbeatLink = link
        self.path: DataPath = link
        self._deliver, self._ended = deliver, threading.Event()
        self.thread = threading.Thread(target=self._receive, args=before, name=f"data {link.name}", daemon=True)
        self.thread.start()

    def _receive(self, *before: threading.Thread) -> None:
        until = now() + _PATIENCE
        for thread in before:
            thread.join(max(until - now(), 0.0))
        while not self._ended.is_set():
            try:
                self.path.receive_data(self._deliver, self._ended.is_set)
            except OSError:
                self._ended.wait(AGAIN)  # beat tells what is wrong with it: it listens at the same place

    def end(self) -> None:
        self._ended.set()
        self.link.wake()
        self.link.close()
