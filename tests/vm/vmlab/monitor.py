"""The machine monitor of a guest: what a hand at its case could do."""

from __future__ import annotations

import json
import socket
from typing import Any


class Monitor:
    """A client of QEMU's monitor protocol."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(60)
        self._connection, self._file = connection, connection.makefile("rwb")
        self._file.readline()  # the greeting
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: Any) -> Any:
        """Run a command of the protocol; its result. RuntimeError where it is refused."""
        self._file.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        self._file.flush()
        while line := self._file.readline():
            message = json.loads(line)
            if "error" in message:
                raise RuntimeError(f"{command}: {message['error']['desc']}")
            if "return" in message:  # the others are events
                return message["return"]
        raise ConnectionError(f"{command}: the guest is gone")

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._connection.close()
