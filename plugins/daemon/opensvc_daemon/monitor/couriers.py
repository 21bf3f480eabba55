"""Couriers: the threads that carry parcels over the links that are data paths, and hand over what arrives."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from opensvc_core.api import DataPath, HeartbeatLink, OpensvcError

# Seconds until a link that can't receive is tried again.
AGAIN = 1.0
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
        for name in [
            name for name, route in self._routes.items() if name not in wanted or route.link.configured != wanted[name].configured
        ]:
            self._routes.pop(name).end()
        for name, link in wanted.items():
            if name not in self._routes:
                self._routes[name] = _Route(link, self._deliver)
        self._routes = {name: self._routes[name] for name in wanted}

    def _deliver(self, data: bytes) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody needs it any more
            self._loop.call_soon_threadsafe(self._arrived, data)

    @property
    def names(self) -> Sequence[str]:
        """The links that carry data, the preferred one first."""
        return tuple(self._routes)

    async def carry(self, peer: str, data: bytes) -> bool:
        """Hand a parcel to a peer over the first link that does it; whether one did."""
        for name, route in list(self._routes.items()):  # links may be configured meanwhile
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
    """One link, with the thread that receives over it."""

    def __init__(self, link: Any, deliver: Callable[[bytes], None]) -> None:
        self.link: HeartbeatLink = link
        self.path: DataPath = link
        self._deliver, self._ended = deliver, threading.Event()
        threading.Thread(target=self._receive, name=f"data {link.name}", daemon=True).start()

    def _receive(self) -> None:
        while not self._ended.is_set():
            try:
                self.path.receive_data(self._deliver, self._ended.is_set)
            except OSError:
                self._ended.wait(AGAIN)  # beat tells what is wrong with it: it listens at the same place

    def end(self) -> None:
        self._ended.set()
        self.link.wake()
        self.link.close()
