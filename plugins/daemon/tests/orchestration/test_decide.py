"""Properties of the decision over views of every kind."""

import re
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st
from opensvc_daemon.orchestration.candidates import CONDITION, INSTANCE_RULES, exclusions, verdicts
from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.explain import explain
from opensvc_daemon.orchestration.orders import Do
from opensvc_daemon.orchestration.reasons import TEXTS
from opensvc_daemon.orchestration.states import AWAITED, TRANSITIONS, NodeState
from opensvc_daemon.orchestration.view import Guard, Lease, Reach
from stage.made import NOW, views

many = settings(max_examples=200, deadline=None)
# Orders that may follow one another on the same instance: the second is said while the first is done.
_BESIDE = {Do.NOTHING, Do.RESTART_RESOURCE, Do.RUN, Do.RELEASE_LEASE, Do.END_REQUEST}


def _steady(order):
    """An order without the seconds that its reasons tell."""
    return order._replace(reasons=tuple((reason.code, reason.node) for reason in order.reasons))


@many
@given(views)
def test_every_order_has_reasons_that_can_be_read(view):
    for order in decide(view, NOW).orders:
        assert order.reasons
        for reason in order.reasons:
            text = str(reason)
            assert text
            assert len(reason.facts) == len(set(re.findall(r"\{\d\}", TEXTS[reason.code])))


@many
@given(views)
def test_an_explanation_gives_the_orders_of_the_decision(view):
    alone = {path: view._replace(services={path: service}) for path, service in view.services.items()}
    for path, only in alone.items():
        decided = [order for order in decide(only, NOW).orders if order.service == path]
        # what is done for a service with a node is an order of the node
        explained = [order for order in explain(only, NOW, path).orders if order.service == path]
        assert explained == decided


@many
@given(views, st.floats(0.0, 0.99))
def test_an_unchanged_view_decides_the_same_until_it_wakes(view, part):
    first = decide(view, NOW)
    assert first.wake is None or first.wake > NOW
    later = NOW + part * ((first.wake or NOW + 1000.0) - NOW)
    second = decide(view, later)
    assert [_steady(order) for order in second.orders] == [_steady(order) for order in first.orders]
    assert second.wake == first.wake


@many
@given(views)
def test_rules_of_an_instance_s_condition_look_at_nothing_else(view):
    evaluation = Evaluation(view, NOW)
    for service in view.services.values():
        for node, instance in service.instances.items():
            condition = SimpleNamespace(**{name: getattr(instance, name) for name in CONDITION})
            for rule in INSTANCE_RULES:
                if rule.is_of_condition:
                    assert rule.facts(None, None, None, condition) == rule.facts(evaluation, service, node, instance)


@many
@given(views)
def test_what_excludes_a_node_is_what_the_rules_say_one_by_one(view):
    evaluation = Evaluation(view, NOW)
    for service in view.services.values():
        for node in service.instances:
            told = [verdict.reason for verdict in verdicts(evaluation, service, node) if verdict.reason is not None]
            assert sorted(exclusions(evaluation, service, node)) == sorted(told)


@many
@given(views)
def test_a_decision_is_a_function_of_its_view(view):
    assert decide(view, NOW) == decide(view, NOW)


@many
@given(views)
def test_frozen_instances_are_not_touched_unless_a_person_or_a_shutdown_asks(view):
    frozen = {path for path, one in view.services.items() if view.me in one.instances and (one.instances[view.me].is_frozen)}
    for order in decide(view, NOW).orders:
        if order.service in frozen and order.do in {Do.ACT, Do.RESTART_RESOURCE, Do.LEAVE}:
            assert {reason.code for reason in order.reasons} & {"request", "shutdown"}


@many
@given(views)
def test_no_start_takes_a_silent_node_for_down_without_its_guard(view):
    for order in decide(view, NOW).orders:
        service = view.services.get(order.service)
        if order.do is not Do.ACT or order.action not in {"start"} or service is None or not service.is_failover:
            continue
        unsure = {name for name in (*service.nodes, *service.instances) if name != view.me and _is_unsure(view, name)}
        if unsure and service.has_data_at_stake:
            assert service.guard is not Guard.NONE
        if unsure and service.guard is Guard.LEASE:
            assert service.lease is Lease.HELD
        assert not (unsure and service.guard is Guard.FENCE)


def _is_unsure(view, name):
    node = view.nodes.get(name)
    return node is None or node.reach in {Reach.SILENT, Reach.UNSEEN}


@many
@given(views)
def test_no_failover_service_starts_beside_an_active_or_acting_one(view):
    for order in decide(view, NOW).orders:
        service = view.services.get(order.service)
        if order.do is Do.ACT and order.action == "start" and service is not None and service.is_failover:
            for name, instance in service.instances.items():
                if name != view.me and name in view.nodes and view.nodes[name].reach is Reach.BEATING:
                    assert not instance.may_be_active


@many
@given(views)
def test_orders_are_transitions_that_the_table_has(view):
    for order in decide(view, NOW).orders:
        if order.do is Do.ACT:
            assert order.action in TRANSITIONS[view.services[order.service].instances[view.me].monitor], order


@many
@given(views)
def test_an_instance_gets_one_thing_to_do_at_a_time(view):
    for path in view.services:
        orders = [order for order in decide(view, NOW).orders if order.service == path and order.do not in _BESIDE]
        assert len(orders) <= 1 or {order.do for order in orders} == {Do.FENCE}, orders


@many
@given(views)
def test_no_more_actions_begin_than_may_run_at_once(view):
    running = sum(1 for one in view.services.values() if view.me in one.instances and one.instances[view.me].monitor.is_acting)
    begun = sum(1 for order in decide(view, NOW).orders if order.do is Do.ACT)
    assert begun == 0 or running + begun <= view.settings.max_parallel


@many
@given(views)
def test_a_service_that_is_not_where_it_is_wanted_has_a_reason(view):
    for path, service in view.services.items():
        mine = service.instances.get(view.me)
        if mine is not None and not mine.is_active:
            assert [order for order in explain(view, NOW, path).orders if order.reasons]


@many
@given(views)
def test_nothing_is_destroyed_under_a_node_that_is_silent(view):
    for order in decide(view, NOW).orders:
        if order.action in {"purge", "unprovision", "delete"}:
            service = view.services[order.service]
            for name in {*service.nodes, *service.instances} - {view.me}:
                node = view.nodes.get(name)
                assert node is not None, name
                assert node.reach in {Reach.BEATING, Reach.GONE}, name


@many
@given(views)
def test_only_what_is_known_to_be_down_is_taken_over_from(view):
    for order in decide(view, NOW).orders:
        for name in order.confirmed_down:
            node, instance = view.nodes.get(name), view.services[order.service].instances.get(name)
            if node is not None and node.reach is Reach.BEATING:
                assert instance is not None
                assert instance.expects_up or instance.is_left
                assert not instance.may_be_active


@many
@given(views)
def test_what_is_up_under_a_lease_asks_for_it_or_stops_or_says_why_not(view):
    orders = decide(view, NOW).orders
    for path, service in view.services.items():
        mine = service.instances.get(view.me)
        is_held = service.lease is not Lease.NONE or service.guard is not Guard.LEASE or not service.is_failover
        is_held = is_held or service.is_managed  # another manager has it: what is up under it is none of the daemon's
        if mine is None or is_held or not mine.is_active or mine.monitor.is_acting or view.self.state in {NodeState.INIT, *AWAITED}:
            continue
        assert any(order.do is not Do.NOTHING for order in orders if order.service == path), path
