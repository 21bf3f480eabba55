"""What may happen to one node: its timers, its actions, its daemon, its power, and what is done to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from opensvc_core.api import Status
from opensvc_daemon.exploration.model import NAMES, Model
from opensvc_daemon.exploration.world import DEAD, NOBODY, Facts, Node, Peer, with_peer
from opensvc_daemon.orchestration.states import AWAITED, MonitorState, NodeState
from opensvc_daemon.orchestration.view import ACTIVE, Fencing, Guard, Lease, Reach


class Event(NamedTuple):
    """Something that happens to a node.

    `kind` is the budget it is taken from; empty for what comes by itself, "timer" for what time brings. `effects` are on the others.
    """

    text: str
    kind: str
    node: Node
    facts: Facts
    effects: frozenset[str] = frozenset()


def happenings(model: Model, me: int, node: Node, facts: Facts) -> Iterator[Event]:
    """All that may happen to a node next, apart from messages."""
    name = NAMES[me]
    if not node.is_on:
        yield Event(f"{name} is switched on", "boot", begun(model, node._replace(is_on=True)), facts, frozenset({"announces"}))
        return
    for text, kind, after in (*_of_daemon(name, node), *_troubles(name, node), *_time(model, name, node)):
        yield Event(text, kind, after, facts)
    if not node.life:
        yield Event(f"the daemon of {name} begins", "", begun(model, node), facts, frozenset({"announces"}))
    yield Event(f"{name} crashes", "crash", off(model, node), left(facts, me))
    if node.state is NodeState.SHUTTING and not node.is_up and node.work is None:
        yield Event(f"{name} is off after its shutdown", "", off(model, node), left(facts, me))
    yield from _of_lease(model, me, node, facts)
    yield from _of_work(model, me, node, facts)


def begun(model: Model, node: Node) -> Node:
    """A daemon begins: it knows what is on the disk, and nothing of others."""
    peers = tuple(Peer() if peer is not None else None for peer in node.peers)
    lives = node.lives + 1
    work = node.work._replace(is_ordered=False) if node.work else None
    return node._replace(
        lives=lives,
        life=lives,
        state=NodeState.INIT,
        avail=Status.UNDEF,
        monitor=MonitorState.IDLE,
        restarts_left=model.restarts,
        is_awake=False,
        peers=peers,
        work=work,
    )


def killed(node: Node) -> Node:
    """The daemon is no more; what it began goes on."""
    blank = Node()
    peers = tuple(Peer() if peer is not None else None for peer in node.peers)
    disk = ("is_frozen", "is_instance_frozen", "expects_up", "is_provisioned", "has_file", "request", "served")
    kept = ("is_on", "is_up", "work", "lives", "lease", *disk)
    values = {field: getattr(node, field) for field in kept}
    return blank._replace(**values, life=0, peers=peers)


def off(_model: Model, node: Node) -> Node:
    """Without power: what is on the disk is left."""
    return killed(node)._replace(is_on=False, is_up=False, work=None, lease=Lease.NONE)


def left(facts: Facts, me: int) -> Facts:
    """A lease stays with the former life of a node until it runs out; a reservation stays as it is."""
    return facts._replace(token=me + DEAD) if facts.token == me else facts


def _of_daemon(name: str, node: Node) -> Iterator[tuple[str, str, Node]]:
    if not node.life:
        return
    if node.state is NodeState.INIT and node.work is None:
        yield f"{name} has looked at its services", "", node._replace(state=NodeState.REJOIN, avail=_status(node))
    if node.state is NodeState.MAINTENANCE:
        yield f"the daemon of {name} ends for its maintenance", "", killed(node)
    if node.state not in {NodeState.INIT, NodeState.MAINTENANCE} and node.work is None and node.avail is not _status(node):
        yield f"{name} sees that it is {_status(node).value}", "", node._replace(avail=_status(node))
    if node.state is NodeState.IDLE:
        yield f"the daemon of {name} announces maintenance", "maintenance", node._replace(state=NodeState.MAINTENANCE)
        yield f"{name} is told to drain", "drain", node._replace(state=NodeState.DRAINING)
        yield f"{name} is told to shut down", "shutdown", node._replace(state=NodeState.SHUTTING)
    yield f"the daemon of {name} is killed", "kill", killed(node)
    yield f"{name} pauses and wakes up", "pause", node._replace(is_awake=False)


def _status(node: Node) -> Status:
    return Status.UP if node.is_up else Status.DOWN


def _troubles(name: str, node: Node) -> Iterator[tuple[str, str, Node]]:
    if node.is_up and node.work is None:
        yield f"the resource dies on {name}", "death", node._replace(is_up=False)
    if not node.life:
        return
    yield f"node {name} is frozen", "freeze node", node._replace(is_frozen=True)
    if node.is_frozen:
        yield f"node {name} is thawed", "thaw node", node._replace(is_frozen=False)
    if not node.monitor.is_acting:
        yield f"the instance on {name} is frozen", "freeze", node._replace(is_instance_frozen=True)
        if node.is_instance_frozen:
            yield f"the instance on {name} is thawed", "thaw", node._replace(is_instance_frozen=False)
    for index, peer in enumerate(node.peers):
        if peer is not None and peer.reach in {Reach.BEATING, Reach.HEARD}:
            silent = with_peer(node, index, reach=Reach.SILENT, is_delay_over=False, is_grace_over=False)
            yield f"{NAMES[index]} falls silent to {name}", "silence", silent


def _time(model: Model, name: str, node: Node) -> Iterator[tuple[str, str, Node]]:
    """Periods that are over; only those that the node waits for."""
    if not node.life:
        return
    if node.monitor is MonitorState.READY and not node.is_ready_over:
        yield f"the ready period of {name} is over", "timer", node._replace(is_ready_over=True)
    if node.state is NodeState.REJOIN and not node.is_rejoin_over:
        yield f"the rejoin period of {name} is over", "timer", node._replace(is_rejoin_over=True)
    if not node.is_awake and node.state is not NodeState.INIT:
        yield f"{name} has listened long enough", "timer", node._replace(is_awake=True)
    if node.lease is Lease.REFUSED and not node.is_lease_retry_over:
        yield f"{name} may ask for the lease again", "timer", node._replace(is_lease_retry_over=True)
    for index, peer in enumerate(node.peers):
        if peer is not None:
            yield from _time_of_peer(model, name, node, index, peer)


def _time_of_peer(model: Model, name: str, node: Node, index: int, peer: Peer) -> Iterator[tuple[str, str, Node]]:
    if peer.fencing is Fencing.FAILED and not peer.is_retry_over:
        yield f"{name} may fence {NAMES[index]} again", "timer", with_peer(node, index, is_retry_over=True)
    is_split = node.avail in ACTIVE and peer.said is not None and peer.said.avail in ACTIVE and model.topology == "failover"
    if peer.reach is Reach.BEATING and is_split and not peer.is_delay_over:
        yield f"{name} has heard {NAMES[index]} long enough", "timer", with_peer(node, index, is_delay_over=True)
    if peer.reach is Reach.BEATING or peer.is_gone:
        return
    if peer.said is not None and peer.said.state in AWAITED and not peer.is_grace_over:
        yield (
            f"{name} has waited for {NAMES[index]} long enough",
            "timer",
            with_peer(node, index, is_delay_over=True, is_grace_over=True),
        )
    if model.guard is Guard.FENCE and node.monitor is MonitorState.READY and not peer.is_delay_over:
        yield f"{name} has let {NAMES[index]} fence first long enough", "timer", with_peer(node, index, is_delay_over=True)


def _of_lease(model: Model, me: int, node: Node, facts: Facts) -> Iterator[Event]:
    if model.guard is not Guard.LEASE:
        return
    name = NAMES[me]
    if facts.token == me:
        # beat stops what ran on its strength before anybody else may have it; the node ends where that hangs
        lapsed = ended(node, node.work.action, is_ok=False) if node.work and node.work.action in {*_RAISING, "provision"} else node
        yield Event(f"the lease of {name} runs out", "lapse", lapsed._replace(is_up=False, lease=Lease.NONE), facts._replace(token=NOBODY))
    if node.lease is Lease.ASKED:
        if facts.token in {NOBODY, me}:
            yield Event(f"{name} is granted the lease", "", node._replace(lease=Lease.HELD), facts._replace(token=me))
        kind = "" if facts.token not in {NOBODY, me} else "refuse"
        yield Event(f"{name} is refused the lease", kind, node._replace(lease=Lease.REFUSED, is_lease_retry_over=False), facts)


def _of_work(model: Model, me: int, node: Node, facts: Facts) -> Iterator[Event]:
    """Actions that end."""
    work = node.work
    if work is None:
        return
    text = f"{work.action} on {NAMES[me]}"
    # to provision is to start what is made, and to stop it again
    is_making = work.action == "provision" and not node.is_up
    if work.action not in _RAISING and not is_making:
        frees = work.action in _LOWERING | _MAKING and not work.keeps_up and facts.holder == me
        yield Event(f"{text} is done", "", ended(node, work.action, is_ok=True), facts._replace(holder=NOBODY) if frees else facts)
        if work.action in _LOWERING | _MAKING:
            yield Event(f"{text} fails", "fail", ended(node, work.action, is_ok=False), facts)
        return
    held = facts.holder
    raised = node._replace(is_up=True) if is_making else ended(node, work.action, is_ok=True)
    up = "has it up" if is_making else "is done"
    if model.guard is Guard.EXCLUSIVE and held not in {NOBODY, me}:
        if NAMES[held] not in work.confirmed_down:
            yield Event(f"{text} is refused: reserved by {NAMES[held]}", "", ended(node, work.action, is_ok=False), facts)
            return
        yield Event(f"{text} takes over from {NAMES[held]}", "", raised, facts._replace(holder=me), frozenset({f"takes {held}"}))
    elif model.guard is Guard.LEASE and facts.token != me:
        yield Event(f"{text} is refused: no lease", "", ended(node, work.action, is_ok=False), facts)
    else:
        yield Event(f"{text} {up}", "", raised, facts._replace(holder=me) if model.guard is Guard.EXCLUSIVE else facts)
    yield Event(f"{text} fails", "fail", ended(node, work.action, is_ok=False), facts)


_RAISING = frozenset({"start", "restart", "resource"})
_LOWERING = frozenset({"stop", "shutdown", "switch", "freezestop"})
_MAKING = frozenset({"provision", "unprovision", "purge", "delete"})
_FAILED = {
    "start": MonitorState.START_FAILED,
    "restart": MonitorState.RESTART_FAILED,
    "shutdown": MonitorState.SHUTDOWN_FAILED,
    "provision": MonitorState.PROVISION_FAILED,
    "unprovision": MonitorState.UNPROVISION_FAILED,
    "purge": MonitorState.PURGE_FAILED,
    "delete": MonitorState.DELETE_FAILED,
}


def ended(node: Node, action: str, *, is_ok: bool) -> Node:
    """An action ends: what it made of the machine and the disk, and of the monitor if that ordered it."""
    work = node.work
    after = _done(node, action) if is_ok else node._replace(is_up=_left_up(node, action))
    after = after._replace(work=None)
    if work is None or not work.is_ordered or not node.life:
        return after
    if action == "resource":
        state: MonitorState = MonitorState.IDLE if node.monitor is MonitorState.RESTARTING else node.monitor
        return after._replace(avail=_status(after), restarts_left=after.restarts_left - (0 if is_ok else 1), monitor=state)
    state = MonitorState.IDLE if is_ok and action != "switch" else MonitorState.START_FAILED
    if not is_ok:
        state = _FAILED.get(action, MonitorState.STOP_FAILED)
    served = work.request or after.served if is_ok else after.served
    return after._replace(avail=_status(after), monitor=state, served=served)


def _left_up(node: Node, action: str) -> bool:
    """What a start that failed had up is stopped; a stop that failed has stopped nothing."""
    if action == "provision":
        return node.work is not None and node.work.keeps_up
    return node.is_up and action not in _RAISING


def _done(node: Node, action: str) -> Node:
    if action in _RAISING:
        return node._replace(is_up=True, expects_up=node.expects_up or action != "resource")
    if action in _WRITING:
        return node._replace(is_up=_left_up(node, action), **_WRITING[action])
    return node._replace(is_up=False, expects_up=False)._replace(**_LEFT.get(action, {}))


_GONE: dict[str, Any] = {"is_instance_frozen": False, "has_file": False, "request": None, "served": ""}
# What the actions that neither start nor stop leave, and what some of those that stop leave beside it.
_WRITING: Mapping[str, dict[str, Any]] = {
    "freeze": {"is_instance_frozen": True},
    "thaw": {"is_instance_frozen": False},
    "provision": {"is_provisioned": True},
    "delete": _GONE,
}
_LEFT: Mapping[str, dict[str, Any]] = {
    "freezestop": {"is_instance_frozen": True},
    "unprovision": {"is_provisioned": False},
    "purge": {"is_provisioned": False, **_GONE},
}
