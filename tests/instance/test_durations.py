"""What each part of an action took is in the log of the service, and not on the terminal of who asked for it."""

import re

import pytest

from opensvc_core.errors import ActionFailed

PAIR = "[ip#1]\ntype = probe\n[fs#1]\ntype = probe\nhangs = {hangs}\n"
END = re.compile(r" INFO .* \| (\w+: \w+ after .*)")


def log(lab):
    return (lab.node.paths.log / "svc1.log").read_text()


def ends(lab):
    """What the log tells of the ends of actions, without the seconds."""
    return [re.sub(r"\d+\.\d{3} s", "T", text) for text in END.findall(log(lab))]


def test_the_end_of_an_action_tells_what_each_resource_took(lab):
    service = lab.service(PAIR.format(hangs=0.3))
    lab.do(service, "start")
    (end,) = END.findall(log(lab))
    whole, checks, ip, fs = map(float, re.findall(r"(\d+\.\d{3}) s", end))
    assert ends(lab) == ["start: done after T (checks T, ip#1 T, fs#1 T)"]
    assert fs >= 0.3 and whole + 0.01 > checks + ip + fs
    assert not any("after" in line for line in lab.lines())
    lab.do(service, "stop")
    assert ends(lab)[1:] == ["stop: done after T (fs#1 T, ip#1 T)"]


def test_a_failure_tells_it_too(lab):
    service = lab.service("[ip#1]\ntype = probe\n[fs#1]\ntype = probe\nfails = start\n[app#1]\ntype = probe\n")
    with pytest.raises(ActionFailed):
        lab.do(service, "start")
    assert ends(lab) == ["start: failed after T (checks T, ip#1 T, fs#1 T)"]


def test_where_nothing_was_to_be_done_nothing_is_told(lab):
    lab.do(lab.service(PAIR.format(hangs="")), "stop")
    assert ends(lab) == []
    assert "DEBUG" in log(lab) and "stop: done after" in log(lab)


@pytest.mark.parametrize("seconds", ["0.1", "1.1"])
def test_an_operation_that_took_long_has_a_line_of_its_own_in_the_log(lab, seconds):
    lab.do(lab.service(PAIR.format(hangs=seconds)), "start")
    ((level, took),) = re.findall(r" (INFO|DEBUG) .* r:fs#1 .* \| sleep: (\d+\.\d{3}) s, exit code 0\n", log(lab))
    assert float(took) >= float(seconds)
    assert level == ("INFO" if float(took) >= 1 else "DEBUG")
    assert not any(line.startswith("sleep: ") for line in lab.lines())
