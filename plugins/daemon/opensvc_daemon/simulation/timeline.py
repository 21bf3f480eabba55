"""The timeline: what happened where, for people to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from opensvc_daemon.orchestration.orders import Order


class Line(NamedTuple):
    """Something that happened, or was ordered, at a moment of true time. `node` is empty for what happens to all."""

    at: float
    node: str
    what: object

    def __str__(self) -> str:
        return f"{self.at:9.3f}  {self.node:<8} {text_of(self.what)}"


def text_of(what: object) -> str:
    """In words; an order with its reasons."""
    if isinstance(what, Order):
        return f"{what}, because {'; '.join(map(str, what.reasons)) or 'of nothing'}"
    return str(what)


def printed(lines: Iterable[Line]) -> str:
    """The whole of it."""
    return "".join(f"{line}\n" for line in lines)
