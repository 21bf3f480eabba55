"""The models that are explored: each guard, each kind of trouble, each kind of request, with two nodes and with three.

LIMIT    states of a model that a test run visits, the nearest first
LONG     the same for a long run
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opensvc_daemon.exploration.model import Ask, Model
from opensvc_daemon.orchestration.requests import Wish
from opensvc_daemon.orchestration.view import Guard

LIMIT = 3_000
LONG = 400_000

# Troubles, by kind, how often each.
_CRASH: Mapping[str, int] = {"crash": 1, "boot": 1, "silence": 1}
_BOUNCE: Mapping[str, int] = {"kill": 1, "boot": 1, "silence": 1}
_DEATH: Mapping[str, int] = {"death": 1, "fail": 1, "silence": 1}

_GUARDS = tuple(
    Model(f"{guard.value}: a crash, a cut", 2, guard, budget={**_CRASH, **({"lapse": 1, "refuse": 1} if guard is Guard.LEASE else {})})
    for guard in Guard
)
_TWO = (
    Model("none, no data: a crash, a cut", guard=Guard.NONE, has_data=False, budget=_CRASH),
    Model("accept: all hear each other, actions fail", guard=Guard.ACCEPT, budget={"fail": 2, "death": 1}),
    Model("fence: it fails at first, and two cuts", budget={"crash": 1, "boot": 1, "silence": 2, "misfire": 1}),
    Model("fence: two deaths of a daemon", budget={"kill": 2, "silence": 1, "boot": 1}),
    Model("none: a death of a daemon", guard=Guard.NONE, budget=_BOUNCE),
    Model("lease: a death of a daemon", guard=Guard.LEASE, budget={**_BOUNCE, "lapse": 1}),
    Model("exclusive: a death of a daemon", guard=Guard.EXCLUSIVE, budget={"kill": 1, "silence": 2, "fail": 1}),
    Model("fence: maintenance", budget={"maintenance": 1, "silence": 1, "kill": 1, "boot": 1}),
    Model("none: maintenance", guard=Guard.NONE, budget={"maintenance": 1, "silence": 1, "crash": 1, "boot": 1}),
    Model("fence: frozen", budget={"freeze": 1, "freeze node": 1, "thaw": 1, "crash": 1, "boot": 1, "silence": 1}),
    Model("fence: a pause", budget={"pause": 1, "silence": 2, "boot": 1}),
    Model("fence: a drain, a shutdown", budget={"drain": 1, "shutdown": 1, "boot": 1, "silence": 1}),
    Model("none: a shutdown", guard=Guard.NONE, budget={"shutdown": 1, "silence": 1, "boot": 1}),
    Model("lease: a shutdown", guard=Guard.LEASE, budget={"shutdown": 1, "silence": 1, "boot": 1}),
    Model("fence: the resource dies", budget=_DEATH, monitor_action=("switch",)),
    Model("fence: the resource dies, is restarted", budget={**_DEATH, "crash": 1, "boot": 1}, monitor_action=("switch",), restarts=1),
    Model(
        "lease: the resource dies, is restarted", guard=Guard.LEASE, budget={"death": 1, "kill": 1, "silence": 1, "lapse": 1}, restarts=1
    ),
    Model("fence: from cold", is_cold=True, budget={**_CRASH, "fail": 1}),
    Model("none: from cold", is_cold=True, guard=Guard.NONE, budget={**_CRASH, "fail": 1}),
    Model("lease: from cold", is_cold=True, guard=Guard.LEASE, budget={"silence": 1, "refuse": 1, "lapse": 1}),
    Model("none: from cold, messages are slow", is_cold=True, is_delayed=True, guard=Guard.NONE, budget={"silence": 1}),
    Model("fence: a crash, a cut, messages are slow", is_delayed=True, budget=_CRASH),
    Model("none: each takes itself for the best", guard=Guard.NONE, is_biased=True, budget={"death": 1, "fail": 1, "silence": 1}),
    Model("none: each takes itself for the best, slow messages", guard=Guard.NONE, is_biased=True, is_delayed=True, budget={"death": 1}),
    Model("none: each takes itself for the best, from cold", guard=Guard.NONE, is_biased=True, is_cold=True, budget={"silence": 1}),
    Model("lease: each takes itself for the best", guard=Guard.LEASE, is_biased=True, budget={"death": 1, "fail": 1, "lapse": 1}),
    Model("accept, quorum: a cut", guard=Guard.ACCEPT, has_quorum_rule=True, budget={"silence": 2}),
    Model("accept: slow messages only", is_delayed=True, guard=Guard.ACCEPT, budget={"fail": 1, "death": 1}),
)
_STOP, _START = Ask(Wish.STOP), Ask(Wish.START, at=1)
_ASKED = (
    Model("stop, and a death of a daemon", guard=Guard.NONE, asks=(_STOP,), budget={"kill": 2}),
    Model("stop, and a crash", asks=(_STOP,), budget=_CRASH),
    Model("freeze, and a crash, then a start", asks=(Ask(Wish.FREEZE), _START), budget={"crash": 1, "boot": 1}),
    Model("exclusive: a crash, and back", guard=Guard.EXCLUSIVE, budget={"crash": 1, "boot": 1, "freeze node": 1}),
    Model("stop and start", guard=Guard.NONE, asks=(_STOP, _START), budget={"kill": 1, "fail": 1}),
    Model("shutdown and start", guard=Guard.NONE, asks=(Ask(Wish.SHUTDOWN), _START), budget={"kill": 1}),
    Model("switch", asks=(Ask(Wish.SWITCH, ("B",)),), budget={**_BOUNCE, "fail": 1}),
    Model("switch with a lease", guard=Guard.LEASE, asks=(Ask(Wish.SWITCH, ("B",)),), budget={"kill": 1, "lapse": 1}),
    Model("switch there and back", asks=(Ask(Wish.SWITCH, ("B",)), Ask(Wish.SWITCH, ("A",), 1)), budget={"silence": 1}),
    Model("giveback", asks=(Ask(Wish.GIVEBACK),), budget={"kill": 1, "crash": 1, "boot": 1}),
    Model("restart", asks=(Ask(Wish.RESTART),), budget={"kill": 1, "fail": 1, "silence": 1}),
    Model("freeze and thaw", guard=Guard.NONE, asks=(Ask(Wish.FREEZE), Ask(Wish.THAW, at=1)), budget={"kill": 2}),
    Model("freeze and thaw, slow messages", guard=Guard.NONE, is_delayed=True, asks=(Ask(Wish.FREEZE), Ask(Wish.THAW, at=1))),
    Model("stop and start, slow messages", guard=Guard.NONE, is_delayed=True, asks=(_STOP, _START), budget={"fail": 1}),
    Model("clear", asks=(Ask(Wish.CLEAR, at=1),), budget={"fail": 1, "crash": 1, "boot": 1}),
    Model("abort of a switch", asks=(Ask(Wish.SWITCH, ("B",)), Ask(Wish.ABORT, at=1)), budget={"kill": 1}),
)
_PROVISIONS = (Ask(Wish.PROVISION), Ask(Wish.PROVISION, at=1))
_MADE = (
    Model("provision, and deaths of daemons", is_made=False, asks=(Ask(Wish.PROVISION, at=1),), budget={"kill": 2}),
    Model("provision that fails, and a crash", is_made=False, asks=(Ask(Wish.PROVISION),), budget={**_CRASH, "fail": 1}),
    Model("provision and start", guard=Guard.NONE, is_made=False, asks=(Ask(Wish.PROVISION), _START), budget={"kill": 1}),
    Model(
        "lease: provision, and deaths of daemons", guard=Guard.LEASE, is_made=False, asks=(Ask(Wish.PROVISION, at=1),), budget={"kill": 2}
    ),
    Model(
        "lease: provision that fails, and a crash",
        guard=Guard.LEASE,
        is_made=False,
        asks=(Ask(Wish.PROVISION),),
        budget={**_CRASH, "fail": 1, "lapse": 1, "refuse": 1},
    ),
    Model(
        "lease: provision, asked on both", guard=Guard.LEASE, is_made=False, asks=_PROVISIONS, budget={"kill": 1, "silence": 1, "lapse": 1}
    ),
    Model("exclusive: provision, asked on both", guard=Guard.EXCLUSIVE, is_made=False, asks=_PROVISIONS, budget={**_CRASH, "fail": 1}),
    Model(
        "provision: each takes itself for the best", guard=Guard.NONE, is_biased=True, is_made=False, asks=_PROVISIONS, budget={"kill": 1}
    ),
    Model(
        "provision: each takes itself for the best, slow messages",
        guard=Guard.NONE,
        is_biased=True,
        is_delayed=True,
        is_made=False,
        asks=_PROVISIONS,
        budget={"fail": 1},
    ),
    Model("unprovision, and a death of a daemon", asks=(Ask(Wish.UNPROVISION, at=1),), budget={**_BOUNCE, "fail": 1}),
    Model("unprovision and provision", guard=Guard.NONE, asks=(Ask(Wish.UNPROVISION), Ask(Wish.PROVISION, at=1)), budget={"kill": 1}),
    Model(
        "lease: unprovision and provision", guard=Guard.LEASE, asks=(Ask(Wish.UNPROVISION), _PROVISIONS[1]), budget={"kill": 1, "lapse": 1}
    ),
    Model(
        "lease: unprovision and a start, and cuts",
        guard=Guard.LEASE,
        asks=(Ask(Wish.UNPROVISION), Ask(Wish.START)),
        budget={"silence": 2, "lapse": 1},
    ),
    Model(
        "lease: unprovision and abort, and a cut",
        guard=Guard.LEASE,
        asks=(Ask(Wish.UNPROVISION), Ask(Wish.ABORT)),
        budget={"kill": 1, "silence": 1, "lapse": 1},
    ),
    Model("lease: unprovision, and a crash", guard=Guard.LEASE, asks=(Ask(Wish.UNPROVISION, at=1),), budget={**_CRASH, "lapse": 1}),
    Model("purge, and a death of a daemon", asks=(Ask(Wish.PURGE, at=1),), budget={**_BOUNCE, "fail": 1}),
    Model("purge, and a crash", guard=Guard.LEASE, asks=(Ask(Wish.PURGE),), budget={**_CRASH, "lapse": 1}),
    Model("delete, and a crash", asks=(Ask(Wish.DELETE, at=1),), budget=_CRASH),
    Model(
        "lease: delete, and a death of a daemon",
        guard=Guard.LEASE,
        asks=(Ask(Wish.DELETE, at=1),),
        budget={**_BOUNCE, "fail": 1, "lapse": 1},
    ),
    Model("three, delete", 3, asks=(Ask(Wish.DELETE, at=1),), budget={"silence": 2}),
    Model("three, lease: provision", 3, Guard.LEASE, is_made=False, asks=(Ask(Wish.PROVISION, at=1),), budget={"kill": 1, "silence": 1}),
    Model("three, purge", 3, Guard.NONE, asks=(Ask(Wish.PURGE, at=2),), budget={"kill": 1, "silence": 1}),
)
_THREE = (
    Model("three, fence: a crash", 3, budget={"crash": 1, "boot": 1}),
    Model("three, fence: cuts", 3, budget={"silence": 3, "boot": 1}),
    Model("three, fence: a cut, slow messages", 3, is_delayed=True, budget={"silence": 1}),
    Model("three, none, quorum: cuts", 3, Guard.NONE, has_quorum_rule=True, budget={"silence": 3}),
    Model("three, lease: a crash", 3, Guard.LEASE, budget={"crash": 1, "silence": 1, "lapse": 1}),
    Model("three, lease, quorum: cuts", 3, Guard.LEASE, has_quorum_rule=True, budget={"silence": 3, "lapse": 1}),
    Model("three, fence, quorum, crash: cuts", 3, has_quorum_rule=True, split_action="crash", budget={"silence": 3, "boot": 1}),
    Model("three, exclusive: a crash", 3, Guard.EXCLUSIVE, budget={"crash": 1, "silence": 1}),
    Model("three, none: each takes itself for the best", 3, Guard.NONE, is_biased=True, budget={"death": 1}),
    Model("three, fence: from cold", 3, is_cold=True),
    Model("three, none: from cold", 3, Guard.NONE, is_cold=True, budget={"crash": 1}),
    Model("three, switch", 3, asks=(Ask(Wish.SWITCH, ("C",), 1),), budget={"kill": 1}),
    Model("three, flex: a crash", 3, topology="flex", flex_target=2, budget={**_CRASH, "fail": 1}),
)
# What restarts a resource of an instance that is down may have it up in a moment: peers have to know that before.
_RESTARTED: Sequence[Model] = (
    Model("frozen while its resource is restarted", budget={"freeze": 1, "death": 1}, restarts=1),
    Model(
        "a frozen node restarts a resource, slow messages",
        guard=Guard.NONE,
        is_delayed=True,
        budget={"freeze node": 1, "death": 1},
        restarts=1,
    ),
)
MODELS: Sequence[Model] = (*_GUARDS, *_TWO, *_ASKED, *_MADE, *_THREE, *_RESTARTED)
