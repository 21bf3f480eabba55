"""Resources that fail under a real daemon: started again by an event, and what follows when that is in vain."""

import threading
import time

from opensvc_daemon.monitor.scheduling import ROUND, TICK

from .conftest import wait_for

RESTARTED = """
[DEFAULT]
nodes = n1
orchestrate = ha
[fs#1]
type = flag
restart = 3
"""
MONITORED = """
[DEFAULT]
nodes = n1 n2
orchestrate = ha
monitor_action = switch
pre_monitor_action = touch {mark}
[fs#1]
type = flag
monitor = true
restart = 1
blocking_pre_start@n1 = test ! -e {broken}
"""
MANAGED = """
[DEFAULT]
nodes = n1 n2
orchestrate = ha
monitor_action = freezestop
[fs#1]
type = flag
monitor = true
restart = 1
[fs#2]
type = flag
[hb#0]
type = OpenHA
"""
SCHEDULED = """
[DEFAULT]
nodes = n1
orchestrate = ha
[fs#1]
type = flag
[task#1]
type = host
command = touch {mark}
schedule = @1s
"""
BESIDE = """
[DEFAULT]
nodes = n1
orchestrate = ha
[fs#1]
type = flag
[task#1]
type = host
command = sh -c 'touch {mark}; while test ! -e {end}; do sleep 0.1; done'
"""


def flag(house):
    return house.root / "run" / "svc" / "svc1" / "fs#1.flag"


def test_a_resource_that_fails_is_started_again_at_once(street):
    alone = street("n1")
    alone.service(text=RESTARTED)
    house = alone.start()["n1"]
    house.wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    began = time.monotonic()
    flag(house).unlink()
    wait_for(house.is_up, house.told)
    assert time.monotonic() - began < TICK * ROUND / 10  # far from the slow poll, however busy the machine is
    wait_for(lambda: "fs#1 is up again" in house.log(), house.told)
    assert "restart resource fs#1: fs#1 is down: 3 restarts are left" in house.log()


def test_a_service_of_another_cluster_manager_is_looked_at_and_left_alone(street):
    alone = street("n1")
    alone.service(text=MANAGED)
    house = alone["n1"]
    house.command("svcmgr -s svc1 start --cluster")
    alone.start()
    house.wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    flag(house).unlink()
    house.wait(lambda document: document["services"]["svc1"]["avail"] == "warn", "that it is down was seen")
    house.wait(lambda document: [reason["code"] for reason in document["services"]["svc1"]["reasons"]] == ["service.managed"], "it is left")
    house.call("stop_daemon", "shutdown")
    assert house.parts.pop("monitor").wait(60) == 0
    assert not flag(house).exists()
    assert flag(house).with_name("fs#2.flag").exists()
    assert "restart resource" not in house.log()


def test_a_monitored_resource_that_stays_down_moves_the_service(street, tmp_path):
    both, mark, broken = street("n1", "n2"), tmp_path / "before", tmp_path / "broken"
    both.service(text=MONITORED.format(mark=mark, broken=broken))
    both.start()
    both["n1"].wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    both["n1"].wait(lambda document: document["services"]["svc1"]["instances"].get("n2", {}).get("avail") == "down", "n2 is there")
    broken.touch()
    flag(both["n1"]).unlink()
    both["n2"].wait(lambda document: document["services"]["svc1"]["instances"]["n2"]["avail"] == "up", "n2 has it")
    assert mark.exists()
    told = both["n1"].instance()
    assert told["monitor"] == "start failed"
    assert "fs#1 stays down" in both["n1"].log()


def test_what_was_stopped_by_hand_is_not_started_again(street):
    alone = street("n1")
    alone.service(text=RESTARTED.replace("orchestrate = ha", "orchestrate = no"))
    house = alone.start()["n1"]
    assert house.asked("start")["progress"] == "done"
    house.command("om svc1 stop --local")
    house.wait(lambda document: document["services"]["svc1"]["instances"]["n1"]["expects_up"] is False, "it is noticed")
    assert not house.is_up()
    assert house.asked("freeze")["progress"] == "done"
    house.command("om svc1 start --local")
    house.wait(lambda document: document["services"]["svc1"]["instances"]["n1"]["expects_up"] is True, "it is noticed")
    assert house.is_up()


def test_what_is_said_to_be_provisioned_is_noticed(street):
    alone = street("n1")
    alone.service(text="[DEFAULT]\nnodes = n1\n[fs#1]\ntype = ext4\ndev = /nowhere/device\nmnt = /nowhere/made\n")
    house = alone.start()["n1"]
    for said, is_provisioned in (("unprovisioned", False), ("provisioned", True)):
        house.command(f"om svc1 set {said}")
        house.wait(
            lambda document, value=is_provisioned: document["services"]["svc1"]["instances"]["n1"]["provisioned"] is value, f"it is {said}"
        )


def test_a_task_runs_by_its_schedule(street, tmp_path):
    alone = street("n1")
    alone.service(text=SCHEDULED.format(mark=tmp_path / "ran"))
    house = alone.start()["n1"]
    wait_for((tmp_path / "ran").exists, house.told)
    wait_for(lambda: house.call("refresh", ["svc1"]) is None, "it is free")
    assert "sc:y" in house.log()


def test_what_fails_beside_a_task_that_runs_is_seen(street, tmp_path):
    alone, mark, end = street("n1"), tmp_path / "runs", tmp_path / "end"
    alone.service(text=BESIDE.format(mark=mark, end=end))
    house = alone.start()["n1"]
    house.wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    task = threading.Thread(target=house.command, args=["om svc1 run"])
    task.start()
    try:
        wait_for(mark.exists, house.told)
        flag(house).unlink()
        house.wait(lambda document: document["services"]["svc1"]["instances"]["n1"]["avail"] == "down", "it is seen")
    finally:
        end.touch()
        task.join()
