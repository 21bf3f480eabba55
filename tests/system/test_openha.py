"""Two nodes under the manager of OpenHA: started, taken over, given back, as the tutorials show it."""

import re
import time

import pytest

EZ = "/usr/local/cluster"
TIMEOUT = 3
MONITOR = f"""\
n1 net eth0 239.131.50.10 5010 {TIMEOUT}
n1 dio /run/shared/hb 0 {TIMEOUT}
n2 net eth0 239.131.50.10 5011 {TIMEOUT}
n2 dio /run/shared/hb 10 {TIMEOUT}
"""
SCRIPT = """\
#!/bin/sh
case $1 in
start) echo run >/run/svc ;;
stop) rm -f /run/svc ;;
esac
"""


class Managed:
    """The nodes of a lab with a tree each."""

    def __init__(self, lab, monitor=MONITOR, options=""):
        self.n1, self.n2 = self.nodes = lab.nodes
        lab.disk("hb", megabytes=8)
        for node in self.nodes:
            node(f"openha install {EZ}")
            node.write(f"{EZ}/conf/nodes", "n1\nn2\n")
            node.write(f"{EZ}/conf/monitor", monitor)
            node.write(f"{EZ}/conf/options", options)
            node.write("/etc/svc.cluster", SCRIPT, 0o755)
            self.added = self.sh(node, "$EZ_BIN/service -a svc /etc/svc.cluster n1 n2 /bin/true")

    def sh(self, node, line, **more):
        return node(f"sh -c 'export EZ={EZ}; . $EZ/env.sh; {line}'", **more)

    def state(self, of, seen_by=None):
        """The state of the service on a node, in the tree of one."""
        table = self.sh(seen_by or of, "$EZ_BIN/service -s -c").stdout.splitlines()[1].split()
        assert table[:2] + table[3:4] == ["svc", "n1", "n2"]
        return table[2] if of is self.n1 else table[4]

    def wait(self, of, state, seconds=60, seen_by=None):
        (seen_by or of).wait_for(lambda: self.state(of, seen_by) == state, seconds)

    def start(self):
        for node in self.nodes:
            assert self.sh(node, "$EZ/ezha start").stdout == ""
        for node in self.nodes:
            for other in self.nodes:
                self.wait(other, "FROZEN_STOP", seen_by=node)

    def unfreeze(self):
        """The service is started on n1, ready to be taken over by n2."""
        for node, state in zip(self.nodes, ("STARTED", "STOPPED"), strict=True):
            self.sh(node, "$EZ_BIN/service -A svc unfreeze")
            self.wait(node, state)
        self.wait(self.n1, "STARTED", seen_by=self.n2)


@pytest.fixture
def managed(lab):
    return Managed(lab)


@pytest.mark.timeout(300)
def test_the_story_of_the_tutorial(managed, told):
    n1, n2 = managed.nodes
    assert managed.added.stdout.splitlines() == [
        "Creating service svc :",
        f"Directory {EZ}/services/svc created",
        f"State file {EZ}/services/svc/STATE.n1 created with initial state FROZEN_STOP",
        f"State file {EZ}/services/svc/STATE.n2 created with initial state FROZEN_STOP",
        "Done.",
    ]
    assert managed.sh(n1, "cd /etc; $EZ/ezha start").stdout == ""
    assert managed.sh(n1, "ez_svc_status").stdout.splitlines() == [
        f"=> Querying OpenHA services status [{EZ}/bin/service -s -c]",
        "service          prinode          pristate       secnode          secstate      ",
        "svc              n1               FROZEN_STOP    n2               UNKNOWN       ",
    ]
    n1.wait_for(lambda: managed.sh(n1, "ez_hb_status").stdout.count(" status UP") == 2, 30)
    shown = managed.sh(n1, "ez_hb_status").stdout.splitlines()
    assert shown[0] == f"=> Querying OpenHA heartbeat status [{EZ}/bin/hb -s]"
    when = r"updated at \w{3} \d\d \d\d:\d\d:\d\d"
    for line, expected in zip(
        shown[1:],
        (
            rf"net sender eth0:239\.131\.50\.10 pid \d+ status UP, {when}",
            rf"dio sender /run/shared/hb:0 pid \d+ status UP, {when}",
            r"net listener eth0:239\.131\.50\.10 status DOWN",
            r"dio listener /run/shared/hb:10 status DOWN",
        ),
        strict=True,
    ):
        assert re.fullmatch(expected, line), line
    managed.start()
    processes = managed.sh(n1, "ez_ps").stdout.splitlines()
    # asleep or running; it comes before others
    assert [(line.split()[7][1:2], line.split(maxsplit=10)[10].strip()) for line in processes] == [
        ("<", f"{EZ}/bin/heartd eth0 239.131.50.10 5010"),
        ("<", f"{EZ}/bin/heartd_dio /run/shared/hb 0"),
        ("<", f"{EZ}/bin/heartc eth0 239.131.50.10 5011 {TIMEOUT}"),
        ("<", f"{EZ}/bin/heartc_dio /run/shared/hb 10 {TIMEOUT}"),
        (processes[-1].split()[7][1:2], f"{EZ}/bin/nmond"),
    ]
    assert "<" not in processes[-1].split()[7]
    pids = " ".join(line.split()[1] for line in processes)
    assert set(n1(f"sh -c 'for p in {pids}; do readlink /proc/$p/cwd; done'").stdout.split()) == {"/"}
    unfrozen = managed.sh(n1, "$EZ_BIN/service -A svc unfreeze").stdout
    assert unfrozen.splitlines() == ["Ready to UNFREEZE, we are (FROZEN_STOP)", "Service svc UNFROZEN"]
    managed.wait(n1, "START_READY")
    managed.wait(n1, "STARTED")
    assert n1.exists("/run/svc")
    managed.sh(n2, "$EZ_BIN/service -A svc unfreeze")
    managed.wait(n2, "STOPPED")
    begun = time.monotonic()
    n1.power_off()
    managed.wait(n1, "UNKNOWN", seen_by=n2)
    managed.wait(n2, "START_READY")
    managed.wait(n2, "STARTED")
    told(f"started by the other node {time.monotonic() - begun:.1f} s after the power was cut; its timeout is {TIMEOUT} s, its grace 5 s")
    assert n2.exists("/run/svc")
    n1.power_on()
    assert managed.sh(n1, "$EZ/ezha start").stdout == ""
    managed.wait(n2, "STARTED", seen_by=n1)
    assert managed.state(n1) == "STOPPED"
    assert not n1.exists("/run/svc")


