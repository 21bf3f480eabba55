"""Targets of the cluster: what arrives from a network that anybody may write to, and from a peer that may be of another version."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress

from opensvc_daemon.guards import lines
from opensvc_daemon.guards.sealed import Unproven, Way, opened
from opensvc_daemon.heartbeat import beat, data
from opensvc_daemon.heartbeat.compact import decoded, encoded
from opensvc_daemon.heartbeat.digests import digested
from opensvc_daemon.heartbeat.errors import Unreadable
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.heartbeat.replica import Replica
from opensvc_daemon.heartbeat.sealing import Opener, Sealer

SECRET = Secret.of_text("00112233445566778899aabbccddeeff")
OPENER = Opener("fuzz", Keyring((SECRET,)))
READERS = (lines.read_request, lines.read_release, lines.read_answer, lines.read_membership)


def beats(raw: bytes) -> None:
    """A stranger's bytes are refused; what a holder of the secret says is a beat that says the same again, or unreadable."""
    with suppress(Unreadable):
        OPENER.open(raw)
        raise AssertionError("opened without the secret")
    envelope, body = OPENER.open(Sealer("fuzz", "n1", 7).seal(SECRET, 1, raw))
    assert (envelope.node, envelope.incarnation, envelope.counter, body) == ("n1", 7, 1, raw)
    with suppress(Unreadable):
        assert encoded(decoded(raw)) == raw
    with suppress(Unreadable):
        read = beat.beat_of("n1", 7, 1, raw)
        assert beat.beat_of("n1", 7, 1, beat.body(read)) == read


def peer_data(raw: bytes) -> None:
    """A peer's data are applied as a whole or not at all; packed bytes cost no more than what may be unpacked."""
    for packed in (raw, zlib.compress(raw)):
        with suppress(Unreadable):
            message = data.decoded(packed)
            before = Replica(7, 1, digested({"a": {"b": 1}}))
            after, _ = before.received(7, message)
            assert after.generation in (before.generation, message.generation)
            assert before.data == {"a": {"b": 1}}


def votes(raw: bytes) -> None:
    """What an arbitrator or its caller is sent is proven or refused; what is proven is read or refused."""
    for way in Way:
        with suppress(Unproven):
            opened([SECRET], way, raw)
            raise AssertionError("proven without the secret")
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return
    for read in READERS:
        with suppress(ValueError):
            read(value)
