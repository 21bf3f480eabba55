"""Refusals: why there is no lease, with a stable code and a text for people."""

from __future__ import annotations

from enum import Enum, unique
from typing import NamedTuple


@unique
class Code(Enum):
    """The value is the word that machines read."""

    STARTING = "starting"
    HELD = "held"
    OLD_REQUEST = "old-request"
    OTHER_EPOCH = "other-epoch"
    NOT_A_MEMBER = "not-a-member"
    NOT_GRANTED = "not-granted"
    SILENT = "silent"
    NOT_ASKED = "not-asked"
    LOST = "lost"
    CHANGE_UNDER_WAY = "change-under-way"
    ANOTHER_CHANGE = "another-change"
    OLD_EPOCH = "old-epoch"
    SEVERAL_AT_ONCE = "several-at-once"
    NO_CHANGE = "no-change"
    UNFIT = "unfit"
    UNREACHABLE = "unreachable"
    UNCONFIRMED = "unconfirmed"
    TOO_EARLY = "too-early"

    def __str__(self) -> str:
        return self.value


class Refusal(NamedTuple):
    """`seconds` is how long the reason lasts at most, by the clock of the one who refuses; 0 where no time helps."""

    code: Code
    text: str
    seconds: float = 0.0
