"""Reaching the daemon of this node."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.errors import ActionRefused, NoSuchObject

if TYPE_CHECKING:
    from opensvc_daemon.client import Client

_LIMIT: Final = 0.2
_PATIENCE: Final = 10.0
_PAUSE: Final = 0.05
NOBODY: Final = (
    "no daemon answers on this node; 'om daemon start' starts it, and 'systemctl start opensvc-agent' where systemd is to keep it"
)


def reach(session: Any) -> Client | None:
    """The daemon's client; None where nobody listens.

    A daemon that listens and does not answer is not None: what is asked of it fails, and is not done past it.
    """
    if not _listens(session) and not _comes_back(session):
        return None
    from opensvc_daemon.client import Client  # noqa: PLC0415 - a command that needs no daemon imports none

    return Client(session.paths.run)


def _listens(session: Any) -> bool:
    import socket  # noqa: PLC0415

    with suppress(OSError), socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(_LIMIT)
        sock.connect(str(session.paths.run / "api.sock"))
        return True
    return False


def _comes_back(session: Any) -> bool:
    """Wait for a daemon whose monitor is just begun again: what is the cluster's is not done past it. False: there is no daemon.

    Raises ActionRefused where it does not come.
    """
    from opensvc_daemon.supervision.record import Record  # noqa: PLC0415

    record, until = Record(str(session.paths.run)), time.monotonic() + _PATIENCE
    with suppress(PermissionError):  # who may not know acts with no daemon's rights either
        while record.is_taken():
            if _listens(session):
                return True
            if time.monotonic() > until:
                raise ActionRefused("the daemon runs and does not answer; 'om daemon status' tells more, --local acts on this node alone")
            time.sleep(_PAUSE)
    return False


def needed(session: Any) -> Client:
    """The same, for what nobody else can do. Raises ActionRefused with the way out."""
    client = reach(session)
    if client is None:
        raise ActionRefused(NOBODY)
    return client


def named(session: Any, document: Any) -> list[str]:
    """The services that are meant: those of this node, and the cluster's others. Raises NoSuchObject."""
    try:
        return [str(service.path) for service in session.node.services(session.selector)]
    except NoSuchObject:
        words: list[str] = session.selector.split(",")
        if not all(word in document["services"] for word in words):
            raise
        return words


def place(service: str) -> str:
    """A service in a path of the API: its slashes are part of one word."""
    return "/v1/services/" + service.replace("/", "%2F")
