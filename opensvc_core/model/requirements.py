"""`*_requires`: resources and the states that they must be in before a step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from opensvc_core.model.status import Status

IMPOSSIBLE = "impossible"
_DEFAULT = frozenset({Status.UP, Status.STDBY_UP})
_ELEMENT = re.compile(r"([^\s()]+)(?:\(([^)]*)\))?(?=\s|\Z)")


class Requirement(NamedTuple):
    """One resource and the states that will do."""

    rid: str
    states: frozenset[Status]


def parse(text: str) -> tuple[Requirement, ...]:
    """Read `ip#0 fs#0(down,stdby down)`. Raises ValueError for text that can't be read."""
    rest = _ELEMENT.sub("", text).strip()
    if rest:
        raise ValueError(f"can't read {rest!r}; elements are RID or RID(STATUS,STATUS)")
    return tuple(Requirement(match[1], _states(match[2])) for match in _ELEMENT.finditer(text))


def unmet(requirements: tuple[Requirement, ...], statuses: Mapping[str, Status]) -> list[str]:
    """What is not as required, a sentence each. A resource that does not exist is required in vain, so it counts too."""
    return [
        f"requires on resource {needed.rid} in state {','.join(sorted(map(str, needed.states)))}, "
        f"current state {statuses.get(needed.rid, 'unknown: no such resource')}"
        for needed in requirements
        if statuses.get(needed.rid) not in needed.states
    ]


def _states(text: str | None) -> frozenset[Status]:
    if not text:
        return _DEFAULT
    known = {str(status): status for status in Status}
    words = [word.strip() for word in text.split(",")]
    wrong = [word for word in words if word not in known]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no status; statuses are {', '.join(known)}")
    return frozenset(known[word] for word in words)


def readable(text: str) -> str:
    """The text itself, a converter: raises ValueError where it can't be read."""
    parse(text)
    return text
