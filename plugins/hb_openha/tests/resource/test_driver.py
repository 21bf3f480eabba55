"""What the resource shows of what the cluster says."""

import pytest
from opensvc_driver_hb_openha.driver import OpenHA
from opensvc_driver_hb_openha.testing import Promises
from opensvc_openha.states import State

from opensvc_core.api import CommandResult, Status
from opensvc_core.driver.sight import Sight
from opensvc_core.testing.fakes import FakeSystem, context_for

NOT_RUNNING = "open-ha daemons are not running"


class TestPromises(Promises):
    """The suite."""


@pytest.fixture
def seen(cluster, tmp_path):
    """What the resource shows while these programs run, all of them unless others are named."""

    def look(*lines, **values):
        listed = lines or ("heartd lo 239.131.50.10 5010", "heartc lo 239.131.50.11 5011 10", "nmond")
        system = FakeSystem({"ps": CommandResult(0, "".join(f"{cluster.tree.bin}/{line}\n" for line in listed))})
        found = OpenHA(context_for("hb#0", tmp_path, system=system), values).status()
        return (found, "") if isinstance(found, Status) else (found.status, found.messages[0].text)

    return look


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (State.STARTED, (Status.UP, "")),
        (State.STOPPED, (Status.DOWN, "")),
        *((state, (Status.WARN, f"the cluster has it {state}")) for state in State if state not in (State.STARTED, State.STOPPED)),
    ],
    ids=str,
)
def test_the_state_of_this_node_is_the_status(cluster, seen, state, shown):
    cluster.say(n1=state, n2=State.STARTED if state is State.STOPPED else State.STOPPED)
    assert seen() == shown


def test_only_the_first_byte_counts(cluster, seen):
    cluster.tree.state("web", "n1").write_bytes(b"2\0rest")
    assert seen() == (Status.UP, "")


@pytest.mark.parametrize("content", [b"", b"x", None], ids=["empty", "a letter", "no file"])
def test_what_is_no_state_is_never_a_status(cluster, seen, content):
    if content is not None:
        cluster.tree.state("web", "n1").write_bytes(content)
    assert seen() == (Status.WARN, f"{cluster.tree.state('web', 'n1')} holds no state")


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(("init",), id="none"),
        pytest.param(("heartd lo 239.131.50.10 5010", "heartc lo 239.131.50.11 5011 10"), id="nobody decides"),
        pytest.param(("heartd lo 239.131.50.10 5010", "nmond"), id="nobody listens"),
    ],
)
def test_what_nobody_cares_for_is_a_warning_whatever_its_files_say(cluster, seen, lines):
    cluster.say(n1=State.STARTED)
    assert seen(*lines) == (Status.WARN, NOT_RUNNING)


def test_where_there_is_no_cluster_its_daemons_don_t_run(cluster, seen):
    cluster.tree.monitor.unlink()
    assert seen() == (Status.WARN, NOT_RUNNING)


def test_a_list_of_processes_that_fails_is_told(cluster, tmp_path):
    cluster.say(n1=State.STARTED)
    found = OpenHA(context_for("hb#0", tmp_path, system=FakeSystem()), {}).status()
    assert found.status is Status.WARN and "can't be told" in found.messages[0].text


def test_a_service_that_the_cluster_does_not_have(cluster, seen):
    cluster.declare(name="other")
    assert seen() == (Status.WARN, "the cluster has no service 'web': 'service -a' makes it")
    cluster.tree.services.unlink()
    assert seen() == (Status.WARN, "the cluster has no service 'web': 'service -a' makes it")


def test_a_service_that_the_cluster_has_on_other_nodes(cluster, seen):
    cluster.declare(nodes="n2 n3")
    assert seen() == (Status.WARN, "the cluster has it on n2 and n3, and not on n1")


def test_it_may_have_another_name_in_the_cluster(cluster, seen):
    cluster.declare(name="registry")
    cluster.tree.folder("registry").mkdir()
    cluster.tree.state("registry", "n1").write_bytes(b"2\0")
    assert seen(name="registry") == (Status.UP, "")


def test_one_look_at_several_services_lists_the_processes_once(cluster, tmp_path):
    system, sight = FakeSystem({"ps": CommandResult(0, "")}), Sight()
    for rid in ("hb#0", "hb#1"):
        OpenHA(context_for(rid, tmp_path, system=system, sight=sight), {}).status()
    assert len(system.asked) == 1


def test_a_change_of_the_state_is_waited_for(cluster, tmp_path):
    resource = OpenHA(context_for("hb#0", tmp_path), {})
    assert [str(watch.target) for watch in resource.watches()] == [str(cluster.tree.state("web", "n1"))]
    cluster.tree.services.unlink()
    assert list(resource.watches()) == []


def test_it_tells_the_states_of_both_nodes(cluster, tmp_path):
    cluster.say(n1=State.STOPPED, n2=State.STARTED)
    assert OpenHA(context_for("hb#0", tmp_path), {}).info() == {"name": "web", "n1": "STOPPED", "n2": "STARTED"}
