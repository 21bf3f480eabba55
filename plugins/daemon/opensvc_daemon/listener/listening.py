"""Listening: the API's sockets, open as the configuration says, with the certificates that count now."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

from opensvc_core.api import Node, OpensvcError
from opensvc_daemon.listener.api import Api
from opensvc_daemon.listener.app import App
from opensvc_daemon.listener.calls import Log
from opensvc_daemon.listener.gate import Gate
from opensvc_daemon.listener.identity import Identities
from opensvc_daemon.listener.members import Members
from opensvc_daemon.listener.peers import Peers
from opensvc_daemon.listener.served import Served
from opensvc_daemon.listener.server import Server
from opensvc_daemon.trust import contexts, membership, tokens
from opensvc_daemon.trust.files import TrustFiles
from opensvc_daemon.trust.places import PORT
from opensvc_daemon.trust.preparing import prepare

# Seconds between two looks whether a certificate has to be renewed.
_RENEWAL: Final = 6 * 3600.0
_MOST_LOCAL: Final = 256
_MOST_REMOTE: Final = 128
_MOST_EACH: Final = 32
_PATIENCE: Final = 2.0


class Listener:
    """The API, from `begin` to `stop`. `report` is what the cluster document tells of it."""

    def __init__(self, node: Node, served: Served, log: Log) -> None:
        self._node, self._log = node, log
        self._identities = Identities(os.geteuid())
        self.peers = Peers(node, lambda: self._calling)
        members = Members(node, served, self.peers, self.reconfigure, log)
        self._server = Server(App(Api(node, served, members), self._identities, self.peers, log))
        self._local: Gate | None = None
        self._remote: Gate | None = None
        self._place: tuple[str, int] | None = None
        self._serving: ssl.SSLContext
        self._calling: ssl.SSLContext
        self._renewing: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self.report: dict[str, str] = {"state": "stopped", "detail": "", "why": ""}

    async def begin(self) -> None:
        """Listen. Raises OpensvcError where the unix socket can't be made; trouble with TCP stands in `report`."""
        self._local = Gate(_local_socket(self._node.paths.run / "api.sock"), self._server.protocol, most=_MOST_LOCAL, most_each=_MOST_EACH)
        await self.reconfigure()
        self._renewing = asyncio.create_task(self._renew())

    async def reconfigure(self) -> None:
        """Use addresses, members, tokens and certificates as they are now; what is the same stays open."""
        async with self._changing:
            try:
                await asyncio.to_thread(self._read)
                self._listen(_own_place(self._node))
            except OpensvcError as error:
                self._fail(str(error))

    async def stop(self) -> None:
        """Take no more calls, and end those that are served, after a moment; the files go."""
        if self._renewing:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        for gate in (self._local, self._remote):
            if gate:
                gate.close()
        (self._node.paths.run / "api.sock").unlink(missing_ok=True)
        await self._server.close(_PATIENCE)
        self._local = self._remote = self._place = None
        self.report.update(state="stopped", detail="", why="")

    def _read(self) -> None:
        prepare(self._node)
        place = TrustFiles.below(self._node.paths.var)
        self._serving, self._calling = contexts.serving(place), contexts.calling(place)
        self._identities.know(membership.everyone(self._node), tokens.listing(self._node))

    def _listen(self, place: tuple[str, int]) -> None:
        if place != self._place or self._remote is None:
            if self._remote:
                self._remote.close()
            self._remote, self._place = None, place
            if place[1]:
                self._remote = Gate(
                    _remote_socket(*place),
                    self._server.protocol,
                    context=lambda: self._serving,
                    most=_MOST_REMOTE,
                    most_each=_MOST_EACH,
                )
        self.report.update(state="running", detail=f"{place[0]}:{place[1]}" if place[1] else "api.sock", why="")

    def _fail(self, why: str) -> None:
        self.report.update(state="failed", why=why)
        self._log("error", f"listener: {why}", request="")

    async def _renew(self) -> None:
        """Renew what is due, and try anew what has failed."""
        while True:
            await asyncio.sleep(_RENEWAL if self.report["state"] == "running" else 5.0)
            await self.reconfigure()


def _own_place(node: Node) -> tuple[str, int]:
    values = node.config_of("node")
    port = values.text("listener", "port") or str(PORT)
    if not port.isdigit() or int(port) > 65535:
        raise OpensvcError(f"listener.port: {port!r} is no port; 0 to 65535, and 0 for none")
    return values.text("listener", "addr") or "", int(port)


def _local_socket(path: Path) -> socket.socket:
    """Anybody on the node may connect; the kernel tells who it is."""
    listening = socket.socket(socket.AF_UNIX)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        listening.bind(str(fresh))
        fresh.chmod(0o666)
        listening.listen(128)
        fresh.rename(path)  # at once in the place of one that a killed daemon left
    except OSError as error:
        listening.close()
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise OpensvcError(f"{path}: {error.strerror}") from error
    return listening


def _remote_socket(addr: str, port: int) -> socket.socket:
    """All addresses of both families where none is given."""
    family = socket.AF_INET6 if ":" in addr or (not addr and socket.has_dualstack_ipv6()) else socket.AF_INET
    try:
        return socket.create_server((addr, port), family=family, backlog=128, dualstack_ipv6=family == socket.AF_INET6 and not addr)
    except OSError as error:
        raise OpensvcError(
            f"can't listen on {addr or 'all addresses'}, port {port}: {error.strerror or error}; [listener] says where"
        ) from error
