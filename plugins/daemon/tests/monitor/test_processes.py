"""The monitor with real beat and runner processes: one node, then two."""

import hashlib
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import wait_for

AT_STAKE = """
[DEFAULT]
nodes = n1 n2
orchestrate = ha
[fs#1]
type = flag
[fs#2]
type = ext4
dev = /dev/null
mnt = /nowhere
optional = true
disable = true
"""


def test_a_node_alone_starts_and_stops_its_service(street):
    alone = street("n1")
    alone.service()
    house = alone.start()["n1"]
    house.wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "it is up by itself")
    assert house.is_up()
    assert house.asked("stop")["progress"] == "done"
    assert not house.is_up()
    assert house.instance()["frozen"] is True
    assert house.asked("start")["progress"] == "done"
    assert house.is_up()


STANDBY = """
[DEFAULT]
nodes = {names}
orchestrate = ha
[fs#1]
type = flag
[fs#2]
type = flag
standby = true
"""


def pair(street, **more):
    """Two nodes at rest, with a service that is up on the first."""
    both = street("n1", "n2", **more)
    both.service()
    both.start()
    both["n1"].wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    both["n2"].wait(_is_seen_up, "n2 sees it up on n1")
    return both


def _availabilities(document):
    return {node: one.get("avail") for node, one in document["services"].get("svc1", {}).get("instances", {}).items()}


def _is_seen_up(document, node="n1"):
    instances = document["services"].get("svc1", {}).get("instances", {})
    return instances.get(node, {}).get("avail") == "up" and instances[node]["monitor"] == "idle"


def test_a_cold_start_brings_a_service_up_once(street):
    both = pair(street)
    assert both["n1"].is_up()
    assert not both["n2"].is_up()
    document = both["n2"].call("document")
    assert document["nodes"]["n1"]["reach"] == "beating"
    assert document["services"]["svc1"]["placement"] == "optimal"
    assert "| start" not in both["n2"].log()


def test_a_crash_is_survived_by_the_service(street):
    both = pair(street)
    both["n1"].kill()
    both["n2"].wait(lambda document: _is_seen_up(document, "n2"), "n2 has taken it over")
    assert both["n2"].is_up()
    both["n2"].wait(lambda _: "start done after" in both["n2"].log(), "what it took is told")
    story = both["n2"].log()
    assert story.index("n1 is silent") < story.index("announce ready") < story.index("start done after")
    assert "n1 does not answer; no data is at stake" in story


def test_a_node_that_comes_back_after_a_crash_is_no_split(street):
    both = pair(street)
    both["n1"].kill()
    both["n2"].wait(lambda document: _is_seen_up(document, "n2"), "n2 has taken it over")
    (both["n1"].root / "run" / "svc" / "svc1" / "fs#1.flag").unlink()  # as the boot does
    both["n1"].start()
    both["n2"].wait(lambda document: document["services"]["svc1"]["instances"]["n1"]["avail"] == "down", "n1 is back")
    both["n1"].wait(lambda document: document["nodes"]["n1"]["state"] == "idle", "n1 is idle")
    assert both["n2"].is_up()
    assert not both["n1"].is_up()
    assert both["n2"].instance()["frozen"] is False
    assert "at once" not in both["n2"].log() + both["n1"].log()


def test_a_switch_moves_it_and_moves_nothing_else(street):
    both = pair(street)
    assert both["n1"].asked("switch", "n2")["progress"] == "done"
    assert both["n2"].is_up()
    assert not both["n1"].is_up()
    assert both["n2"].asked("giveback")["progress"] == "done"
    assert both["n1"].is_up()
    assert not both["n2"].is_up()


def test_an_orchestrated_stop_freezes_both(street):
    both = pair(street)
    ended = both["n2"].asked("stop")
    assert ended["progress"] == "done"
    assert not both["n1"].is_up()
    assert both["n1"].instance()["frozen"] is True
    both["n1"].wait(lambda document: document["services"]["svc1"]["instances"]["n2"]["frozen"], "n2 is frozen")
    for house in (both["n1"], both["n2"]):
        wait_for(lambda house=house: f"(request={ended['id']})" in house.log(), house.told)


def test_a_daemon_that_goes_for_another_version_says_so(street):
    both = pair(street)
    both["n1"].call("stop_daemon", "upgrade")
    assert both["n1"].parts.pop("monitor").wait(60) == 0
    both["n1"].kill()
    both["n2"].wait(lambda document: document["nodes"]["n1"]["reach"] == "silent", "n1 is silent")
    assert both["n2"].node_of("n1")["state"] == "upgrade"
    both["n1"].start()
    both["n1"].wait(lambda document: document["nodes"]["n1"]["state"] == "idle", "n1 is idle again")
    both["n2"].wait(_is_seen_up, "n2 sees it up")


