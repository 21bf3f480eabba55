"""The lines that an action writes while it runs, in both forms."""

import time
from pathlib import Path

import pytest

from opensvc_core.cli.render.log import ClassicLog, TreeLog
from opensvc_core.model.events import Event, Level

GOLDEN = Path(__file__).parent / "golden"


def golden(name):
    return (GOLDEN / f"{name}.txt").read_text()


def at(clock):
    hours, minutes, seconds = map(int, clock.split(":"))
    return float(hours * 3600 + minutes * 60 + seconds)


def classic(clock, rid, text, *, name="message", level=Level.INFO, **fields):
    return Event(name, "", at(clock), "sles1", "p26.opensvc.com", rid, level, classic_text=text, fields=fields)


def classic_run(clock, rid, command, output):
    """A command that runs for less than a second and prints something."""
    return [classic(clock, rid, command, name="command"), classic(clock, rid, output, name="output")]


def tree(rid, text, *, name="message", level=Level.INFO, service="svc1", **more):
    return Event(name, text, 0.0, "demo1", service, rid, level, **more)


def tree_run(rid, command, output):
    return [tree(rid, command, name="command"), tree(rid, output, name="output")]


def ip_start(begin, end):
    return [
        classic(begin, "ip#0", "checking 37.59.71.26 availability"),
        classic(end, "ip#0", "ifconfig eth0:1 37.59.71.26 netmask 255.255.255.224 up", name="command"),
        classic(end, "ip#0", "arping -U -c 1 -I eth0 -s 37.59.71.26 0.0.0.0", name="command"),
        classic(
            end,
            "ip#0",
            "ARPING 0.0.0.0 from 37.59.71.26 eth0\nSent 1 probes (1 broadcast(s))\nReceived 0 response(s)\n",
            name="output",
            bare=True,
        ),
    ]


def fsck(clock, rid, device, found):
    return classic_run(clock, rid, f"e2fsck -p {device}", f"{device}: {found}\n")


APP_DEVICE, DATA_DEVICE = "/dev/mapper/vgsvc1-lvappsvc1", "/dev/mapper/vgsvc1-lvdatasvc1"
CHANGED = '  Volume group "vgsvc1" successfully changed\n'
ETC, TMP = "/opt/opensvc/etc/p26.opensvc.com", "/opt/opensvc/tmp/svc_p26.opensvc.com"

CLASSIC = {
    "log_classic_first_start": [
        *ip_start("14:40:06", "14:40:11"),
        classic("14:40:11", "vg#0", "vgsvc1 is already up", name="already"),
        classic("14:40:11", "fs#0", "create missing mountpoint /svc1/app"),
        *fsck("14:40:11", "fs#0", APP_DEVICE, "clean, 11/3072 files, 1530/12288 blocks"),
        classic("14:40:11", "fs#0", f"mount -t ext3 {APP_DEVICE} /svc1/app", name="command"),
        classic("14:40:11", "fs#1", "create missing mountpoint /svc1/data"),
        *fsck("14:40:11", "fs#1", DATA_DEVICE, "clean, 11/3072 files, 1530/12288 blocks"),
        classic("14:40:11", "fs#1", f"mount -t ext3 {DATA_DEVICE} /svc1/data", name="command"),
    ],
    "log_classic_start": [
        *ip_start("16:52:31", "16:52:36"),
        classic("16:52:36", "vg#0", "vgchange --addtag @sles1 vgsvc1", name="command"),
        classic("16:52:37", "vg#0", CHANGED, name="output"),
        *classic_run("16:52:37", "vg#0", "vgchange -a y vgsvc1", '  2 logical volume(s) in volume group "vgsvc1" now active\n'),
        *fsck("16:52:37", "fs#0", APP_DEVICE, "clean, 19/3072 files, 2579/12288 blocks"),
        classic("16:52:37", "fs#0", f"mount -t ext3 {APP_DEVICE} /svc1/app", name="command"),
        *fsck("16:52:37", "fs#1", DATA_DEVICE, "clean, 13/3072 files, 1532/12288 blocks"),
        classic("16:52:37", "fs#1", f"mount -t ext3 {DATA_DEVICE} /svc1/data", name="command"),
        classic("16:52:37", "app", f"spawn: {ETC}.d/S10weblauncher start", name="command"),
        classic("16:52:37", "app", f"start done in 0:00:00.007657 - ret 0 - logs in {TMP}_S10weblauncher.log", name="done"),
    ],
    "log_classic_stop": [
        classic("15:32:31", "app", f"spawn: {ETC}.d/K90weblauncher stop", name="command"),
        classic("15:32:31", "app", f"stop done in 0:00:00.004676 - ret 0 - logs in {TMP}_K90weblauncher.log", name="done"),
        classic("15:32:32", "fs#1", "umount /svc1/data", name="command"),
        classic("15:32:32", "fs#0", "umount /svc1/app", name="command"),
        *classic_run("15:32:32", "vg#0", "vgchange --deltag @sles1 vgsvc1", CHANGED),
        classic("15:32:32", "vg#0", "kpartx -d /dev/vgsvc1/lvappsvc1", name="command"),
        classic("15:32:32", "vg#0", "kpartx -d /dev/vgsvc1/lvdatasvc1", name="command"),
        *classic_run("15:32:32", "vg#0", "vgchange -a n vgsvc1", '  0 logical volume(s) in volume group "vgsvc1" now active\n'),
        classic("15:32:32", "ip#0", "ifconfig eth0:1 down", name="command"),
        classic("15:32:32", "ip#0", "checking 37.59.71.26 availability"),
    ],
    "log_classic_sync_skipped": [classic("17:20:37", "sync#i0", "skip sync: not in allowed period (['03:59', '05:59'])")],
    "log_classic_sync_forced": [classic("17:20:41", "", f"exec '{ETC} --waitlock 3600 postsync' on node sles2")],
    "log_classic_conflict": [
        classic("16:19:39", "ip#0", "checking 37.59.71.26 availability"),
        classic(
            "16:19:39",
            "",
            "'start' action stopped on execution error: start aborted due to resource ip#0 conflict",
            level=Level.ERROR,
        ),
        classic("16:19:39", "", "skip rollback start: no resource activated"),
    ],
    "log_classic_links_repaired": [
        classic("11:19:37", "hb#0", f"{ETC}.cluster: not regular file nor symlink. fix."),
        classic("11:19:37", "hb#0", f"{ETC}.stonith: not regular file nor symlink. fix."),
    ],
    "log_classic_refused": [
        classic(
            "21:34:10",
            "",
            "this service is managed by a clusterware, thus direct service manipulation is disabled. "
            "the --cluster option circumvent this safety net.",
        )
    ],
}

