"""Long random walks through the same models, deeper than all states can be visited."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from opensvc_daemon.exploration.engine import Engine
from opensvc_daemon.exploration.model import Ask, Model
from opensvc_daemon.exploration.settling import Settler
from opensvc_daemon.exploration.truth import wrong
from opensvc_daemon.orchestration.requests import Wish
from opensvc_daemon.orchestration.view import Guard

TROUBLES = {
    "crash": 3,
    "boot": 4,
    "silence": 6,
    "kill": 3,
    "maintenance": 2,
    "fail": 2,
    "misfire": 2,
    "freeze": 1,
    "thaw": 1,
    "freeze node": 1,
    "thaw node": 1,
    "pause": 2,
    "drain": 1,
    "shutdown": 1,
    "death": 2,
    "lapse": 3,
    "refuse": 2,
}
# What a person has stopped is not thawed by another one, so that it can be seen whether it stayed so.
UNTHAWED = {kind: count for kind, count in TROUBLES.items() if kind not in {"thaw", "thaw node"}}
ASKED = (Ask(Wish.STOP), Ask(Wish.START, at=1), Ask(Wish.SWITCH, ("B",)), Ask(Wish.RESTART, at=1), Ask(Wish.GIVEBACK), Ask(Wish.CLEAR))
MAKING = (Ask(Wish.PROVISION), Ask(Wish.PROVISION, at=1), Ask(Wish.UNPROVISION, at=1), Ask(Wish.START))
WALKS = [
    *(Model(f"{guard.value} of 2, asked", 2, guard, asks=ASKED, budget=UNTHAWED) for guard in Guard),
    *(Model(f"{guard.value} of 2, made", 2, guard, asks=MAKING, is_made=False, budget=UNTHAWED) for guard in Guard),
    Model("lease of 3, asked, slow", 3, Guard.LEASE, is_delayed=True, asks=ASKED, budget=UNTHAWED),
    Model("fence of 3, purged", 3, asks=(Ask(Wish.PURGE, at=2), Ask(Wish.START)), budget=UNTHAWED),
    *(Model(f"{guard.value} of {count}", count, guard, budget=TROUBLES) for guard in Guard for count in (2, 3)),
    Model("none of 2, no data", guard=Guard.NONE, has_data=False, budget=TROUBLES),
    *(Model(f"{guard.value} of 3, slow", 3, guard, is_delayed=True, is_cold=True, budget=TROUBLES) for guard in Guard),
    Model("lease of 3, biased", 3, Guard.LEASE, is_biased=True, is_delayed=True, budget=TROUBLES),
    Model("lease of 3, quorum", 3, Guard.LEASE, has_quorum_rule=True, budget=TROUBLES),
    Model("fence of 3, monitor action", 3, monitor_action=("switch",), budget=TROUBLES),
    Model("flex of 3", 3, topology="flex", flex_target=2, budget=TROUBLES),
]
# Each takes some seconds of a processor that others may be using.
pytestmark = pytest.mark.timeout(300)
_engines: dict[Model, Engine] = {}


def engine_of(model: Model) -> Engine:
    """What was worked out in one walk serves the others."""
    return _engines.setdefault(model.name, Engine(model))


class Walk(RuleBasedStateMachine):
    """One step after another, whatever is possible; in the end faults end, and all has to come to rest where it is wanted."""

    @initialize(model=st.sampled_from(WALKS))
    def begin(self, model):
        self.engine = engine_of(model)
        self.world = self.engine.begin()
        self.way = [model.name]

    @rule(choices=st.lists(st.integers(0, 1 << 16), min_size=1, max_size=8))
    def go_on(self, choices):
        for choice in choices:
            steps = list(self.engine.steps(self.world))
            if not steps:
                return
            step = steps[choice % len(steps)]
            self.world = step.world
            self.way.append(step.text)
            assert not step.complaints, (step.complaints, self.way)

    @invariant()
    def all_is_as_it_should_be(self):
        if hasattr(self, "world"):
            assert not wrong(self.engine, self.world), self.way

    def teardown(self):
        if hasattr(self, "world"):
            rest = Settler(self.engine).settle(self.world)
            assert not rest.complaints, (rest.complaints, self.way, "healed:", rest.way)


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=80, stateful_step_count=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
