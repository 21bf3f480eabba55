"""Events: what an action tells while it runs; the layouts and the log file make their lines from them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from typing import Any, NamedTuple


@unique
class Level(Enum):
    """How grave an event is."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Event(NamedTuple):
    """One thing that happened.

    Parameters:
        name: what kind of event: `message`, `command`, `output`, `done`, `already`, `begin`, `end`, ….
        text: the line for the tree layout; for `output` the lines as the command printed them.
        classic_text: the line for the classic layout where it differs.
        moment: seconds since the epoch, UTC.
        rid: the resource, or empty for the service; service: its path, or empty for the node.
        by_scheduler: the scheduler started the action (`sc:y`).
        fields: for machines: `seconds`, `code`, `argv`, ….
    """

    name: str
    text: str
    moment: float
    node: str
    service: str = ""
    rid: str = ""
    level: Level = Level.INFO
    classic_text: str = ""
    by_scheduler: bool = False
    fields: Mapping[str, Any] = {}
