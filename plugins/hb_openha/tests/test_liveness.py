from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_openha.liveness import Freshness, Hearing, Liveness, together
from opensvc_openha.states import State
from opensvc_openha.viewing import Heard, Said, peer_of

UP, DOWN, BLIND = Liveness.UP, Liveness.DOWN, Liveness.BLIND


@pytest.mark.parametrize(
    ("hearing", "expected"),
    [
        pytest.param(Hearing(10.0), BLIND, id="nobody-listens"),
        pytest.param(Hearing(10.0, since=95.0, looked=100.0), BLIND, id="not-long-enough"),
        pytest.param(Hearing(10.0, since=89.9, looked=100.0), DOWN, id="never-heard"),
        pytest.param(Hearing(10.0, since=0.0, looked=100.0, heard=90.0), UP, id="heard"),
        pytest.param(Hearing(10.0, since=0.0, looked=100.0, heard=89.9), DOWN, id="silent"),
        pytest.param(Hearing(10.0, since=0.0, looked=89.0, heard=89.0), BLIND, id="listener-hangs"),
        pytest.param(Hearing(10.0, since=99.0, looked=100.0, heard=99.5), UP, id="heard-at-once"),
        pytest.param(Hearing(10.0, looked=96.0, heard=95.0), UP, id="just-gone-blind"),
        pytest.param(Hearing(10.0, since=0.0, looked=100.0, heard=50.0, doubted=99.0), BLIND, id="not-understood"),
        pytest.param(Hearing(10.0, since=0.0, looked=100.0, heard=50.0, doubted=80.0), DOWN, id="not-understood-once"),
    ],
)
def test_a_link_is_what_was_heard_of_it(hearing, expected):
    assert hearing.liveness(100.0) is expected


ALIVE, SILENT, NEVER = Hearing(10.0, 0.0, 100.0, 99.0), Hearing(10.0, 0.0, 100.0, 70.0), Hearing(10.0, 0.0, 100.0)


def gone(heard=None):
    """A link that nobody listens to now, and the peer was heard on before."""
    return Hearing(10.0, doubted=heard)


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        pytest.param([SILENT, ALIVE, gone()], UP, id="one-up"),
        pytest.param([SILENT], DOWN, id="silent"),
        pytest.param([SILENT, NEVER], DOWN, id="all-silent"),
        pytest.param([gone(), gone(95.0)], BLIND, id="all-blind"),
        pytest.param([], BLIND, id="none"),
        pytest.param([SILENT, gone()], DOWN, id="one-blind-since-the-boot"),
        pytest.param([NEVER, gone()], BLIND, id="never-heard-since-the-boot"),
        pytest.param([SILENT, gone(70.5)], DOWN, id="both-until-the-end"),
        pytest.param([SILENT, gone(40.0)], DOWN, id="blind-before-it-died"),
        pytest.param([SILENT, gone(80.5)], BLIND, id="silent-while-it-was-heard"),
        pytest.param([NEVER, gone(80.5)], BLIND, id="a-link-that-never-worked"),
        pytest.param([SILENT, gone(80.5), Hearing(10.0, 0.0, 100.0, 80.0)], DOWN, id="one-of-two-is-a-witness"),
        pytest.param([SILENT, Hearing(10.0, 0.0, 100.0, 50.0, doubted=99.0)], BLIND, id="not-understood"),
    ],
)
def test_a_node_is_down_where_who_can_listen_hears_nothing_any_more(links, expected):
    assert together(links, 100.0) is expected


@given(st.lists(st.builds(Hearing, st.just(10.0), *[st.none() | st.floats(0, 100)] * 4)))
def test_blindness_alone_takes_nobody_for_dead(links):
    """One more link that nobody listens to never makes a node dead; a silent one is needed for that."""
    verdict = together(links, 100.0)
    assert (verdict is DOWN) <= any(link.liveness(100.0) is DOWN for link in links)
    assert (together([*links, gone()], 100.0) is DOWN) <= (verdict is DOWN)


def fed(start, *values):
    news = []
    for value in values:
        start, is_new = start.next(value)
        news.append(is_new)
    return news


@pytest.mark.parametrize(
    ("start", "values", "news"),
    [
        pytest.param(Freshness(), (10, 11, 12), (True, True, True), id="network"),
        pytest.param(Freshness(needs_change=True), (10, 10, 11, 12), (False, False, True, True), id="disk"),
        pytest.param(Freshness(), (10, 10, 10), (True, False, False), id="repeated"),
        pytest.param(Freshness(), (10, 11, 3, 11, 3, 3), (True, True, False, False, False, False), id="replayed"),
        pytest.param(Freshness(), (100, 40, 41, 42), (True, False, True, True), id="clock-put-back"),
        pytest.param(Freshness(), (100, 5000, 5001), (True, True, True), id="clock-put-forward"),
    ],
)
def test_a_record_that_was_seen_before_is_old(start, values, news):
    assert fed(start, *values) == list(news)


@given(st.lists(st.integers(1, 50), min_size=2))
def test_the_same_moment_is_never_new_twice_in_a_row(values):
    known = Freshness()
    seen = []
    for value in values:
        known, is_new = known.next(value)
        if is_new:
            seen.append(value)
    assert all(before != after for before, after in pairwise(seen))


def heard(at, said, timeout=10.0, **more):
    return Heard(Hearing(timeout, 0.0, 100.0, at), said, **more)


def test_what_was_said_last_counts():
    disk = heard(100.0, Said({"s": State.STOPPED}, elapsed=1000), is_disk=True, count=3)
    net = heard(99.5, Said({"s": State.STARTED}, elapsed=1001), count=4)
    found = peer_of([disk, net], 100.0)
    assert found.said is net.said
    assert (found.liveness, found.count, found.slow) == (UP, 7, 0.0)


def test_the_monotonic_clock_of_the_peer_tells_where_it_stands():
    old = heard(100.0, Said(elapsed=5000, incarnation=b"lifetime", stamp=1))
    new = heard(99.0, Said(elapsed=7, incarnation=b"lifetime", stamp=2))
    assert peer_of([old, new], 100.0).said is new.said


def test_what_a_dead_link_heard_does_not_count():
    dead = heard(80.0, Said({"s": State.STARTED}, elapsed=9999))
    assert peer_of([dead], 100.0).said is None
    assert peer_of([dead], 100.0).liveness is DOWN
    live = heard(99.0, Said(elapsed=1), is_disk=True)
    assert peer_of([dead, live], 100.0).said is live.said
    assert peer_of([dead, live], 100.0).slow == 10.0


def test_a_disk_alive_keeps_the_node_up_while_the_network_is_dead():
    net = heard(50.0, Said({"s": State.STOPPED}, elapsed=950))
    disk = heard(99.0, Said({"s": State.STARTED}, elapsed=999), is_disk=True)
    found = peer_of([net, disk], 100.0)
    assert (found.liveness, found.said) == (UP, disk.said)


def test_an_answer_is_one_to_this_life_of_the_manager():
    said = Said(incarnation=b"theirs..", echo=b"ours....", echo_round=12)
    assert peer_of([heard(100.0, said)], 100.0).answered(b"ours....") == 12
    assert peer_of([heard(100.0, said)], 100.0).answered(b"another.") == 0
    assert peer_of([heard(100.0, Said())], 100.0).answered(b"ours....") is None
    assert peer_of([], 100.0).answered(b"ours....") is None