def test_a_restart_of_the_daemon_leaves_the_service_where_it_is(street):
    both = pair(street)
    flag = both["n1"].root / "run" / "svc" / "svc1" / "fs#1.flag"
    before = flag.stat().st_mtime_ns
    both["n1"].stop()
    both["n2"].wait(lambda document: document["nodes"]["n1"]["reach"] == "silent", "n1 is silent")
    assert both["n2"].node_of("n1")["state"] == "maintenance"
    both["n1"].start()
    both["n1"].wait(lambda document: document["nodes"]["n1"]["state"] == "idle", "n1 is idle again")
    both["n2"].wait(_is_seen_up, "n2 sees it up")
    assert flag.stat().st_mtime_ns == before
    assert not both["n2"].is_up()


def test_a_frozen_node_starts_nothing(street):
    both = pair(street)
    both["n1"].call("ask_node", "freeze", "n2")
    both["n1"].wait(lambda document: document["nodes"]["n2"]["frozen"], "n2 is frozen")
    both["n1"].kill()
    both["n2"].wait(lambda document: document["nodes"]["n1"]["reach"] == "silent", "n1 is silent")
    found = both["n2"].call("explain", "svc1")
    assert {"code": "node.frozen", "node": "n2", "text": "n2 is frozen: 'om node thaw' there"} in found["reasons"]
    assert found["rules"]["n2"]["node.frozen"]["text"] == "n2 is frozen: 'om node thaw' there"
    assert found["rules"]["n2"]["node.overloaded"] is None
    assert found["candidates"] == []
    assert not both["n2"].is_up()


def test_a_monitor_that_dies_is_followed_by_one_that_finds_all_as_it_is(street):
    both = pair(street, timeout=20)
    both["n1"].kill("monitor")
    both["n1"].start("monitor")
    both["n1"].wait(lambda document: document["nodes"]["n1"]["state"] == "idle", "n1 is idle again")
    both["n1"].wait(lambda document: document["nodes"]["n2"]["reach"] == "beating", "n2 is heard")
    assert both["n1"].instance()["avail"] == "up"
    assert both["n1"].instance()["expects_up"] is True
    assert not both["n2"].is_up()


def test_a_monitor_goes_on_when_beat_and_runner_are_others(street):
    both = pair(street, timeout=20)
    both["n1"].kill("beat", "runner")
    both["n1"].start("beat", "runner")
    both["n2"].wait(lambda document: document["nodes"]["n1"]["reach"] == "beating", "n1 is heard")
    both["n1"].wait(lambda document: document["nodes"]["n2"]["reach"] == "beating", "n2 is heard")
    assert both["n1"].asked("switch", "n2")["progress"] == "done"
    assert both["n2"].is_up()


def test_a_monitor_that_was_paused_acts_on_nothing_that_it_knew(street):
    both = pair(street)
    monitor = both["n1"].parts["monitor"]
    monitor.send_signal(signal.SIGSTOP)
    both["n2"].wait(lambda document: document["nodes"]["n1"]["reach"] == "silent", "beat tells that no monitor lives on n1")
    both["n2"].wait(lambda document: _is_seen_up(document, "n2"), "without a guard, and with nothing at stake, n2 takes it over")
    monitor.send_signal(signal.SIGCONT)
    log = both["n1"].root / "log" / "node.log"
    wait_for(lambda: "this node's monitor was away for" in log.read_text(), both["n1"].told)
    both["n1"].wait(lambda document: document["services"]["svc1"]["split"], "n1 sees that it is up twice")
    for house in (both["n1"], both["n2"]):
        house.wait(_is_frozen_everywhere, "both are frozen as they are, for a person")
        assert house.is_up()


def test_what_was_taken_over_while_a_monitor_was_paused_is_no_split(street):
    both = pair(street)
    monitor = both["n1"].parts["monitor"]
    monitor.send_signal(signal.SIGSTOP)
    both["n2"].wait(lambda document: _is_seen_up(document, "n2"), "n2 takes it over")
    (both["n1"].root / "run" / "svc" / "svc1" / "fs#1.flag").unlink()  # as a reservation is lost
    monitor.send_signal(signal.SIGCONT)
    for house in (both["n1"], both["n2"]):
        house.wait(lambda document: document["services"]["svc1"]["instances"]["n1"]["avail"] == "down", "it is down on n1")
        house.wait(lambda document: document["nodes"]["n1"]["reach"] == "beating", "n1 is there again")
    assert both["n1"].asked("switch", "n1")["progress"] == "done"
    assert [house.is_up() for house in both.houses.values()] == [True, False]
    assert "at once" not in both["n1"].log() + both["n2"].log()


