"""The view that a monitor decides by, made of what it knows."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import Arbitrator, Fencing, InstanceView, NodeView, Reach, ServiceView, View
from opensvc_daemon.simulation.cluster import SHARED, NodeSetup
from opensvc_daemon.simulation.data import Config

if TYPE_CHECKING:
    from opensvc_daemon.simulation.monitor import Monitor

_shared = attrgetter(*SHARED)


def view_of(monitor: Monitor) -> View:
    """All that a node knows at this moment."""
    world = monitor.world
    return View(
        monitor.name,
        {node.name: _own(monitor, node) if node.name == monitor.name else _peer(monitor, node) for node in world.setup.nodes},
        {name: _service(monitor, name, config) for name, config in monitor.machine.disk.configs.items()},
        tuple(Arbitrator(name, is_answering=monitor.answering.get(name, False)) for name in world.setup.arbitrators),
        world.setup.settings,
        monitor.awake_since,
        monitor.generation,
    )


def _own(monitor: Monitor, setup: NodeSetup) -> NodeView:
    machine = monitor.machine
    return NodeView(
        setup.name,
        state=monitor.state,
        state_since=monitor.state_since,
        is_frozen=machine.disk.is_frozen,
        is_overloaded=machine.is_overloaded,
        load=machine.load,
        score=setup.score,
        merged=monitor.generation,
        can_be_fenced=setup.fence,
        weight=setup.weight,
    )


def _peer(monitor: Monitor, setup: NodeSetup) -> NodeView:
    ear, data = monitor.hearing.ears[setup.name], monitor.data_of.get(setup.name)
    fencing, fencing_since = monitor.fencing.get(setup.name, (Fencing.NONE, 0.0))
    is_gone = ear.reach is not Reach.BEATING and setup.name in monitor.gone()
    return NodeView(
        setup.name,
        Reach.GONE if is_gone else ear.reach,
        ear.since,
        data.state if data else NodeState.IDLE,
        monitor.state_seen.get(setup.name, 0.0),
        is_frozen=data is not None and data.is_frozen,
        is_overloaded=data is not None and data.is_overloaded,
        load=data.load if data else 0.0,
        score=setup.score,
        merged=ear.merged,
        fencing=fencing,
        fencing_since=fencing_since,
        can_be_fenced=setup.fence,
        weight=setup.weight,
    )


def _service(monitor: Monitor, name: str, config: Config) -> ServiceView:
    instances: dict[str, InstanceView] = {peer: found[name] for peer, found in monitor.theirs.items() if name in found}
    if name in monitor.instances:
        instances[monitor.name] = monitor.instances[name]
    beat = monitor.machine.beat
    lease, since = beat.lease(name) if beat else (ServiceView._field_defaults["lease"], 0.0)
    path, nodes, *shared = _shared(config.setup)
    return ServiceView._make((path, nodes, instances, *shared, lease, since, 0.0))
