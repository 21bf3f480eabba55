"""The invariants find a decision that breaks them, and a story that shows it is shrunk until a person can read it."""

from pathlib import Path

import pytest
from opensvc_daemon.orchestration import placement
from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.orders import Decision, Do, Order
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import Guard, InstanceView, Reach
from opensvc_daemon.simulation.history import History, Interval
from opensvc_daemon.simulation.invariants import INVARIANTS
from opensvc_daemon.simulation.run import simulate
from opensvc_daemon.simulation.shrink import shrink
from opensvc_daemon.simulation.story import parse


def without_guards(view, now):
    """Takes every silent peer for dead, as some do."""
    services = {name: one._replace(guard=Guard.ACCEPT) for name, one in view.services.items()}
    return decide(view._replace(services=services), now)


def without_acknowledgements(view, now):
    """Starts as soon as the ready period is over, whether peers have heard of it or not."""
    nodes = {name: node._replace(merged=10**9) for name, node in view.nodes.items()}
    return decide(view._replace(nodes=nodes), now)


def with_thawed_eyes(view, now):
    """Overlooks that instances are frozen."""
    services = {
        name: one._replace(instances={node: instance._replace(is_frozen=False) for node, instance in one.instances.items()})
        for name, one in view.services.items()
    }
    return decide(view._replace(services=services), now)


def without_reasons(view, now):
    decision = decide(view, now)
    return decision._replace(orders=tuple(order._replace(reasons=()) for order in decision.orders))


def lazily(view, now):
    """Starts nothing."""
    decision = decide(view, now)
    return decision._replace(orders=tuple(order for order in decision.orders if order.action != "start"))


def in_circles(view, now):
    """Changes its mind each time."""
    if view.self.state is not NodeState.IDLE or "svc1" not in view.services:
        return decide(view, now)
    is_ready = view.services["svc1"].instances[view.me].monitor is MonitorState.READY
    state = MonitorState.IDLE if is_ready else MonitorState.READY
    return Decision((Order(Do.ANNOUNCE, "svc1", state=state, reasons=(Reason("service.wanted"),)),))


def by_moving(view, now):
    """Stops what is up where it is up."""
    decision = decide(view, now)
    mine = view.services["svc1"].instances[view.me]
    is_idle_here = view.self.state is NodeState.IDLE and mine.is_active and not mine.monitor.is_acting
    if is_idle_here and any(node.reach is Reach.BEATING for name, node in view.nodes.items() if name != view.me):
        return Decision((Order(Do.ACT, "svc1", "stop", reasons=(Reason("placement.preferred", "n2"),)),))
    return decision


def unwillingly(view, now):
    """Does nothing of what people ask for."""
    decision = decide(view, now)
    return decision._replace(orders=tuple(order for order in decision.orders if not order.request))


def cautiously(view, now):
    """Stops everything before it looks."""
    mine = view.services["svc1"].instances[view.me]
    if view.self.state is not NodeState.INIT or mine.monitor.is_acting:
        return decide(view, now)
    return Decision((Order(Do.ACT, "svc1", "stop", reasons=(Reason("service.undef", view.me),)),))


def destructively(view, now):
    """Takes what others have for down."""
    services = {
        name: one._replace(instances={node: i if node == view.me else _down(i) for node, i in one.instances.items()})
        for name, one in view.services.items()
    }
    return decide(view._replace(services=services), now)


def _down(instance):
    return InstanceView(request=instance.request, config=instance.config)


CRASH = ("20 crash n1", "40 boot n1")
CUT = ("20 cut n1 n2", "20 cut n2 n1")


