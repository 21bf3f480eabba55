import pytest
from opensvc_driver_sync_rsync import moments
from opensvc_driver_sync_rsync.configuration import Configuration
from opensvc_driver_sync_rsync.driver import Rsync
from opensvc_driver_sync_rsync.freshness import View, observe

from opensvc_core.api import ActionFailed, CommandResult, Observation, Standing, Together
from opensvc_core.instance.node import Node

DAY = 86400.0
NOW = 1_800_000_000.0
UP, DOWN = Standing(is_up=True), Standing()


def seen(standing, known, **more):
    view = View("n1", more.pop("targets", ("n2",)), True, standing, known, NOW, DAY, **more)
    found = observe(view)
    status, messages = (found.status, found.messages) if isinstance(found, Observation) else (found, ())
    return str(status), [message.text for message in messages]


@pytest.mark.parametrize(
    ("standing", "known", "status", "said"),
    [
        (UP, {}, "down", ["n2 need update"]),
        (UP, {"n2": NOW - 60}, "up", []),
        (UP, {"n2": NOW - 2 * DAY}, "down", ["n2 need update"]),
        (UP, {"n2": NOW + DAY}, "down", ["n2 need update"]),
        (DOWN, {}, "warn", ["passive node needs update"]),
        (DOWN, {"n1": NOW - 60}, "up", []),
        (DOWN, {"n1": NOW - 2 * DAY}, "warn", ["passive node needs update"]),
        (Standing(last_up=NOW - 60), {}, "down", ["n2 need update"]),
        (Standing(last_up=NOW - 60), {"n1": NOW - 120, "n2": NOW - 120}, "up", []),
        (Standing(last_up=NOW - 120), {"n1": NOW - 60}, "up", []),
    ],
    ids=lambda value: None,
)
def test_the_node_that_had_the_service_last_tells_of_the_others(standing, known, status, said):
    assert seen(standing, known) == (status, said)


def test_several_stale_targets_are_one_message():
    assert seen(UP, {"n3": NOW}, targets=("n2", "n3", "n4")) == ("down", ["n2, n4 need update"])


def test_a_newer_service_that_is_not_up_waits_for_its_first_copy():
    assert seen(DOWN, {}, waits=True) == ("n/a", ["paused, service not up"])
    assert seen(DOWN, {"n1": NOW - 2 * DAY}, waits=True) == ("warn", ["passive node needs update"])


def test_a_target_that_is_no_member_of_the_cluster_is_not_waited_for():
    outside = frozenset({"n2"})
    assert seen(UP, {}, outside=outside) == ("n/a", ["paused, n2 not in the cluster"])
    assert seen(UP, {"n2": NOW - 2 * DAY}, outside=outside) == ("down", ["n2 need update"])
    assert seen(UP, {"n2": NOW}, outside=outside) == ("up", [])


def test_moments_are_kept_by_node(tmp_path):
    file = tmp_path / "new" / "last_sync"
    assert moments.read(file) == {}
    moments.note(file, {"n1": 1.0, "n2": 1.0})
    moments.note(file, {"n2": 2.5})
    assert moments.read(file) == {"n1": 1.0, "n2": 2.5}
    file.write_text("{")
    assert moments.read(file) == {}


@pytest.fixture
def make(tmp_path):
    """A resource of a service with nodes n1 n2 n3 and drpnode d1, made on n1."""

    def make(text, rid="sync#data", suffix="conf", node_conf=""):
        root = tmp_path / "root"
        (root / "etc").mkdir(parents=True, exist_ok=True)
        (root / "etc/node.conf").write_text(node_conf)
        (root / f"etc/web.{suffix}").write_text(f"[DEFAULT]\nnodes = n1 n2 n3\ndrpnodes = d1\n{text}")
        part = Node(root, nodename="n1").service("web").instance().part(rid)
        assert part.resource is not None, part.problem
        return part.resource

    return make


