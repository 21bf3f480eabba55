"""Agents of the fence-agents packages: a real one, and scripts that behave as the worst of them do."""

import shutil
import stat
import time

import pytest

from opensvc_core.api import ActionFailed, ActionTimeout, FenceAgent, Node

SCRIPT = """#!/bin/sh
while read line; do
    echo "$line" >> {folder}/heard
    case "$line" in action=*) action="${{line#action=}}";; esac
done
[ -z "$*" ] || echo "arguments: $*" >> {folder}/heard
{body}
"""


@pytest.fixture
def agent(tmp_path):
    """The agent for n2 of a node.conf with these words."""

    def made(words) -> FenceAgent:
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc" / "node.conf").write_text(f"[stonith#n2]\ntype = fence_agents\n{words}\n")
        found = Node(tmp_path, nodename="n1").fence_agents()["n2"]
        assert isinstance(found, FenceAgent), found
        return found

    return made


@pytest.fixture
def scripted(agent, tmp_path):
    """An agent that is a script; its body finds the action in `$action`."""

    def made(body, words="") -> FenceAgent:
        script = tmp_path / "fence_script"
        script.write_text(SCRIPT.format(folder=tmp_path, body=body))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return agent(f"agent = {script}\n{words}")

    return made


@pytest.fixture
def dummy(agent, tmp_path):
    """fence_dummy of the package: a node whose power is a word in a file."""
    if not shutil.which("fence_dummy"):
        pytest.skip("fence_dummy is not installed: apt-get install fence-agents")
    (tmp_path / "power").write_text("on")
    return lambda words="": agent(f"agent = fence_dummy\nstatus_file = {tmp_path}/power\n{words}")


def test_a_real_agent_switches_off_and_confirms(dummy, tmp_path):
    dummy().fence(30)
    assert (tmp_path / "power").read_text() == "off"


def test_a_real_agent_confirms_what_is_off_already(dummy, tmp_path):
    (tmp_path / "power").write_text("off")
    dummy().fence(30)


def test_a_real_agent_that_fails_confirms_nothing(agent):
    if not shutil.which("fence_virsh"):
        pytest.skip("fence_virsh is not installed: apt-get install fence-agents")
    with pytest.raises(ActionFailed, match=r"fence_virsh could not switch n2 off .exit code 1.: .*login"):
        agent("agent = fence_virsh\nplug = n2").fence(30)


def test_parameters_reach_it_through_its_standard_input_alone(scripted, tmp_path):
    scripted("[ $action = off ] || exit 2", "ip = 10.0.9.2\npassword = s3cret\ntimeout = 30s").fence(30)
    heard = (tmp_path / "heard").read_text().splitlines()
    assert sorted(heard) == sorted(["ip=10.0.9.2", "password=s3cret", "action=off", "ip=10.0.9.2", "password=s3cret", "action=status"])


def test_an_order_without_error_confirms_nothing_while_the_node_is_on(scripted):
    started = time.monotonic()
    with pytest.raises(ActionFailed, match=r"says that n2 is still on after 6 s"):
        scripted("exit 0").fence(6)
    assert time.monotonic() - started < 60


def test_it_is_asked_until_it_is_off(scripted, tmp_path):
    body = f"[ $action = off ] && exit 0; echo x >> {tmp_path}/asked; [ $(wc -l < {tmp_path}/asked) -ge 3 ] && exit 2; exit 0"
    scripted(body).fence(30)
    assert (tmp_path / "asked").read_text() == "x\nx\nx\n"


def test_what_it_says_of_the_node_counts_and_not_what_came_of_the_order(scripted):
    scripted("[ $action = off ] && exit 1; exit 2").fence(30)


@pytest.mark.parametrize("code", [0, 1])
def test_an_order_that_failed_is_not_waited_for(scripted, code):
    with pytest.raises(ActionFailed, match=r"could not switch n2 off .exit code 1.: no route"):
        scripted(f"[ $action = off ] && {{ echo no route >&2; exit 1; }}; exit {code}").fence(30)


def test_a_status_that_is_an_error_confirms_nothing(scripted):
    with pytest.raises(ActionFailed, match=r"can't tell whether n2 is off .exit code 1.: timed out"):
        scripted("[ $action = off ] && exit 0; echo timed out >&2; exit 1").fence(6)


def test_an_agent_that_hangs_is_ended(scripted):
    with pytest.raises(ActionTimeout, match="did not answer to 'off' in time"):
        scripted("exec sleep 30").fence(0.5)


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        pytest.param("agent = fence_nosuch", "there is no program 'fence_nosuch'", id="missing"),
        pytest.param("agent = /bin/true\naction = on", "action is no choice", id="action"),
    ],
)
def test_what_can_never_work_is_a_problem_before_it_is_needed(agent, words, finding):
    found = agent(words)
    assert finding in found.problem()
    with pytest.raises(ActionFailed, match=finding):
        found.fence(10)