TREE = {
    "log_tree_start": [
        tree("ip#0", "checking 5.196.34.135 availability (5s)"),
        tree("ip#0", "/sbin/ip addr add 5.196.34.135/27 dev br-prd", name="command"),
        tree("ip#0", "send gratuitous arp to announce 5.196.34.135 is at br-prd"),
        *tree_run("disk#0", "vgchange --addtag @demo1 vgsvc1", CHANGED),
        *tree_run("disk#0", "vgchange -a y vgsvc1", '  2 logical volume(s) in volume group "vgsvc1" now active\n'),
        tree("disk#1", "lv vgsvc1/app is already up", name="already"),
        tree("disk#2", "lv vgsvc1/data is already up", name="already"),
        *tree_run("fs#app", "e2fsck -p /dev/vgsvc1/app", "/dev/vgsvc1/app: clean, 15/65536 files, 15363/262144 blocks\n"),
        tree("fs#app", "mount -t ext4 /dev/vgsvc1/app /svc1/app", name="command"),
        *tree_run("fs#data", "e2fsck -p /dev/vgsvc1/data", "/dev/vgsvc1/data: clean, 20/131072 files, 26167/524288 blocks\n"),
        tree("fs#data", "mount -t ext4 /dev/vgsvc1/data /svc1/data", name="command"),
    ],
    "log_tree_start_app": [
        *tree_run("app#web", "exec /svc1/app/binserve_launcher start as user root", "Starting Binserve...\n\nBinserve started !\n"),
        tree("app#web", "start done in 0:00:00.213427 - ret 0", name="done"),
    ],
    "log_tree_stop": [
        tree("app#web", "exec /svc1/app/binserve_launcher stop as user root", name="command"),
        tree("app#web", "stop done in 0:00:00.403740 - ret 0", name="done"),
        tree("fs#data", "umount /svc1/data", name="command"),
        tree("fs#app", "umount /svc1/app", name="command"),
        tree("disk#2", "lvchange -a n vgsvc1/data", name="command"),
        tree("disk#1", "lvchange -a n vgsvc1/app", name="command"),
        *tree_run("disk#0", "vgchange --deltag @demo1 vgsvc1", CHANGED),
        tree("ip#0", "/sbin/ip addr del 5.196.34.135/27 dev br-prd", name="command"),
        tree("ip#0", "checking 5.196.34.135 availability (1s)"),
    ],
    "log_tree_join": [
        Event("message", text, 0.0, "demo2") for text in ("freeze local node", "add heartbeat hb#1", "join node demo1", "thaw local node")
    ],
}


