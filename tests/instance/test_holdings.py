"""Holdings: two services of a node don't have the same address, device or mount point at the same time."""

import pytest

from opensvc_core.errors import ActionFailed, Conflict

ONE = "[fs#1]\ntype = probe\nplace = /dev/shared\n"


@pytest.fixture
def two(lab):
    return lab.service(ONE, "one"), lab.service("[fs#2]\ntype = probe\nplace = /dev/../dev/shared\n[ip#1]\ntype = probe\n", "two")


def test_a_start_is_refused_while_another_service_holds_it(lab, two):
    one, other = two
    lab.do(one, "start")
    with pytest.raises(Conflict, match="start aborted due to resource fs#2 conflict") as raised:
        lab.do(other, "start")
    assert raised.value.seen == ("fs#2: the device /dev/shared is held by one (fs#1), which is up on this node",)
    assert set(lab.seen(other).values()) == {"down"}


def test_it_is_free_when_the_other_has_stopped(lab, two):
    one, other = two
    lab.do(one, "start")
    lab.do(one, "stop")
    lab.do(other, "start")
    with pytest.raises(Conflict):
        lab.do(one, "start")


def test_a_start_that_is_taken_back_holds_nothing(lab, tmp_path):
    service = lab.service(ONE + "[app#1]\ntype = probe\nfails = start\nplace = /dev/other\n")
    with pytest.raises(ActionFailed):
        lab.do(service, "start")
    assert list((tmp_path / "root/run/held").iterdir()) == []


def test_a_note_of_what_is_down_by_now_holds_nothing(lab, two):
    one, other = two
    lab.do(one, "start")
    one.instance().part("fs#1").resource.file.unlink()
    lab.do(other, "start")
    assert lab.seen(other) == {"fs#2": "up", "ip#1": "up"}


def test_a_service_that_is_gone_holds_nothing(lab, two):
    one, other = two
    lab.do(one, "start")
    one.delete(is_forced=True)
    lab.do(other, "start")


def test_what_another_service_holds_is_not_stopped_either(lab, two):
    one, other = two
    lab.do(one, "start")
    # both see the same thing up, as two services see one address
    other_file = other.instance().part("fs#2").resource.file
    other_file.parent.mkdir(parents=True, exist_ok=True)
    other_file.touch()
    assert lab.do(other, "stop") == []
    assert "skip: the device /dev/shared is held by one (fs#1), which is up on this node" in lab.lines("fs#2")
    assert other_file.exists()


def test_a_service_is_not_in_its_own_way(lab, two):
    one, _ = two
    lab.do(one, "start")
    assert lab.do(one, "start") == []
    assert lab.do(one, "restart") == ["down fs#1", "up fs#1"]


def test_what_can_not_be_seen_may_be_up(lab, two):
    one, other = two
    lab.do(one, "start")
    one.file.write_text(ONE + "fails = status\n")
    with pytest.raises(Conflict):
        lab.do(other, "start")


def test_the_plan_is_refused_as_well_and_takes_nothing(lab, two):
    one, other = two
    other.plan("start")
    lab.do(one, "start")
    with pytest.raises(Conflict):
        other.plan("start")


def test_what_claims_nothing_leaves_no_note(lab, tmp_path):
    lab.do(lab.service("[fs#1]\ntype = probe\n"), "start")
    assert not (tmp_path / "root/run/held").exists()