def _is_frozen_everywhere(document):
    return all(instance["frozen"] for instance in document["services"]["svc1"]["instances"].values())


def test_a_drained_node_gives_its_services_away_and_stays_frozen(street):
    both = pair(street)
    both["n2"].call("ask_node", "drain", "n1")
    both["n2"].wait(lambda document: _is_seen_up(document, "n2"), "n2 has it")
    both["n1"].wait(lambda document: document["nodes"]["n1"]["state"] == "idle", "n1 is drained")
    assert both["n1"].node_of("n1")["frozen"] is True
    assert not both["n1"].is_up()


@pytest.mark.parametrize("what", ["freeze", "drain"])
def test_an_order_to_a_node_whose_daemon_restarts_meanwhile_is_done_before_it_is_called_so(street, what):
    both = hearing(street, timeout=60)
    both["n2"].kill("monitor")
    with ThreadPoolExecutor(1) as others:
        ordered = others.submit(both["n1"].call, "ask_node", what, "n2")
        both["n2"].start("monitor")
        assert ordered.result(120) == {"node": "n2", "do": what}
    assert both["n2"].node_of("n2")["frozen"] is True
    assert f"{what} asked on n1" in both["n2"].log("node")


def test_an_order_to_a_node_that_falls_silent_is_not_called_done(street):
    both = hearing(street)
    both["n2"].kill()
    told = "n2 does not answer: whether it has done 'freeze' is not known; 'om mon' shows it"
    assert both["n1"].refused("ask_node", "freeze", "n2") == told


def test_a_node_that_waits_for_the_others_is_not_drained_yet(street):
    n1 = street("n1", "n2")["n1"].start()
    n1.wait(lambda document: document["nodes"]["n1"]["state"] == "rejoin", "it waits for n2")
    assert n1.refused("ask_node", "drain", "n1") == "this node is in rejoin: it is drained when it is idle"
    assert n1.node_of("n1")["frozen"] is False


def hearing(street, **more):
    """Two idle nodes without a service that hear each other."""
    both = street("n1", "n2", **more)
    both.start()
    for house, other in (("n1", "n2"), ("n2", "n1")):
        both[house].wait(lambda document, other=other: document["nodes"][other].get("state") == "idle", f"{other} is idle")
    return both


def test_an_order_to_a_node_has_its_id_in_the_logs_of_both(street):
    both = pair(street)
    both["n1"].call("ask_node", "freeze", "n2", id="aaaa.1")
    both["n1"].wait(lambda document: document["nodes"]["n2"]["frozen"], "n2 is frozen")
    both["n1"].call("ask_node", "freeze", "n1", id="bbbb.2")
    wait_for(lambda: "freeze asked on n1 (request=aaaa.1)" in both["n2"].log("node"), "n2 tells who asked")
    wait_for(lambda: "freeze of n2 is asked for (request=aaaa.1)" in both["n1"].log("node"), "n1 tells what it asked for")
    wait_for(lambda: "freeze asked on n1 (request=bbbb.2)" in both["n1"].log("node"), "n1 tells what it was asked for")
    both["n1"].kill()
    both["n2"].wait(lambda document: document["nodes"]["n1"]["reach"] == "silent", "n1 is silent")
    both["n2"].call("ask_node", "confirm-down", "n1", id="cccc.3")
    for log in ("node", "svc1"):
        wait_for(lambda log=log: "n1 is down: a person confirmed it (request=cccc.3)" in both["n2"].log(log), f"the log of {log} tells it")


def test_a_node_that_shuts_down_is_not_waited_for(street):
    both = pair(street)
    both["n1"].call("stop_daemon", "shutdown")
    assert both["n1"].parts.pop("monitor").wait(60) == 0
    assert not both["n1"].is_up()
    both["n1"].kill()
    both["n2"].wait(lambda document: _is_seen_up(document, "n2"), "n2 has it")
    assert both["n2"].node_of("n1")["reach"] == "gone"


def test_a_node_that_shuts_down_leaves_no_standby_resource_up(street):
    both = street("n1", "n2")
    both.service(text=STANDBY)
    both.start()
    both["n1"].wait(lambda document: _availabilities(document) == {"n1": "up", "n2": "stdby up"}, "both have what they are to have")
    both["n2"].call("stop_daemon", "shutdown")
    assert both["n2"].parts.pop("monitor").wait(60) == 0
    assert not (both["n2"].root / "run/svc/svc1/fs#2.flag").exists()
    assert both["n1"].is_up()


