"""Calling: a member's API, over TLS, from a command that can wait."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from typing import Any

from opensvc_core.api import OpensvcError
from opensvc_daemon.client import KINDS, NoDaemon
from opensvc_daemon.trust.contexts import reason
from opensvc_daemon.trust.places import Place

_LARGEST = 8 * 1024 * 1024


class Call(http.client.HTTPSConnection):
    """A connection to a member; `peer` is the name that its certificate has to have, empty where that is not known yet."""

    def __init__(self, place: Place, context: ssl.SSLContext, peer: str, timeout: float) -> None:
        super().__init__(place.host, place.port, context=context, timeout=timeout)
        self._tls, self._peer, self._place = context, peer, place

    def connect(self) -> None:
        """Connect, and speak TLS. Raises NoDaemon."""
        plain = None
        try:
            plain = socket.create_connection(self._place, self.timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock = self._tls.wrap_socket(plain, server_hostname=self._peer or None)
        except OSError as error:
            if plain:
                plain.close()
            name = self._peer or self._place.host
            raise NoDaemon(f"{name} can't be reached at port {self._place.port}: {reason(error)}") from error

    @property
    def certificate(self) -> bytes:
        """The member's certificate (DER)."""
        return self.sock.getpeercert(binary_form=True) or b"" if isinstance(self.sock, ssl.SSLSocket) else b""

    def ask(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON of the answer. Raises what the member refuses as the core would; NoDaemon where the connection breaks."""
        try:
            self.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
            response = self.getresponse()
            data = response.read(_LARGEST)
            answer = json.loads(data) if data else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoDaemon(f"{self._peer or self._place.host} broke off: {error or type(error).__name__}") from error
        if response.status >= 300:
            text = answer.get("error") if isinstance(answer, dict) else ""
            raise KINDS.get(response.status, OpensvcError)(f"{self._peer or self._place.host}: {text or response.status}")
        return answer
