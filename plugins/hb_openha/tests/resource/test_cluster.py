"""What the cluster's files say, and which of its programs run."""

from pathlib import Path

import pytest
from opensvc_driver_hb_openha.cluster import Entry, lacking, programs, tree_of

SERVICES = (
    "registry\t/etc/opensvc/registry.opensvc.com.cluster\tdeb1.opensvc.com\tdeb2.opensvc.com\t/bin/true\n"
    "#busybox a b c d\n"
    "short a b\n"
    "busybox /etc/opensvc/busybox.cluster deb1.opensvc.com deb2.opensvc.com /etc/opensvc/busybox.stonith extra\n"
    "busybox x x x x\n"
)
# as the tutorial has it: three links, two by the network and one by a disk
MONITOR = (
    "deb1.opensvc.com\tnet\teth1\t239.131.50.10\t5010\t10\n"
    "deb2.opensvc.com\tnet\teth1\t239.131.50.12\t5012\t10\n"
    "deb1.opensvc.com\tdio\t/dev/mapper/disk.hb.0\t0\t10\n"
    "deb2.opensvc.com\tdio\t/dev/mapper/disk.hb.0\t10\t10\n"
)
USUAL, LATER = Path("/usr/local/cluster/conf/monitor"), Path("/etc/openha/monitor")
EZ = "/usr/local/cluster/bin"
# as `ps -e -o args=` prints them: programs of the C implementation on deb1, among others
PROCESSES = f"""/sbin/init
{EZ}/heartd eth1 239.131.50.10 5010
{EZ}/heartc eth1 239.131.50.12 5012 10
{EZ}/heartd_dio /dev/mapper/disk.hb.0 0
{EZ}/heartc_dio /dev/mapper/disk.hb.0 10 10
[kworker/0:1]
{EZ}/nmond -l 6
vi {EZ}/nmond
"""


def test_a_line_is_found_by_its_first_word():
    assert Entry.find(SERVICES, "busybox").check == "/etc/opensvc/busybox.stonith"
    assert Entry.find(SERVICES, "registry").primary == "deb1.opensvc.com"


@pytest.mark.parametrize("name", ["short", "#busybox", "regist", ""])
def test_what_is_no_line_of_five_words_is_no_service(name):
    assert Entry.find(SERVICES, name) is None


def test_the_other_node_is_who_this_one_is_not():
    entry = Entry("db", "s", "Deb1", "deb2", "/bin/true")
    assert entry.nodes("deb1") == ("Deb1", "deb2")
    assert entry.nodes("deb2") == ("deb2", "Deb1")
    assert entry.nodes("deb3") is None
    assert entry._replace(secondary="deb1").nodes("deb1") is None


def test_each_line_of_the_monitor_is_a_program():
    assert programs(MONITOR, "deb1.opensvc.com") == [
        ("heartd", "eth1", "239.131.50.10", "5010"),
        ("heartc", "eth1", "239.131.50.12", "5012", "10"),
        ("heartd_dio", "/dev/mapper/disk.hb.0", "0"),
        ("heartc_dio", "/dev/mapper/disk.hb.0", "10", "10"),
        ("nmond",),
    ]


def test_other_types_have_programs_of_their_own():
    text = "n1 unicast eth0 10.0.0.2 5010 10\nn2 disk /dev/sdb 0 10\nn1 pigeon roof 1 2 10\n# n1 net eth0 239.1.1.1 1 10\n\nn1 net eth0\n"
    assert programs(text, "n1") == [("heartd_unicast", "eth0", "10.0.0.2", "5010"), ("heartc_raw", "/dev/sdb", "0", "10"), ("nmond",)]


def test_options_and_comments_are_no_arguments():
    text = "n1 unicast eth0 10.0.0.2 5010 10 key=/etc/openha.key auth=accept\nn2 disk /dev/sdb 0 10 records=3240 # the second path\n"
    assert programs(text, "n1") == [("heartd_unicast", "eth0", "10.0.0.2", "5010"), ("heartc_raw", "/dev/sdb", "0", "10"), ("nmond",)]


@pytest.mark.parametrize(
    ("processes", "missing"),
    [
        pytest.param(PROCESSES, [], id="all"),
        pytest.param(PROCESSES.replace(f"{EZ}/", f"/usr/bin/python3 -P {EZ}/"), [], id="by an interpreter"),
        pytest.param(PROCESSES.replace(f"{EZ}/", ""), [], id="called by their bare names"),
        pytest.param(PROCESSES.replace(f"{EZ}/", f"{EZ}/../bin/"), [], id="the folder spelled otherwise"),
        pytest.param(PROCESSES.replace(f"{EZ}/nmond -l", f"{EZ}/nomond"), ["nmond"], id="an editor is no daemon"),
        pytest.param(PROCESSES.replace("5012 10", "5012 1"), ["heartc eth1 239.131.50.12 5012 10"], id="another timeout"),
        pytest.param(PROCESSES.replace("disk.hb.0 0", "disk.hb.1 0"), ["heartd_dio /dev/mapper/disk.hb.0 0"], id="another disk"),
    ],
)
def test_every_program_has_to_run(processes, missing):
    assert lacking(programs(MONITOR, "deb1.opensvc.com"), processes, Path(EZ)) == missing


def test_programs_of_another_tree_are_not_ours():
    assert lacking([("nmond",)], "/srv/other/bin/nmond\npython3 /srv/other/bin/nmond", Path(EZ)) == ["nmond"]


def test_the_tree_is_the_one_that_is_named():
    assert tree_of({"EZ": "/srv/cluster"}, {LATER}.__contains__).services == Path("/srv/cluster/conf/services")
    assert tree_of({"EZ_BIN": "/srv/bin"}, {LATER}.__contains__).bin == Path("/srv/bin")


@pytest.mark.parametrize(
    ("files", "state"),
    [
        pytest.param({LATER}, "/var/lib/openha/services/db/STATE.n1", id="the later one"),
        pytest.param({USUAL}, "/usr/local/cluster/services/db/STATE.n1", id="the usual one"),
        pytest.param({USUAL, LATER}, "/usr/local/cluster/services/db/STATE.n1", id="both"),
        pytest.param(set(), "/usr/local/cluster/services/db/STATE.n1", id="none"),
    ],
)
def test_where_none_is_named_what_is_configured_decides(files, state):
    assert tree_of({}, files.__contains__).state("db", "n1") == Path(state)
