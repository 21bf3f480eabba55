"""How late beats are."""

import pytest
from opensvc_daemon.heartbeat.lateness import BOUNDS, Lateness, cumulated, quantile


@pytest.fixture
def lateness():
    return Lateness()


def test_a_beat_is_late_by_what_it_comes_after_it_was_due(lateness):
    for moment in (100.0, 100.2, 100.46):
        lateness.heard("n2", "hb#1", 7, 0.2, moment)
    told = lateness.of("n2")["hb#1"]
    assert sum(told["counts"]) == 2
    assert told["worst"] == pytest.approx(0.06)
    assert told["total"] == pytest.approx(0.06)
    assert told["p999"] == 0.1


def test_what_comes_early_is_not_late(lateness):
    for moment in (100.0, 100.05):
        lateness.heard("n2", "hb#1", 7, 0.2, moment)
    assert lateness.of("n2")["hb#1"]["counts"][0] == 1


def test_the_first_beat_of_a_life_was_not_due(lateness):
    lateness.heard("n2", "hb#1", 7, 0.2, 100.0)
    lateness.heard("n2", "hb#1", 8, 0.2, 900.0)
    assert sum(lateness.of("n2")["hb#1"]["counts"]) == 0


def test_links_and_peers_are_counted_apart(lateness):
    for peer, link, late in (("n2", "hb#1", 0.0), ("n2", "hb#2", 6.0), ("n3", "hb#1", 0.004)):
        for moment in (100.0, 101.0 + late):
            lateness.heard(peer, link, 7, 1.0, moment)
    assert {link: told["counts"].index(1) for link, told in lateness.of("n2").items()} == {"hb#1": 0, "hb#2": len(BOUNDS)}
    assert lateness.of("n3")["hb#1"]["p999"] == 0.005
    assert lateness.of("n4") == {}


def test_without_beats_and_beyond_all_bounds_there_is_no_quantile():
    assert quantile([0] * 15, 0.999) is None
    assert quantile([0] * 14 + [5], 0.999) is None


def test_buckets_of_prometheus_hold_all_before_them():
    buckets = cumulated({"counts": [2, 1] + [0] * 12 + [4]})
    assert (buckets["0.001"], buckets["0.002"], buckets["5"], buckets["+Inf"]) == (2, 3, 3, 7)
