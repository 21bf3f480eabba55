"""Sealed lines: what a node and an arbitrator say to each other, proven by the cluster's secret. They are not secret themselves."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from enum import Enum, unique
from typing import Any, Final

from opensvc_daemon.heartbeat.keyring import Secret

# The longest line that is read: the leases of some thousand services.
LONGEST: Final = 1 << 20
NONCE_BYTES: Final = 16


@unique
class Way(Enum):
    """Who speaks: so nothing that one side has said can be sent back to it as the other's word."""

    QUESTION = "question"
    ANSWER = "answer"


class Unproven(Exception):
    """What arrived is not of somebody who has the secret, or not what was to be said."""


def sealed(secret: Secret, way: Way, body: Mapping[str, Any]) -> bytes:
    """A line that says `body`, with its end."""
    text = json.dumps(body, separators=(",", ":"))
    return json.dumps({"body": text, "proof": _proof(secret, way, text)}, separators=(",", ":")).encode() + b"\n"


def opened(secrets: Iterable[Secret], way: Way, line: bytes) -> tuple[dict[str, Any], Secret]:
    """What a line says, and by which of the secrets it is proven. Raises Unproven."""
    try:
        outer = json.loads(line) if len(line) <= LONGEST else None
    except (ValueError, RecursionError) as error:
        raise Unproven("it is no sealed line") from error
    match outer:
        case {"body": str() as text, "proof": str() as proof}:
            for secret in secrets:
                if hmac.compare_digest(_proof(secret, way, text).encode(), proof.encode("utf-8", "replace")):
                    return _body(text), secret
            raise Unproven("it is not sealed with the cluster's secret")
    raise Unproven("it is no sealed line")


def _body(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unproven("what is sealed can't be read") from error
    if not isinstance(found, dict):
        raise Unproven("what is sealed can't be read")
    return found


def _proof(secret: Secret, way: Way, text: str) -> str:
    key = hmac.digest(secret.value, f"opensvc arbitrator: {way.value}".encode(), hashlib.sha256)
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