@pytest.mark.timeout(600)
def test_troubles_of_links_and_scripts(managed):
    n1, n2 = managed.nodes
    managed.start()
    managed.unfreeze()
    # the network dead, the disk alive: nothing moves
    n1.cut()
    n2.wait_for(lambda: "net listener eth0:239.131.50.10 status DOWN" in managed.sh(n2, "$EZ_BIN/hb -s").stdout, 60)
    assert "dio listener /run/shared/hb:0 pid" in managed.sh(n2, "$EZ_BIN/hb -s").stdout
    assert managed.state(n1, seen_by=n2) == "STARTED"
    assert managed.state(n2) == "STOPPED"
    n1.heal()
    # a start that fails blocks the peer until a person has looked
    managed.sh(n1, "$EZ_BIN/service -A svc freeze-stop")
    managed.wait(n2, "STARTED")
    n1.write("/etc/svc.cluster", "#!/bin/sh\nexit 7\n", 0o755)
    managed.sh(n1, "$EZ_BIN/service -A svc unfreeze")
    managed.sh(n2, "$EZ_BIN/service -A svc stop")
    managed.wait(n1, "START_FAILED")
    managed.wait(n1, "START_FAILED", seen_by=n2)
    assert managed.state(n2) == "STOPPED"
    # garbage in a state file is no reason to start
    n1.write(f"{EZ}/services/svc/STATE.n1", "garbage")
    n2.wait_for(lambda: managed.state(n1, seen_by=n2) == "STOP_FAILED", 30)
    refused = managed.sh(n1, "$EZ_BIN/service -A svc start", code=255)
    assert "Cannot start svc" in refused.stderr
    # the manager dies in the grace period: the next one takes it back
    n1.write("/etc/svc.cluster", SCRIPT, 0o755)
    managed.sh(n2, "$EZ_BIN/service -A svc freeze-stop")
    managed.sh(n1, "$EZ_BIN/service -A svc force-stop")
    managed.wait(n1, "START_READY")
    managed.sh(n1, "kill -9 $(cat $EZ/log/proc/nmond.json | tr , \\\\n | grep pid | tr -dc 0-9)")
    assert managed.sh(n1, "$EZ/ezha restart").stdout == ""
    managed.wait(n1, "STARTED")
    assert managed.sh(n1, "$EZ/ezha status").stdout.count(" runs, pid ") == 5
    managed.sh(n1, "$EZ/ezha stop")
    assert not n1.exists("/run/svc")
    assert managed.sh(n1, "$EZ/ezha status", code=3).stdout.count("does not run") == 5


@pytest.mark.timeout(600)
def test_what_one_line_lacks_keeps_the_others_from_nothing(lab):
    """An interface is missing on one node: told, with an exit code; the service is cared for by the disk meanwhile."""
    managed = Managed(lab, MONITOR.replace("net eth0", "net eth7"))
    n1, n2 = managed.nodes
    refused = managed.sh(n1, "$EZ/ezha start", code=1).stderr
    assert f"{EZ}/conf/monitor:1: there is no interface eth7; there are " in refused
    assert "the heartbeats of these lines are not started; " in refused
    assert managed.sh(n1, "$EZ/ezha status", code=3).stdout.count(" runs, pid ") == 3
    managed.sh(n2, "ip link add eth7 type veth peer name eth8; ip link set eth7 up; $EZ/ezha start")
    managed.wait(n2, "FROZEN_STOP", seen_by=n1)
    managed.unfreeze()
    n1.power_off()  # the net link of n2 is silent as well, and was before: the disk is the witness
    managed.wait(n2, "STARTED")
    managed.sh(n2, "$EZ/ezha stop")


FENCE = """\
#!/bin/sh
echo "$@" >>/run/fenced
test -e /run/fence-works
"""


@pytest.mark.timeout(600)
def test_with_the_guard_a_silent_node_is_fenced_first(lab):
    key = "key=/etc/openha.key"
    monitor = f"n1 unicast eth0 {lab['n2'].address()} 5010 {TIMEOUT} {key}\nn2 unicast eth0 {lab['n1'].address()} 5011 {TIMEOUT} {key}\n"
    managed = Managed(lab, monitor, "fence /etc/fence\n")
    n1, n2 = managed.nodes
    for node in managed.nodes:
        node.write("/etc/fence", FENCE, 0o755)
        node.write("/etc/openha.key", "a secret of more than sixteen bytes\n", 0o600)
    managed.start()
    managed.unfreeze()
    n1.power_off()
    n2.wait_for(lambda: n2.exists("/run/fenced"), 60)
    assert n2.read("/run/fenced") == "n1 svc\n"
    managed.wait(n2, "STOPPED")
    assert not n2.exists("/run/svc"), "a fence that failed starts nothing"
    n2.write("/run/fence-works", "")
    managed.wait(n2, "STARTED", seconds=90)
    assert n2.read("/run/fenced") == "n1 svc\nn1 svc\n"