@pytest.fixture
def data(make, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.txt").write_text("a")
    return lambda more="", **options: make(f"[sync#data]\nsrc = {tmp_path}/data/\ndst = /srv/web\ntarget = nodes\n{more}", **options)


def ends(resource, targets, *outcomes):
    """What a sync yields, and what it raises when its commands come to these outcomes."""
    steps = resource.sync(targets)
    together = next(steps)
    assert isinstance(together, Together)
    try:
        steps.send(list(outcomes) or [CommandResult(0)] * len(together.operations))
    except StopIteration:
        return list(together.operations), ""
    except ActionFailed as error:
        return list(together.operations), str(error)
    raise AssertionError("a sync is one step")


def test_each_target_gets_a_copy_of_its_own(data, tmp_path):
    resource = data()
    commands, _ = ends(resource, ["n2", "n3", "d1"])
    assert [command.argv[-1] for command in commands] == ["n2:/srv/web", "n3:/srv/web"]
    argv = commands[0].argv
    assert argv[:6] == ["rsync", "-aHAXx", "--delete", "--force", "--modify-window=-1", "--timeout=60"]
    assert "BatchMode=yes" in argv[7]
    assert "StrictHostKeyChecking=yes" in argv[7]
    assert argv[-2] == f"{tmp_path}/data/"
    assert commands[0].timeout == 6 * 3600
    assert set(resource.sent) == {"n2", "n3"}


def test_sources_may_have_blanks(make, tmp_path):
    for name in ("of one", "of two", "three"):
        (tmp_path / name).touch()
    resource = make(f"[sync#data]\nsrc = '{tmp_path}/of one' {tmp_path}/thr* {tmp_path}/of\\ two\ndst = /srv/web\ntarget = nodes\n")
    (command,), _ = ends(resource, ["n2"])
    assert command.argv[-4:-1] == [f"{tmp_path}/{name}" for name in ("of one", "three", "of two")]


def test_a_node_that_fails_keeps_no_other_from_its_copy(data):
    resource = data()
    refused = CommandResult(255, stderr="root@n2: Permission denied (publickey).\nrsync: connection unexpectedly closed\n")
    _, said = ends(resource, ["n2", "n3"], refused, CommandResult(0))
    assert said == "n2 does not trust root of this node; 'om node update ssh keys --node=n2' makes it so"
    assert set(resource.sent) == {"n3"}
    _, said = ends(
        resource, ["n2", "n3"], ActionFailed("n2: time is up"), CommandResult(11, stderr="write failed: No space left on device (28)")
    )
    assert said == "n2: time is up; the disk of n3 is full"
    assert resource.sent == {}
    _, said = ends(resource, ["n2", "n3"], CommandResult(11), CommandResult(99))
    assert said == "n2: a file can't be written there, or read here; its disk may be full; n3: rsync: exit code 99"


def test_a_missing_ssh_is_told_before_what_follows_from_it(data):
    said = (
        "rsync: [sender] Failed to exec ssh: No such file or directory (2)\nrsync: safe_write failed to write 4 bytes: Broken pipe (32)\n"
    )
    _, told = ends(data(), ["n2"], CommandResult(14, stderr=said))
    assert told == "there is no ssh here to reach n2 by; install the ssh client"


@pytest.mark.parametrize(
    ("more", "wanted", "unwanted"),
    [
        ("options = --exclude '*.tmp'", ["-aHAXx", "--exclude", "*.tmp"], []),
        ("options = -rt\nreset_options = true", ["-rt"], ["-aHAXx", "--delete"]),
        ("bwlimit = 3 mb/s", ["--bwlimit=3072"], []),
    ],
    ids=["options", "reset_options", "bwlimit"],
)
def test_options_reach_rsync(data, more, wanted, unwanted):
    (command, *_), _ = ends(data(more), ["n2"])
    assert [word for word in wanted if word not in command.argv] == []
    assert [word for word in unwanted if word in command.argv] == []


def test_nothing_is_sent_where_the_file_system_is_not_mounted(data):
    resource = data("dstfs = /srv/web")
    steps = resource.sync(["n2", "n3"])
    assert [look.argv[-2:] for look in next(steps).operations] == [["n2", "mountpoint -q /srv/web"], ["n3", "mountpoint -q /srv/web"]]
    (copy,) = steps.send([CommandResult(32), CommandResult(0)]).operations
    assert "--rsync-path=mountpoint -q /srv/web && rsync" in copy.argv
    with pytest.raises(ActionFailed, match=r"^n2: /srv/web is not mounted there; nothing is sent$"):
        steps.send([CommandResult(0)])
    assert set(resource.sent) == {"n3"}


def test_who_is_not_root_works_by_sudo(data):
    (command,), _ = ends(data(node_conf="[node]\nruser = osvc\n"), ["n2"])
    assert "--rsync-path=sudo -n rsync" in command.argv
    assert command.argv[7].endswith("-l osvc")


def test_a_source_that_is_missing_empties_no_target(make, tmp_path):
    resource = make(f"[sync#data]\nsrc = {tmp_path}/none*\ndst = /srv/web\ntarget = nodes\n")
    with pytest.raises(ActionFailed, match=r"none\*: there is no such file here; nothing is sent"):
        next(resource.sync(["n2"]))


@pytest.mark.parametrize(("given", "known"), [("1g", "1073741824b"), ("5%ORIGIN", "5%ORIGIN"), ("100%FREE", "100%FREE")], ids=str)
def test_the_size_of_a_snapshot_is_what_lvcreate_takes(data, given, known):
    assert data(f"snap_size = {given}").snap_size == known


@pytest.mark.parametrize("line", ["target = all", "target =", "dst = srv", "snap_size = 10%", "snap_size = 0"], ids=str)
def test_wrong_values_are_told(data, line):
    with pytest.raises(AssertionError, match="is no"):
        data(line)


def test_targets_are_those_of_its_keyword(data):
    assert isinstance(data(), Rsync)
    assert list(data("target@n1 = nodes drpnodes").receivers()) == ["n1", "n2", "n3", "d1"]
    assert list(data().receivers()) == ["n1", "n2", "n3"]


def test_the_label_tells_what_goes_where(data, tmp_path):
    assert data().label() == f"rsync of {tmp_path}/data/ to nodes"


def test_the_last_run_is_the_oldest_copy_that_counts(data):
    resource = data()
    assert resource.last_run() is None
    resource.note_syncs({"n2": 5.0})
    assert resource.last_run() is None
    resource.note_syncs({"n3": 3.0, "n9": 1.0})
    assert resource.last_run() == 3.0


def test_the_files_of_a_service_are_sent_with_their_places(make, tmp_path):
    resource = make("[fs#1]\ntype = flag\n", "sync#i0", "env")
    assert isinstance(resource, Configuration)
    etc = tmp_path / "root/etc"
    (etc / "web").symlink_to("../bin/svcmgr")
    (etc / "web.cluster").symlink_to("../bin/svcmgr")
    (etc / "web.stonith").symlink_to("../bin/svcmgr")
    (etc / "web.dir").mkdir()
    (etc / "web.d").symlink_to("web.dir")
    (command, *others), _ = ends(resource, ["n2", "n3", "d1"])
    assert len(others) == 2
    start = command.argv.index("--") + 1
    assert command.argv[start:-1] == [f"{etc}/./web.env", f"{etc}/./web", f"{etc}/./web.d", f"{etc}/./web.dir"]
    assert command.argv[-1] == f"n2:{tmp_path}/root/var/svc/web/sync#i0/incoming/"


@pytest.mark.parametrize(
    ("suffix", "label"), [("env", "rsync svc config to drpnodes, nodes"), ("conf", "rsync svc config to drpnodes, nodes")]
)
def test_the_label_of_the_configuration(make, suffix, label):
    resource = make("", "sync#i0", suffix)
    assert (resource.label(), resource.classic_label()) == (label, "rsync svc config to drpnodes, nodes")


def test_a_section_gives_the_implied_resource_values(make):
    resource = make("[sync#i0]\nschedule = 01:00\nsync_max_delay = 10\n", "sync#i0")
    assert isinstance(resource, Configuration)
    assert resource.sync_max_delay == 600
