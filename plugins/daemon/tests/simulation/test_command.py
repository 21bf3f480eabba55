"""`om simulate`, and many seeds at once."""

import io
import time
from types import SimpleNamespace

import pytest
from opensvc_daemon import hooks
from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.view import Guard, Settings
from opensvc_daemon.simulation.command import run
from opensvc_daemon.simulation.configuration import cluster_of
from opensvc_daemon.simulation.many import main, summary
from opensvc_daemon.simulation.run import simulate
from opensvc_daemon.simulation.story import Story, parse

from opensvc_core.api import ConfigError, OpensvcError, UsageError

WEB = """[DEFAULT]
nodes = n1 n2
orchestrate = ha
split_policy = accept
priority = 50

[fs#data]
type = flag
monitor = true
restart = 2

[fs#more]
type = flag
disable = true
"""
DB = "[DEFAULT]\nnodes = n2 n3\norchestrate = ha\ntopology = flex\nflex_min = 2\nparents = web\n\n[fs#1]\ntype = flag\n"

ONE = "[DEFAULT]\nnodes = n1\norchestrate = ha\n\n[fs#1]\ntype = flag\n"
CLUSTER = """[cluster]
nodes = n1 n2 n3
quorum = true

[node]
ready_period = 7s
split_action = crash

[hb#1]
type = unicast
timeout = 9s

[hb#2]
type = multicast

[arbitrator#a]
name = far
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "web.conf").write_text(WEB)
    (tmp_path / "db.conf").write_text(DB)
    return tmp_path


@pytest.fixture
def host(tmp_path_factory):
    from opensvc_core import Node

    return Node(root=str(tmp_path_factory.mktemp("root")), nodename="n1")


def om(host, place, **more):
    """Run the command: its code, and what it printed."""
    session = SimpleNamespace(node=host, stdout=io.StringIO(), stderr=io.StringIO())
    code = run(session, SimpleNamespace(positionals=(str(place),), more=more))
    return code, session.stdout.getvalue()


def test_a_folder_of_service_files_is_a_cluster(folder, host):
    cluster = cluster_of(folder, host)
    db, web = cluster.services
    assert cluster.names == ("n2", "n3", "n1")
    assert (web.guard, web.priority, web.has_data_at_stake) == (Guard.ACCEPT, 50, False)
    assert [(one.rid, one.is_monitored, one.restart) for one in web.resources] == [("fs#data", True, 2)]
    assert (db.topology, db.flex_target, db.parents, db.guard) == ("flex", 2, ("web",), Guard.NONE)


def test_one_file_is_enough_and_two_nodes_get_an_arbitrator(folder, host):
    cluster = cluster_of(folder / "web.conf", host)
    assert [one.path for one in cluster.services] == ["web"]
    assert cluster.arbitrators == ("arbitrator",)


def test_what_cluster_conf_and_node_conf_say_counts(folder, host):
    (folder / "db.conf").unlink()
    (folder / "cluster.conf").write_text(CLUSTER)
    (folder / "node.conf").write_text("[node]\nmax_parallel = 2\n")
    cluster = cluster_of(folder, host)
    told = Settings(heartbeat_timeout=9.0, ready_period=7.0, has_quorum_rule=True, split_action="crash", max_parallel=2)
    assert cluster.names == ("n1", "n2", "n3")
    assert (cluster.settings, cluster.links, cluster.arbitrators) == (told, ("hb#1", "hb#2"), ("arbitrator#a",))
    assert parse(str(Story(cluster))).setup == cluster


def test_no_arbitrator_is_thought_of_where_cluster_conf_has_none(folder, host):
    (folder / "db.conf").unlink()
    (folder / "cluster.conf").write_text("[cluster]\nquorum = true\n")
    assert cluster_of(folder, host).arbitrators == ()


def test_an_error_is_told_with_the_file_that_it_is_in(folder, host):
    (folder / "web.conf").write_text(WEB.replace("ha", "always"))
    with pytest.raises(ConfigError) as caught:
        cluster_of(folder, host)
    assert str(caught.value).startswith(f"{folder / 'web.conf'}:3: DEFAULT.orchestrate")


def test_one_node_has_the_faults_of_one_node(folder, host):
    (folder / "one.conf").write_text(ONE)
    code, text = om(host, folder / "one.conf", seeds=20)
    assert (code, "20 stories" in text) == (0, True)


def test_the_timeline_is_printed(folder, host):
    code, text = om(host, folder / "web.conf", seed=3, faults="crash")
    assert code == 0
    assert "--- crash n" in text
    assert "web: start, because" in text
    assert " the daemon begins" in text


def test_a_story_of_ones_own_is_told(folder, host, tmp_path):
    story = tmp_path / "mine"
    story.write_text("at 20 crash n1\ncalm at 60 for 200\n")
    code, text = om(host, folder / "web.conf", story=str(story))
    assert code == 0
    assert "   20.000           --- crash n1\n" in text


def test_a_word_that_no_reservation_backs_starts_nothing_twice(folder, host, tmp_path):
    disk = "[fs#1]\ntype = ext4\ndev = /dev/sdb1\nmnt = /srv/1\n"
    (folder / "web.conf").write_text("[DEFAULT]\nnodes = n1 n2\norchestrate = ha\nguard = exclusive\n\n" + disk)
    story = tmp_path / "mine"
    story.write_text("at 20 isolate n1\nat 80 heal\ncalm at 90 for 200\n")
    code, text = om(host, folder / "web.conf", story=str(story))
    assert code == 0
    assert "data is at stake and no guard is configured" in text


def test_a_story_is_printed_instead_and_can_be_told_again(folder, host, tmp_path):
    _, text = om(host, folder / "web.conf", seed=3, shows_story=True)
    written = tmp_path / "again.story"
    written.write_text(text)
    assert parse(text).seed == 3
    assert om(host, written) == om(host, folder / "web.conf", seed=3)


def test_many_stories_end_in_one_line(folder, host):
    code, text = om(host, folder / "web.conf", seeds=3, faults="wall,load")
    assert (code, text.count("\n")) == (0, 1)
    assert "3 stories" in text
    assert "every invariant holds" in text


def test_the_kinds_of_faults_are_listed(folder, host):
    _, text = om(host, folder, faults="help")
    assert text.split()[:3] == ["crash", "reboot", "all-reboot"]


@pytest.mark.parametrize(
    ("name", "more", "kind", "told"),
    [
        ("none.conf", {}, UsageError, "no service file is there; name one"),
        ("web.conf", {"faults": "earthquake"}, UsageError, "'earthquake' is no kind of fault; known: crash"),
        ("web.conf", {"story": "/nowhere"}, UsageError, "/nowhere"),
        ("bad.conf", {}, ConfigError, "'nodes' is missing"),
        ("broken.conf", {}, OpensvcError, ""),
        ("empty.conf", {}, ConfigError, "empty.conf: no resource is there"),
        ("one.conf", {"faults": "wall,cut"}, UsageError, "the fault 'cut' needs two nodes, and 'nodes' names only n1"),
        ("web.conf", {"faults": "²"}, UsageError, "'²' is no kind of fault"),
        ("none.story", {}, UsageError, "none.story: No such file or directory"),
        ("binary.story", {}, UsageError, "binary.story: byte 0 is no UTF-8"),
        ("web.conf", {"story": "mine", "seed": 0}, UsageError, "--seed has no effect on a story"),
        ("binary.story", {"seeds": 9}, UsageError, "--seeds has no effect on a story"),
    ],
    ids=["absent", "fault", "story", "nodes", "syntax", "resources", "alone", "digit", "nostory", "binary", "idle", "idles"],
)
def test_errors_are_told_in_a_line(folder, host, name, more, kind, told):  # noqa: PLR0917 - two fixtures and a table
    (folder / "bad.conf").write_text("[fs#1]\ntype = flag\n")
    (folder / "broken.conf").write_text("[DEFAULT\nnodes\n")
    (folder / "empty.conf").write_text("[DEFAULT]\nnodes = n1 n2\n")
    (folder / "one.conf").write_text(ONE)
    (folder / "binary.story").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(kind) as caught:
        om(host, folder / name, **more)
    assert told in str(caught.value)


def test_the_command_is_brought_to_the_command_line():
    (verb,) = (verb for verb in hooks.opensvc_add_commands() if verb.words == ("simulate",))
    convert = {option.name: option.convert for option in verb.options}
    assert convert["seed"]("0") == 0
    with pytest.raises(ValueError, match="a whole number, such as 7"):
        convert["seed"]("seven")
    with pytest.raises(ValueError, match="1 or more"):
        convert["seeds"]("0")


def test_many_seeds_are_told_by_several_processes():
    out = io.StringIO()
    code = main(["--seeds", "6", "--from", "100", "--jobs", "2"], out)
    failing = [seed for seed in range(100, 106) if summary(seed).violations]
    assert code == bool(failing)
    assert "6 seeds, " in out.getvalue()
    assert f"{len(failing)} break an invariant" in out.getvalue()


def without_guards(view, now):
    """Takes every silent peer for dead."""
    return decide(view._replace(services={name: one._replace(guard=Guard.ACCEPT) for name, one in view.services.items()}), now)


def test_a_seed_that_fails_is_told_at_once_and_shrunk_in_the_end():
    seed = next(seed for seed in range(100) if summary(seed, without_guards).violations)
    out = io.StringIO()
    assert main(["--seeds", "1", "--from", str(seed), "--jobs", "1"], out, without_guards) == 1
    first, *rest = out.getvalue().splitlines()
    assert first.startswith(f"seed {seed}: ")
    shrunk = rest[rest.index(f"seed {seed}, shrunk:") + 1 :]
    assert not simulate(parse("\n".join(shrunk[: shrunk.index("")])), without_guards).is_ok
    assert rest[-1].endswith("1 break an invariant; 0 times a node woke up after its lease")


QUIET_DAY = "cluster seed=1\nnode n1 rate=1.003\nnode n2\nnode n3 rate=0.995\nservice svc1 nodes=n1,n2,n3 guard=lease\ncalm at 86400\n"


@pytest.mark.parametrize("leaps", [True, False], ids=["with leaps", "each beat sent"])
def test_a_view_that_stays_the_same_decides_nothing_anew(leaps):
    early, late = (simulate(parse(QUIET_DAY.replace("86400", seconds)), leaps=leaps) for seconds in ("300", "3600"))
    assert late.seconds > early.seconds + 3000
    assert late.decisions == early.decisions > 10


def test_a_quiet_day_of_three_nodes_is_soon_over():
    begin = time.process_time()
    result = simulate(parse(QUIET_DAY))
    assert time.process_time() - begin < 10.0
    assert result.seconds > 86400
    assert [one.node for one in result.history] == ["n1"]
    assert result.is_ok