def written(log, events):
    lines = [line for event in events for line in log.lines(event)]
    return [*lines, *log.finish()]


@pytest.mark.parametrize("name", CLASSIC)
def test_the_classic_lines_are_those_of_the_tutorials(name):
    assert "\n".join(written(ClassicLog(time.gmtime), CLASSIC[name])) + "\n" == golden(name)


@pytest.mark.parametrize("name", TREE)
def test_the_tree_lines_are_those_of_the_tutorial(name):
    assert "\n".join(written(TreeLog(), TREE[name])) + "\n" == golden(name)


def test_every_recorded_log_is_rebuilt():
    assert {path.stem for path in GOLDEN.glob("log_*.txt")} == {*CLASSIC, *TREE}


def test_a_conflict_is_told_with_its_mark():
    events = [
        tree("ip#0", "checking 5.196.34.135 availability (5s)"),
        tree("", "start aborted due to resource ip#0 conflict", level=Level.ERROR),
        tree("", "skip rollback start: no resource activated"),
    ]

    assert written(TreeLog(), events)[2:] == [
        "@ n:demo1 o:svc1 sc:n",
        "E start aborted due to resource ip#0 conflict",
        "  skip rollback start: no resource activated",
    ]


def test_a_warning_has_its_mark():
    assert TreeLog().lines(tree("fs#1", "busy", level=Level.WARNING))[1:] == ["W busy"]


def test_an_action_of_the_scheduler_is_told_in_the_header():
    assert TreeLog().lines(tree("task#1", "run", by_scheduler=True))[0] == "@ n:demo1 o:svc1 r:task#1 sc:y"


def test_a_header_comes_again_when_the_context_comes_back():
    events = [tree("fs#1", "a"), tree("fs#2", "b"), tree("fs#1", "c"), tree("fs#1", "d")]

    assert [line for line in written(TreeLog(), events) if line.startswith("@")] == [
        f"@ n:demo1 o:svc1 r:{rid} sc:n" for rid in ("fs#1", "fs#2", "fs#1")
    ]


def test_an_event_that_is_not_shown_brings_no_header():
    log = TreeLog()
    events = [tree("fs#1", "a"), tree("fs#2", "hidden", level=Level.DEBUG), tree("fs#2", ""), tree("fs#1", "b")]

    assert written(log, events) == ["@ n:demo1 o:svc1 r:fs#1 sc:n", "  a", "  b"]


@pytest.mark.parametrize("log", [ClassicLog(time.gmtime), TreeLog()], ids=["classic", "tree"])
@pytest.mark.parametrize(
    "event",
    [
        pytest.param(tree("fs#1", "detail", level=Level.DEBUG), id="debug"),
        pytest.param(tree("fs#1", " \n\n", name="output"), id="a command that printed nothing"),
        pytest.param(tree("fs#1", "", name="begin"), id="an event without a text"),
    ],
)
def test_nothing_is_written_for(log, event):
    assert log.lines(event) == []


def test_the_classic_text_stands_above_the_text():
    event = Event("command", "ip addr add …", at("01:02:03"), "n1", "s1", "ip#1", classic_text="ifconfig …")

    assert ClassicLog(time.gmtime).lines(event) == [f"01:02:03 INFO    {'S1.IP#1':23} ifconfig …"]
    assert TreeLog().lines(event)[1:] == ["  ip addr add …"]


def test_a_longer_name_is_followed_by_one_blank():
    event = Event("message", "text", 0.0, "n1", "prod/svc/some.longer.name", "container#1")

    assert ClassicLog(time.gmtime).lines(event) == ["00:00:00 INFO    PROD/SVC/SOME.LONGER.NAME.CONTAINER#1 text"]


def test_an_event_of_the_node_is_under_the_nodes_name():
    event = Event("message", "text", 0.0, "n1", level=Level.WARNING)

    assert ClassicLog(time.gmtime).lines(event) == [f"00:00:00 WARNING {'N1':23} text"]


def test_times_are_those_of_the_local_zone():
    event = Event("message", "text", 1_700_000_000.0, "n1")

    assert ClassicLog().lines(event)[0].startswith(time.strftime("%H:%M:%S", time.localtime(1_700_000_000.0)))


def test_output_that_a_file_keeps_is_not_printed_in_the_classic_layout():
    log = ClassicLog(clock=time.gmtime)
    kept = Event("output", "Started !", 0.0, "n1", "web", "app", fields={"is_kept": True})
    assert log.lines(kept) == []
    assert log.lines(kept._replace(fields={"is_kept": False})) == ["00:00:00 INFO    WEB.APP                 output:", "Started !"]
    assert log.lines(kept) == [""]
    assert TreeLog().lines(kept)[1:] == ["  | Started !"]
