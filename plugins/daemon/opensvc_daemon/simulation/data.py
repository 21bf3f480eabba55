"""What a node tells the others: its data, and the message that carries it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import InstanceView
from opensvc_daemon.simulation.cluster import ServiceSetup


class Life(NamedTuple):
    """A life of a daemon, and a number within it: of its beats, or of its data's generations."""

    incarnation: int
    number: int


class Config(NamedTuple):
    """A service's file. A later version replaces an earlier one."""

    version: int
    setup: ServiceSetup


class NodeData(NamedTuple):
    """All that a node says of itself. `gone`: the lives of others that it knows to run nothing any more, from its own knowledge."""

    node: str
    incarnation: int
    generation: int
    state: NodeState
    is_frozen: bool
    is_overloaded: bool
    load: float
    instances: Mapping[str, InstanceView]
    configs: Mapping[str, Config]
    gone: Mapping[str, int]


class Said(NamedTuple):
    """A beat in plain values. `merged`: which generations of the peers' data the sender has; `echo`: their beats that it heard last."""

    counter: int
    merged: Mapping[str, Life]
    echo: Mapping[str, Life]


class Message(NamedTuple):
    """A beat (`Said`, or one of the heartbeat's own, sealed or not) with the whole data of its sender."""

    data: NodeData
    beat: object
