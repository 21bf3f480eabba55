"""Errors of heartbeats: what can't be read, and what must not be sent."""

from __future__ import annotations


class HeartbeatError(Exception):
    """Something is wrong with a message of a heartbeat."""


class Unreadable(HeartbeatError):
    """What arrived is no message of this cluster's: cut short, changed on its way, or of somebody else."""


class UnknownVersion(Unreadable):
    """A node speaks another version of the heartbeat. Its name was in clear: it is a hint, and no proof."""

    def __init__(self, node: str, version: int, own: int) -> None:
        super().__init__(f"{node} speaks version {version} of the heartbeat, this node version {own}: install the same version on both")
        self.node, self.version = node, version


class UnknownKey(Unreadable):
    """A node uses a secret that is not held here. Its name was in clear: it is a hint, and no proof."""

    def __init__(self, node: str, key: bytes) -> None:
        super().__init__(f"{node} uses the secret {key.hex()}, which this node doesn't have: give both the same cluster.secret")
        self.node, self.key = node, key


class Unsendable(HeartbeatError):
    """A message that must not be sent as it is: too large, or its counter was used before."""
