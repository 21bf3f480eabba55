"""A call of the API: who calls, what for, and the id by which all logs know it."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from opensvc_daemon.listener.rights import Who

_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_REQUEST: Final = re.compile(r"[0-9a-f]{16}\Z")


def call_id(given: str) -> str:
    """The id that a caller gave its call, where it is one, else a new one: 16 hex digits."""
    return given if _ID.match(given) else os.urandom(8).hex()


class Call(NamedTuple):
    """One call, its values checked against its route.

    Parameters: `values`: of the path, the query and the body, by name; `is_passed_on`: another member passes it on, so nobody does again.
    `address`: where it comes from, empty on the unix socket; `target`: path and query as they came; `body` as it came.
    """

    id: str
    who: Who
    values: Mapping[str, Any]
    is_passed_on: bool = False
    address: str = ""
    target: str = ""
    body: bytes = b""

    @property
    def request(self) -> str:
        """The id as a request keeps it: 16 hex digits, or empty."""
        return self.id if _REQUEST.match(self.id) else ""


class Text(NamedTuple):
    """An answer that is no JSON."""

    text: str
    kind: str = "text/plain; charset=utf-8"


class Lines(NamedTuple):
    """An answer that goes on: JSON objects, a line each (`application/x-ndjson`)."""

    objects: AsyncGenerator[Mapping[str, Any], None]


class Passed(NamedTuple):
    """The answer of another member, handed through as it comes."""

    status: int
    kind: str
    chunks: AsyncIterator[bytes]
    close: Callable[[], None]


class Log(Protocol):
    """Where the API tells what was done by it: `level` is info, warning or error."""

    def __call__(self, level: str, text: str, *, request: str) -> None: ...