@pytest.mark.parametrize("said", ["", "guard = exclusive\n"], ids=["nothing", "a word without a reservation"])
def test_data_at_stake_is_not_taken_over_without_a_guard_before_a_person_confirms(street, said):
    both = street("n1", "n2")
    both.service(text=AT_STAKE.replace("orchestrate = ha\n", f"orchestrate = ha\n{said}"))
    both.start()
    both["n1"].wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    both["n2"].wait(_is_seen_up, "n2 sees it up on n1")
    both["n1"].kill()
    both["n2"].wait(
        lambda document: "guard.none" in [reason["code"] for reason in document["services"]["svc1"]["reasons"]], "it is refused, and said"
    )
    assert not both["n2"].is_up()
    assert "n2 is no other member" in both["n2"].refused("ask_node", "confirm-down", "n2")
    both["n2"].call("ask_node", "confirm-down", "n1")
    both["n2"].wait(lambda document: _is_seen_up(document, "n2"), "n2 has it")


def test_requests_are_refused_with_their_reason(street):
    alone = street("n1")
    alone.service()
    house = alone.start()["n1"]
    house.wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    assert "no service 'svc9' in the cluster" in house.refused("ask", "svc9", "start", [], "a test")
    assert "requests are start, stop" in house.refused("ask", "svc1", "levitate", [], "a test")
    assert "n9 is not among the nodes of svc1 (n1)" in house.refused("ask", "svc1", "switch", ["n9"], "a test")
    assert "there is no node to switch to" in house.refused("ask", "svc1", "switch", [], "a test")
    assert "n9 is no member" in house.refused("ask_node", "freeze", "n9")
    assert "no direction of a heartbeat" in house.refused("link", "hb#9.rx", run=False)
    assert house.asked("switch", "n1")["progress"] == "done"


def test_the_text_of_a_service_is_read_and_written_over_the_api(street):
    both = pair(street)
    text, generations = both["n1"].call("config_of", "svc1")
    digest = hashlib.sha256(text.encode()).hexdigest()
    after = both["n1"].call("take_config", "svc1", text + "tags = a\n", replaces=digest)
    assert after["n1"] == generations["n1"] + 1
    assert "changed by someone else" in both["n1"].refused("take_config", "svc1", text, replaces=digest)
    assert "no installed plugin provides fs" in both["n1"].refused("take_config", "svc1", text + "[fs#2]\n", replaces=None)
    both["n1"].call("take_config", "svc2", text.replace("[fs#1]", "[fs#7]"), replaces="")
    both["n2"].wait(lambda document: "n2" in document["services"].get("svc2", {}).get("instances", {}), "n2 has it")
    assert both["n1"].instance("svc2")["frozen"] is True


def test_an_action_whose_runner_dies_goes_on_and_is_followed_to_its_end(street, tmp_path):
    alone = street("n1")
    alone.service(more=f"blocking_pre_start = {waiting(tmp_path)}", text=SLOW)
    house = alone.start()["n1"]
    wait_for((tmp_path / "begun").exists, house.told)
    house.kill("runner")
    (tmp_path / "end").touch()
    house.start("runner")
    house.wait(_is_seen_up, "the start is followed to its end")
    assert house.is_up()


def test_what_an_earlier_daemon_has_begun_ends_before_the_next_one_decides(street, tmp_path):
    alone = street("n1")
    alone.service(more=f"blocking_pre_start = {waiting(tmp_path)}", text=SLOW)
    house = alone.start()["n1"]
    wait_for((tmp_path / "begun").exists, house.told)
    house.kill("monitor", "runner")
    house.start()
    (tmp_path / "end").touch()
    house.wait(_is_seen_up, "it is up")
    assert house.log().count("start begins") == 1


def test_what_is_seen_in_the_midst_of_an_action_decides_nothing(street, tmp_path):
    alone = street("n1")
    alone.service(more=f"post_start = {waiting(tmp_path)}", text=SLOW.replace("ha", "no"))
    house = alone.start()["n1"]
    number = house.call("ask", "svc1", "start", [], "a test")["id"]
    wait_for((tmp_path / "begun").exists, house.told)
    house.call("refresh", ["svc1"])
    told = house.instance()
    assert (told["monitor"], told["avail"], told["resources"]["fs#1"]["status"]) == ("starting", "down", "up")
    assert house.call("request", number)["progress"] == "active"
    (tmp_path / "end").touch()
    wait_for(lambda: house.call("request", number)["progress"] == "done", house.told)
    assert house.instance()["avail"] == "up"


def waiting(folder):
    """A command that says that it has begun, and goes on until it is told to end."""
    return f"sh -c 'touch {folder}/begun; while test ! -e {folder}/end; do sleep 0.1; done'"


SLOW = """
[DEFAULT]
nodes = {names}
orchestrate = ha
[fs#1]
type = flag
{more}
"""
