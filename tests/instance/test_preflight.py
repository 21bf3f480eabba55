"""Preflight: what is in use elsewhere is seen before anything is started."""

import threading

import pytest

from opensvc_core.errors import ActionFailed, ActionRefused, Conflict
from opensvc_core.instance.ahead import Ahead
from opensvc_core.instance.request import Request

TWO = "[DEFAULT]\npre_start = touch {var}\n[fs#1]\ntype = probe\n[ip#1]\ntype = held\n[ip#2]\ntype = held\n"


def test_nothing_is_done_where_one_is_in_use_elsewhere(lab, tmp_path):
    service = lab.service(TWO.replace("{var}", str(tmp_path / "done")) + "elsewhere = n2\n")
    with pytest.raises(Conflict, match="start aborted due to resource ip#2 conflict") as raised:
        lab.do(service, "start")
    assert raised.value.seen == ("ip#2: n2 has it",)
    assert isinstance(raised.value, ActionRefused)
    assert lab.lines()[-2:] == ["start aborted due to resource ip#2 conflict", "skip rollback start: no resource activated"]
    assert set(lab.seen(service).values()) == {"down"}
    assert not (tmp_path / "done").exists()


def test_all_look_at_the_same_time(lab, deeds):
    both = threading.Barrier(2)
    deeds["meet"] = lambda: both.wait(60)
    service = lab.service("[ip#1]\ntype = held\nelsewhere = meet\n[ip#2]\ntype = held\nelsewhere = meet\n")
    lab.do(service, "start")
    assert set(lab.seen(service).values()) == {"up"}


def test_what_is_up_here_is_not_looked_for(lab):
    service = lab.service("[ip#1]\ntype = held\n")
    assert lab.do(service, "start") == ["look for ip#1", "up ip#1"]
    assert lab.do(service, "start") == []


def test_a_restart_looks_when_all_is_down(lab):
    service = lab.service("[ip#1]\ntype = held\n")
    lab.do(service, "start")
    assert lab.do(service, "restart") == ["down ip#1", "look for ip#1", "up ip#1"]


def test_an_optional_resource_in_use_elsewhere_is_left_out(lab):
    service = lab.service("[ip#1]\ntype = held\noptional = true\nelsewhere = n2\n[fs#1]\ntype = probe\n")
    lab.do(service, "start")
    assert "skip optional resource: n2 has it" in lab.lines("ip#1")
    assert lab.seen(service) == {"ip#1": "down", "fs#1": "up"}


def test_the_plan_shows_the_look_first(lab):
    service = lab.service("[ip#1]\ntype = held\n[ip#2]\ntype = held\n")
    assert [one.text for one in service.rehearse(Request("start")).operations] == ["look for ip#1", "look for ip#2", "up ip#1", "up ip#2"]


def test_a_stop_looks_for_nothing(lab):
    service = lab.service("[ip#1]\ntype = held\nelsewhere = n2\n")
    assert lab.do(service, "stop") == []


def test_what_waited_for_somebody_else_s_action_is_looked_for_again(lab, deeds):
    service = lab.service("[ip#1]\ntype = held\nelsewhere = wait\n")
    ahead = Ahead((lab.node.paths.etc / "svc1.conf").read_text(), frozenset({"ip#1"}))
    begun, gate = threading.Event(), threading.Event()
    deeds["wait"] = lambda: begun.set() or gate.wait(60)
    other = threading.Thread(target=lambda: lab.node.service("svc1").perform(Request("start"), lambda _: None))
    other.start()
    assert begun.wait(60)
    threading.Timer(1.5, gate.set).start()
    done = service.perform(Request("restart", ahead=ahead), lambda _: None)
    other.join()
    assert [one.text for one in done if one.is_change] == ["down ip#1", "look for ip#1", "up ip#1"]


def test_an_optional_one_that_could_not_look_is_not_clear(lab, deeds):
    def fail():
        raise ActionFailed("no name server answers")

    deeds["fail"] = fail
    service = lab.service("[ip#1]\ntype = held\noptional = true\nelsewhere = fail\n")
    assert service.look_ahead(Request("start")).clear == frozenset()