@pytest.mark.parametrize(
    ("broken", "events", "invariant"),
    [
        (without_guards, CUT, "guard|single"),
        (with_thawed_eyes, ("20 freeze n2 svc1", "30 crash n1"), "frozen"),
        (without_reasons, (), "reasons"),
        (lazily, (), "up again"),
        (in_circles, (), "contract"),
        (by_moving, (), "stays"),
        (unwillingly, ("20 request n1 svc1 switch n2",), "requests"),
        (cautiously, ("20 daemon-kill n1", "22 daemon-start n1"), "untouched"),
        (destructively, ("20 request n1 svc1 unprovision",), "in use"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_broken_decision_is_found(told, broken, events, invariant):
    result = simulate(told.story(*events, calm=60, patience=120), decide=broken)
    assert result.violations[0].invariant in invariant.split("|")
    assert not told(*events, calm=60, patience=120).violations, "and the real one is not blamed"


def test_every_invariant_is_one_that_something_breaks():
    """`single` and `guard`, `same choice` and the others: each is named by a test of this file."""
    text = Path(__file__).read_text()
    assert [one for one in INVARIANTS if f'"{one}"' not in text and f'"{one}|' not in text and f'|{one}"' not in text] == []


def test_a_choice_that_differs_from_node_to_node_is_found(told, monkeypatch):
    right = told(more="placement=load_avg", calm=60)
    monkeypatch.setattr(placement, "KEYS", {**placement.KEYS, "load avg": lambda view, _service, node: float(node != view.me)})
    wrong = told(more="placement=load_avg", calm=60)
    assert (right.violations, wrong.violations[0].invariant) == ((), "same choice")


TWO_SERVICES = """
cluster seed=1
node n1
node n2
service svc1 nodes=n1,n2 orchestrate={orchestrate} guard=exclusive resource=fs#1:exclusive
service svc2 nodes=n1,n2 {relation}=svc1 guard=exclusive resource=fs#1:exclusive
at 20 request n1 svc2 {wish}
calm at 40 for 120
"""


@pytest.mark.parametrize(
    ("wish", "relation", "orchestrate"),
    [
        *((wish, "children", "ha") for wish in ("stop", "shutdown", "restart", "switch n2", "unprovision", "purge")),
        *((wish, "parents", "no") for wish in ("start", "restart", "switch n2", "takeover n2", "giveback")),
    ],
)
def test_what_waits_for_a_person_is_no_violation(wish, relation, orchestrate):
    story = TWO_SERVICES.format(wish=wish, relation=relation, orchestrate=orchestrate)
    assert simulate(parse(story)).is_ok
    assert simulate(parse(story.replace(f"{relation}=svc1", "")), unwillingly).violations[0].invariant == "requests"


@pytest.mark.parametrize("wish", ["delete", "purge"])
def test_what_waits_for_a_node_that_is_off_is_no_violation(told, wish):
    # n2 is fenced when all is repaired already, and nobody switches it on again
    events = ("20 daemon-kill n2", "21 cut n1 n2", "30 request n1 svc1 " + wish, "38 crash n1", "39 crash n2")
    result = told(*events, calm=40, patience=200)
    assert result.is_ok, result.violations


def test_a_decision_without_guards_is_found_by_seeds_shrunk_and_printed_short():
    failing = next(result for result in (simulate(seed, without_guards) for seed in range(100)) if not result.is_ok)
    shortest = shrink(failing, without_guards)
    text = str(shortest.story)
    assert not shortest.is_ok
    assert shortest.violations[0].invariant == failing.violations[0].invariant
    assert len(shortest.story.events) <= 3 < len(failing.story.events)
    assert len(text.splitlines()) <= 12
    assert len(shortest.story.setup.services) == 1
    told_again = simulate(parse(text), without_guards)
    assert told_again.violations == shortest.violations, "the text is the whole story"


def test_a_decision_that_waits_for_no_acknowledgement_is_found(told):
    late = ("20 delay n1 n2 1.3 0", "20 delay n2 n1 1.3 0")
    events = ("1 freeze-node n1", "1 freeze-node n2", *late, "40 thaw-node n2", "40.2 thaw-node n1")
    result = simulate(told.story(*events, calm=100), decide=without_acknowledgements)
    assert result.violations[0].invariant == "single"
    assert told(*events, calm=100).is_ok


def test_two_active_instances_are_seen_at_the_very_moment(told):
    world = told.until(20.0, guard="fence")
    world.machines["n2"].activate("svc1", "fs#1")
    violation = world.referee.violations[0]
    assert (violation.invariant, violation.at) == ("single", 20.0)
    assert violation.text == "svc1 is active on n1 and n2"


def test_what_a_delete_leaves_up_is_no_part_of_a_service_made_anew(told):
    result = told("30 request n1 svc1 delete", "40 nodes svc1 n3", calm=60, more="nodes=n1,n2\nnode n3")
    assert result.is_ok, result.violations
    assert [(one.node, one.end > 60) for one in result.history] == [("n1", True), ("n3", True)]
    again = told("30 request n1 svc1 delete", "40 nodes svc1 n1 n3", calm=60, more="nodes=n1,n2\nnode n3")
    assert again.is_ok, again.violations


def test_an_accepted_double_start_is_no_violation(told):
    result = told(*CUT, guard="accept", calm=60)
    assert not [one for one in result.violations if one.invariant == "single"]
    assert {one.node for one in result.history} == {"n1", "n2"}


def test_a_decision_that_fences_and_does_not_wait_is_found(told):
    def hasty(view, now):
        nodes = {name: node._replace(reach=Reach.GONE) if node.reach is Reach.SILENT else node for name, node in view.nodes.items()}
        return decide(view._replace(nodes=nodes), now)

    result = simulate(told.story(*CUT, calm=60), decide=hasty)
    assert result.violations[0].invariant == "guard"


def test_history_is_of_intervals_that_do_not_overlap_at_one_moment():
    history = History()
    assert history.mark("svc1", "n1", 1.0, is_active=True)
    assert not history.mark("svc1", "n1", 2.0, is_active=True)
    assert history.mark("svc1", "n1", 3.0, is_active=False)
    assert history.mark("svc1", "n2", 3.0, is_active=True)
    assert history.active("svc1") == ["n2"]
    assert history.all() == [Interval("svc1", "n1", 1.0, 3.0), Interval("svc1", "n2", 3.0)]
