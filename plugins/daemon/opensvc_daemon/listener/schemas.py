"""Schemas of the answers, in JSON Schema, as the description has them and the tests hold against real answers."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]


def record(*required: str, **properties: Json) -> Json:
    """An object with these properties, and room for more: a newer member may tell more."""
    return {"type": "object", "properties": properties, "required": list(required)}


def listed(items: Json) -> Json:
    """An array."""
    return {"type": "array", "items": items}


def by_name(values: Json) -> Json:
    """An object whose names are not known before."""
    return {"type": "object", "additionalProperties": values}


TEXT: Final[Json] = {"type": "string"}
WHOLE: Final[Json] = {"type": "integer"}
NUMBER: Final[Json] = {"type": "number"}
FLAG: Final[Json] = {"type": "boolean"}
NOTHING: Final[Json] = record()
ERROR: Final[Json] = record("error", "id", error=TEXT, id=TEXT)
REQUEST: Final[Json] = record(
    "id", id=TEXT, service=TEXT, wish=TEXT, sequence=WHOLE, origin=TEXT, to=listed(TEXT), progress=TEXT, why=TEXT, removing=WHOLE
)
NODE: Final[Json] = record("reach", reach=TEXT, state=TEXT, frozen=FLAG, load=NUMBER, agent=TEXT)
SERVICE: Final[Json] = record("avail", avail=TEXT, placement=TEXT, instances=by_name(record()), running=WHOLE, expected=WHOLE)
STATUS: Final[Json] = record(
    "version",
    "me",
    "cluster",
    "nodes",
    "services",
    version=WHOLE,
    me=TEXT,
    now=NUMBER,
    cluster=record("nodes", name=TEXT, id=TEXT, nodes=listed(TEXT), quorum=FLAG),
    nodes=by_name(NODE),
    services=by_name(SERVICE),
)
REASON: Final[Json] = record("code", "text", code=TEXT, node=TEXT, text=TEXT, facts=listed(TEXT))
EXPLANATION: Final[Json] = record(
    "reasons",
    reasons=listed(REASON),
    service=TEXT,
    node=TEXT,
    placement=TEXT,
    measured=by_name(NUMBER),
    candidates=listed(TEXT),
    rules=by_name(by_name({"oneOf": [REASON, {"type": "null"}]})),
    excluded=listed(REASON),
    orders=listed(record("order", "reasons", order=TEXT, reasons=listed(REASON))),
)
EVENT: Final[Json] = record("id", "kind", "at", id=WHOLE, kind=TEXT, at=NUMBER, node=TEXT, service=TEXT, data=record())
LINE: Final[Json] = record("node", "line", node=TEXT, line=TEXT)
CONFIG: Final[Json] = record("text", "digest", "generations", text=TEXT, digest=TEXT, generations=by_name(WHOLE))
GENERATIONS: Final[Json] = record("generations", generations=by_name(WHOLE))
JOINED: Final[Json] = {"oneOf": [record("nonce", nonce=TEXT), record("sealed", sealed=TEXT)]}
