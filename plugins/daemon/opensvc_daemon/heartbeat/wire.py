"""The wire: a beat as the bytes that a link carries, at most 1,200."""

from __future__ import annotations

from typing import Final, NamedTuple

from opensvc_daemon.heartbeat.beat import Beat, beat_of, body
from opensvc_daemon.heartbeat.envelope import Envelope
from opensvc_daemon.heartbeat.errors import Unsendable
from opensvc_daemon.heartbeat.keyring import Secret
from opensvc_daemon.heartbeat.sealing import TAG, Opener, Sealer

# What passes any network in one datagram (IPv6 carries 1,280 bytes everywhere), headers of a tunnel included.
LARGEST: Final = 1200


class Arrival(NamedTuple):
    """A beat that arrived, the id of the secret that it was sealed with, and the minor version that its sender speaks."""

    beat: Beat
    key: bytes
    minor: int


def sent(beat: Beat, sealer: Sealer, secret: Secret) -> bytes:
    """A beat to be sent, the same over all links. Raises Unsendable."""
    content = body(beat)
    if (left := _room(beat, content)) < 0:
        raise Unsendable(
            f"{beat.node}: a beat of {LARGEST - left} bytes is over {LARGEST}, "
            f"with {len(beat.seen)} peers, {len(beat.challenged)} challenges: send less of the lease at once"
        )
    return sealer.seal(secret, beat.counter, content)


def arrived(data: bytes, opener: Opener) -> Arrival:
    """What arrived. Raises Unreadable."""
    envelope, content = opener.open(data)
    return Arrival(beat_of(envelope.node, envelope.incarnation, envelope.counter, content), envelope.key, envelope.minor)


def room(beat: Beat) -> int:
    """How many more bytes a beat could carry, in its lease for instance; below zero: it is too large. Raises Unsendable."""
    return _room(beat, body(beat))


def _room(beat: Beat, content: bytes) -> int:
    header = Envelope(beat.node, bytes(4), beat.incarnation, beat.counter).header
    return LARGEST - len(header) - len(content) - TAG
