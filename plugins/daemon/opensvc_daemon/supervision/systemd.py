"""What systemd is told of the daemon, by the protocol of sd_notify(3): ready, alive, stopping."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping


class Manager:
    """The service manager that started this process; without one nothing is told.

    `ping` is how often it wants to hear that all is well (seconds; 0: it does not).
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.ping = int(environ.get("WATCHDOG_USEC", "0")) / 3_000_000 if is_ours and self._address else 0.0

    def tell(self, text: str) -> None:
        """Send `READY=1` and the like. A manager that does not listen is no reason to end."""
        if not self._address:
            return
        import socket  # noqa: PLC0415 - not under a manager, not needed

        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.connect(address)
                sock.send(text.encode())
        except OSError:
            return


def forget(environ: MutableMapping[str, str]) -> None:
    """Take out what is meant for this process alone: a part that told systemd of itself would speak for the daemon."""
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        environ.pop(name, None)
