"""A watchdog device. A file stands for it, which tells by its content what was written; the real one is in the virtual machines' tests."""

import pytest
from opensvc_driver_watchdog_device.device import Device

from opensvc_core.api import ConfigError, DriverUnavailable, Node, WatchdogPlace, WatchdogTimer


@pytest.fixture
def file(tmp_path):
    """The device."""
    made = tmp_path / "watchdog"
    made.touch()
    return made


@pytest.fixture
def node(tmp_path):
    """n1 with this node.conf."""

    def made(text):
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc" / "node.conf").write_text(text)
        return Node(tmp_path, nodename="n1")

    return made


def timer(file, ask=lambda _, seconds: seconds):
    return Device(WatchdogPlace("watchdog#1", "n1"), {"dev": str(file)}, ask=ask)


def test_it_is_armed_petted_and_disarmed(file):
    asked = []
    found = timer(file, lambda _, seconds: asked.append(seconds) or seconds)
    assert not found.is_armed
    found.pet()
    found.arm()
    found.arm()
    assert (found.is_armed, asked, file.read_bytes()) == (True, [4], b"")
    found.pet()
    found.disarm()
    found.disarm()
    assert (found.is_armed, file.read_bytes()) == (False, b"\0V")
    found.arm()
    assert found.is_armed
    found.disarm()


def test_one_that_is_too_patient_is_refused_and_disarmed(file):
    found = timer(file, lambda _, seconds: seconds + 6)
    with pytest.raises(OSError, match="waits 10 s at least"):
        found.arm()
    assert not found.is_armed
    assert file.read_bytes() == b"V"


def test_what_is_no_watchdog_is_refused(file, tmp_path):
    found = Device(WatchdogPlace("watchdog#1", "n1"), {"dev": str(file)})
    with pytest.raises(OSError, match="ioctl"):
        found.arm()
    assert not found.is_armed
    with pytest.raises(FileNotFoundError):
        timer(tmp_path / "none").arm()


def test_a_section_without_a_type_is_one(node):
    (found,) = node("[watchdog#1]\ndev = /dev/watchdog2\ndev@n1 = /dev/watchdog1\n").watchdogs().values()
    assert isinstance(found, WatchdogTimer)
    assert (found.id, found.detail, found.timeout, found.place) == ("watchdog.device", "/dev/watchdog1", 4.0, ("watchdog#1", "n1"))


def test_the_nodes_own_comes_first(node, tmp_path):
    made = node("[watchdog#2]\n")
    (tmp_path / "etc" / "cluster.conf").write_text("[watchdog#1]\n")
    assert list(made.watchdogs()) == ["watchdog#2", "watchdog#1"]


@pytest.mark.parametrize(
    ("words", "kind", "says"),
    [
        pytest.param("type = nosuch", DriverUnavailable, "no installed plugin provides watchdog.nosuch", id="driver"),
        pytest.param("timeout = soon", ConfigError, "soon", id="value"),
    ],
)
def test_in_the_place_of_one_that_can_not_be_made_stands_the_reason(node, words, kind, says):
    (found,) = node(f"[watchdog#1]\n{words}\n").watchdogs().values()
    assert isinstance(found, kind)
    assert says in str(found)


@pytest.mark.parametrize(
    ("section", "says"),
    [
        pytest.param("[watchdog#1]\ndev = /dev/null\n", None, id="fine"),
        pytest.param("[watchdog#1]\ndev = /dev/none\n", "there is no device /dev/none on this node", id="no device"),
        pytest.param("[watchdog#1]\ndev = /etc/passwd\n", "/etc/passwd is no watchdog", id="a file"),
        pytest.param("[watchdog#1]\ndev@n1 = /dev/null\ndev = /dev/none\n", None, id="on another node"),
        pytest.param("[watchdog#1]\ndev = /dev/null\n[watchdog#2]\ndev = /dev/null\n", "that of [watchdog#1]: this one", id="a second one"),
    ],
)
def test_validate_tells_what_can_not_end_the_node(node, section, says):
    found = node(section).validate("node")
    assert [one.severity.value for one in found] == (["warning"] if says else [])
    assert {one.code for one in found} <= {"watchdog-unfit", "unused-section"}
    assert all(says in str(one) for one in found)


def test_a_mistake_in_the_section_is_told_once(node):
    (found,) = node("[watchdog#1]\ndev = /dev/null\ntimout = 3\n").validate("node")
    assert (found.code, found.severity.value, found.hint) == ("unknown-keyword", "error", "did you mean 'timeout'?")
