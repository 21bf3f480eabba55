"""A command that ends a node."""

import time

import psutil
import pytest

from opensvc_core.api import ActionFailed, ActionTimeout, FenceAgent, Node


@pytest.fixture
def agent(tmp_path):
    """The agent for n2 of a node.conf with these words."""

    def made(words) -> FenceAgent:
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc" / "node.conf").write_text(f"[stonith#n2]\n{words}\n")
        found = Node(tmp_path, nodename="n1").fence_agents()["n2"]
        assert isinstance(found, FenceAgent), found
        return found

    return made


def test_exit_code_0_confirms(agent, tmp_path):
    agent(f"cmd = /bin/sh -c 'echo $OPENSVC_FENCED_NODE > {tmp_path}/fenced'").fence(10)
    assert (tmp_path / "fenced").read_text() == "n2\n"


@pytest.mark.parametrize("code", [1, 2, 255])
def test_any_other_exit_code_confirms_nothing_and_says_why(agent, code):
    with pytest.raises(ActionFailed, match=f"exit code {code}, so n2 is not known to be down: no power strip"):
        agent(f"cmd = /bin/sh -c 'echo no power strip >&2; exit {code}'").fence(10)


def test_what_is_ended_by_a_signal_confirms_nothing(agent):
    with pytest.raises(ActionFailed, match="-9"):
        agent("cmd = /bin/sh -c 'kill -9 $$'").fence(10)


def test_what_takes_too_long_is_ended_with_its_children_and_confirms_nothing(agent, tmp_path):
    started = time.monotonic()
    with pytest.raises(ActionTimeout):
        agent(f"cmd = /bin/sh -c 'sleep 300 & echo $! > {tmp_path}/child; wait; exit 0'").fence(5)
    assert time.monotonic() - started < 60
    child = int((tmp_path / "child").read_text())
    while is_alive(child):
        assert time.monotonic() - started < 60
        time.sleep(0.02)


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_missing_program_is_a_problem_before_it_is_needed(agent):
    found = agent("cmd = /no/such/program n2")
    assert found.problem() == "stonith#n2.cmd: there is no program '/no/such/program' on this node"
    with pytest.raises(ActionFailed):
        found.fence(10)


def test_the_word_command_and_a_scope_are_understood(agent):
    found = agent("type = command\ncommand = /bin/false\ncommand@n1 = /bin/true")
    assert not found.problem()
    found.fence(10)


def test_the_time_limit_is_of_the_section(agent):
    assert agent("cmd = /bin/true").timeout == 60.0
    assert agent("cmd = /bin/true\ntimeout = 2m").timeout == 120.0


def test_a_section_without_a_command_says_so(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "node.conf").write_text("[stonith#n2]\n")
    assert "cmd is required" in str(Node(tmp_path, nodename="n1").fence_agents()["n2"])


def test_a_driver_of_another_kind_is_no_fence_agent(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "node.conf").write_text("[stonith#n2]\ntype = nosuch\n")
    assert "no installed plugin provides stonith.nosuch" in str(Node(tmp_path, nodename="n1").fence_agents()["n2"])
