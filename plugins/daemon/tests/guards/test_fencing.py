"""The door to the fence agents: nothing but a confirmation goes through it."""

import io
from types import SimpleNamespace

import pytest
from opensvc_daemon.commands import stonith
from opensvc_daemon.guards.fencing import fence, fenceable

from opensvc_core.api import ActionFailed, FenceAgent, Node, UsageError


@pytest.fixture
def node(tmp_path):
    """Node n1 of a cluster.conf with these words."""

    def made(words):
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc" / "cluster.conf").write_text(f"[cluster]\nnodes = n1 n2 n3\n{words}\n")
        return Node(tmp_path, nodename="n1")

    return made


def with_agent(node, failing):
    """The node with an agent for n2 whose `fence` does this."""

    class Agent(FenceAgent):
        id = "stonith.test"

        def fence(self, limit):
            failing(limit)

    place = SimpleNamespace(name="stonith#n2", target="n2")
    found = SimpleNamespace(name=node.name, fence_agents=lambda: {"n2": Agent(place, {"timeout": 20.0})})
    return found


def test_a_confirmed_fence_returns(node, tmp_path):
    fence(node(f"[stonith#n2]\ncmd = /usr/bin/touch {tmp_path}/fenced"), "n2")
    assert (tmp_path / "fenced").exists()


def test_the_case_of_a_name_is_no_other_node(node, tmp_path):
    fence(node(f"[stonith#N2]\ncmd = /usr/bin/touch {tmp_path}/fenced"), "N2")
    assert (tmp_path / "fenced").exists()


@pytest.mark.parametrize(
    ("words", "target", "finding"),
    [
        pytest.param("", "n2", r"nothing is configured to fence n2: \[stonith#n2\]", id="no section"),
        pytest.param("[stonith#n1]\ncmd = /bin/true", "n1", "n1 is this node", id="itself"),
        pytest.param("[stonith#n2]", "n2", "n2 can't be fenced: .*cmd is required", id="no command"),
        pytest.param("[stonith#n2]\ntype = nosuch", "n2", "no installed plugin provides stonith.nosuch", id="no driver"),
        pytest.param("[stonith#n2]\ncmd = /no/such", "n2", "there is no program '/no/such'", id="no program"),
        pytest.param("[stonith#n2]\ncmd = /bin/false", "n2", "exit code 1, so n2 is not known to be down", id="failed"),
    ],
)
def test_anything_else_is_a_failure_with_its_reason(node, words, target, finding):
    with pytest.raises(ActionFailed, match=finding):
        fence(node(words), target)


@pytest.mark.parametrize("error", [OSError("no route"), ValueError("bad"), RuntimeError("bug"), TimeoutError("late")])
def test_what_an_agent_raises_is_never_a_confirmation(node, error):
    def failing(_limit):
        raise error

    with pytest.raises(ActionFailed, match="stonith#n2: n2 is not known to be down"):
        fence(with_agent(node(""), failing), "n2")


@pytest.mark.parametrize(("limit", "given"), [(None, 20.0), (5.0, 5.0), (100.0, 20.0)])
def test_the_shorter_of_the_limits_counts(node, limit, given):
    limits = []
    fence(with_agent(node(""), limits.append), "n2", limit)
    assert limits == [given]


def test_only_what_can_work_counts_as_fenceable(node):
    words = "[stonith#n1]\ncmd = /bin/true\n[stonith#n2]\ncmd = /bin/true\n[stonith#n3]\ncmd = /no/such\n[stonith#n4]\n"
    assert fenceable(node(words)) == {"n2"}


def arguments(**more):
    return SimpleNamespace(more=more)


def test_the_command_says_that_a_node_is_confirmed_to_be_down(node):
    session = SimpleNamespace(node=node("[stonith#n2]\ncmd = /bin/true"), stdout=io.StringIO())
    assert stonith.run(session, arguments(target="n2")) == 0
    assert session.stdout.getvalue().startswith("n2 is confirmed to be down (")


def test_the_command_fails_where_it_is_not(node):
    session = SimpleNamespace(node=node("[stonith#n2]\ncmd = /bin/false"), stdout=io.StringIO())
    with pytest.raises(ActionFailed):
        stonith.run(session, arguments(target="n2"))
    with pytest.raises(UsageError, match="--node is required"):
        stonith.run(session, arguments(target=None))
    assert session.stdout.getvalue() == ""
