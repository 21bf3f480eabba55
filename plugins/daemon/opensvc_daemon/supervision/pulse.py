"""The pulse: whether the daemon's door answers."""

from __future__ import annotations

import socket

_REQUEST = b"GET /v1/alive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def answers(path: str, limit: float) -> bool:
    """Something behind this socket answers in HTTP within so many seconds; what it answers does not matter."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as sock:
            sock.settimeout(limit)
            sock.connect(path)
            sock.sendall(_REQUEST)
            return sock.recv(5) == b"HTTP/"
    except OSError:
        return False
