"""What people ask for, interrupted anywhere: from every state on the way the end is the same."""

import pytest
from opensvc_daemon.exploration.engine import Engine
from opensvc_daemon.exploration.model import Ask, Model
from opensvc_daemon.exploration.settling import Settler
from opensvc_daemon.orchestration.requests import Wish
from opensvc_daemon.orchestration.view import Guard

# Each takes some seconds of a processor that others may be using.
pytestmark = pytest.mark.timeout(300)

# The last of what is asked for is what is interrupted; what comes before it has ended by then.
ASKED = [
    Model("stop", guard=Guard.NONE, asks=(Ask(Wish.STOP),)),
    Model("shutdown", guard=Guard.NONE, asks=(Ask(Wish.SHUTDOWN, at=1),)),
    Model("switch", guard=Guard.NONE, asks=(Ask(Wish.SWITCH, ("B",)),)),
    Model("switch, asked elsewhere", guard=Guard.LEASE, asks=(Ask(Wish.SWITCH, ("B",), 1),)),
    Model("restart", guard=Guard.NONE, asks=(Ask(Wish.RESTART),)),
    Model("freeze", guard=Guard.NONE, asks=(Ask(Wish.FREEZE, at=1),)),
    Model("three, switch", 3, Guard.NONE, asks=(Ask(Wish.SWITCH, ("C",), 1),)),
    Model("three, stop", 3, Guard.NONE, asks=(Ask(Wish.STOP, at=2),)),
    Model("takeover", guard=Guard.NONE, asks=(Ask(Wish.TAKEOVER, ("B",), 1),)),
    Model("provision", guard=Guard.NONE, is_made=False, asks=(Ask(Wish.PROVISION, at=1),)),
    Model("provision with a lease", guard=Guard.LEASE, is_made=False, asks=(Ask(Wish.PROVISION, at=1),)),
    Model("purge", guard=Guard.FENCE, asks=(Ask(Wish.PURGE, at=1),)),
    Model("delete", guard=Guard.LEASE, asks=(Ask(Wish.DELETE, at=1),)),
    Model("unprovision", guard=Guard.NONE, asks=(Ask(Wish.UNPROVISION, at=1),)),
    Model("start", guard=Guard.FENCE, asks=(Ask(Wish.STOP), Ask(Wish.START, at=1))),
    Model("start with a lease", guard=Guard.LEASE, asks=(Ask(Wish.STOP), Ask(Wish.START, at=1))),
    Model("thaw", guard=Guard.FENCE, asks=(Ask(Wish.FREEZE), Ask(Wish.THAW, at=1))),
    Model("giveback", guard=Guard.FENCE, asks=(Ask(Wish.SWITCH, ("B",)), Ask(Wish.GIVEBACK, at=1))),
    Model("giveback with a lease", guard=Guard.LEASE, asks=(Ask(Wish.SWITCH, ("B",)), Ask(Wish.GIVEBACK, at=1))),
]
# A node that is emptied is frozen before, so that nothing comes back to it.
DRAINED = [
    Model("drain", guard=Guard.FENCE, budget={"freeze node": 1, "drain": 1}),
    Model("drain with a lease", guard=Guard.LEASE, budget={"freeze node": 1, "drain": 1}),
]
STORIES = [*ASKED, *DRAINED]
# What interrupts: a daemon is killed and comes back, a node crashes and comes back, a node does not hear another one for a while.
TROUBLES = ("kill", "crash", "silence")
# What differs in the end for some of the interruptions, and may: the place, where the node crashes on which it would be up (what is
# frozen is not taken over then, nor what is deleted and left up), or is not heard when it is to be moved there, which is refused; and a
# thaw waits for no silent node.
DIFFERS = {
    ("switch", "crash"): {"is_up"},
    ("switch", "silence"): {"is_up", "progress"},
    ("switch, asked elsewhere", "crash"): {"is_up"},
    ("switch, asked elsewhere", "silence"): {"is_up", "progress"},
    ("three, switch", "crash"): {"is_up"},
    ("three, switch", "silence"): {"is_up", "progress"},
    ("takeover", "crash"): {"is_up"},
    ("takeover", "silence"): {"is_up", "progress"},
    ("freeze", "crash"): {"is_up"},
    ("thaw", "silence"): {"is_instance_frozen"},
    ("giveback with a lease", "silence"): {"is_up"},
    ("delete", "crash"): {"is_up"},
}
FIELDS = ("is_up", "is_instance_frozen", "is_frozen", "monitor", "state", "is_provisioned", "progress")


def following(engine, world, kind):
    """The world after the first thing of that kind that may happen."""
    return next(step.world for step in engine.steps(world) if step.kind == kind)


def begun(engine, count=None):
    """The world in which what the story is about has just been asked for: the last of so many, or of all."""
    world = engine.begin()
    if not engine.model.asks:
        return following(engine, following(engine, world, "freeze node"), "drain")
    for _ in range(1, count or len(engine.model.asks)):
        world = Settler(engine).settle(following(engine, world, "ask")).world
    return following(engine, world, "ask")


def ended(engine, world):
    """How it ends: what runs where, and what became of what was asked for; by field, for each node."""
    nodes = engine.nodes(world)
    found = {field: [getattr(node, field) for node in nodes] for field in FIELDS[:-1]}
    return {**found, "progress": [node.request and node.request.progress for node in nodes]}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("model", STORIES, ids=lambda model: model.name)
def test_what_is_interrupted_anywhere_ends_as_if_it_was_not(model, trouble):
    engine = Engine(model._replace(budget={**model.budget, trouble: 1}))
    story = Settler(engine).settle(begun(engine))
    assert story.complaints == ()
    interrupted = [step.world for world in story.passed for step in engine.steps(world) if step.kind == trouble]
    assert len(interrupted) > 5
    expected, differing = ended(engine, story.world), set()
    for world in interrupted:
        rest = Settler(engine).settle(world)
        assert rest.complaints == (), rest.way
        differing |= {field for field, values in ended(engine, rest.world).items() if values != expected[field]}
    assert differing == DIFFERS.get((model.name, trouble), set())


@pytest.mark.parametrize("model", ASKED, ids=lambda model: model.name)
def test_an_order_that_is_given_twice_ends_as_if_given_once(model):
    once, twice = Engine(model), Engine(model._replace(asks=(*model.asks, model.asks[-1])))
    expected = ended(once, Settler(once).settle(begun(once)).world)
    rest = Settler(twice).settle(following(twice, begun(twice, len(model.asks)), "ask"))
    assert rest.complaints == ()
    found = ended(twice, rest.world)
    assert {field for field in FIELDS[:-1] if found[field] != expected[field]} == set()
