"""The launchers of a service, in a file system of the service: they run where it is mounted, and nowhere else."""

import re

import pytest

CONFIG = """\
[DEFAULT]
nodes = n1 n2

[fs#0]
type = ext4
dev = /run/shared/data
mnt = /svc1
"""
FOLDER, TARGET, DEVICE = "/etc/opensvc/web.d", "/svc1/init.d", "/run/shared/data"
# As the tutorials have it: a start leaves a daemon behind and ends at once.
LAUNCHER = """\
#!/bin/bash
pidfile=/svc1/web.pid
status() { test -s $pidfile && grep -q . /proc/$(cat $pidfile)/cmdline 2>/dev/null; }
case $1 in
start) status && { echo "already started"; exit 0; }
    echo "Started !"; cd /svc1; nohup sleep 600 >/dev/null 2>&1 & echo $! > $pidfile ;;
stop) kill $(cat $pidfile) && rm -f $pidfile ;;
info) echo "Name: webserver" ;;
status) status ;;
*) echo "unsupported action: $1" >&2; exit 1 ;;
esac
"""


def texts(done):
    """The messages of a classic log, without the moments and the names."""
    return [re.sub(r"in \d:\d\d:\d\d\.\d{6}", "in T", line[41:]) for line in done.stdout.splitlines() if re.match(r"\d\d:\d\d:\d\d ", line)]


def of_app(done):
    """The messages of a classic log that are the launchers'."""
    return [re.sub(r"in \d:\d\d:\d\d\.\d{6}", "in T", line[41:]) for line in done.stdout.splitlines() if line[17:24] == "WEB.APP"]


def app_line(node, layout="svcmgr -s"):
    """What the status shows of the launchers, with the message below."""
    lines = node(f"{layout} web print status").stdout.splitlines()
    found = next(number for number, line in enumerate(lines) if re.search(r"[-`'] app ", line))
    return [" ".join(line.replace("|", "").split()) for line in lines[found : found + 2]]


@pytest.fixture
def nodes(lab):
    """Two nodes with the service, whose launchers are on its own disk; down."""
    lab.disk("data")
    n1, n2 = lab.nodes
    n1(f"mkfs.ext4 -q {DEVICE}")
    n1("mkdir /svc1")
    n1(f"mount {DEVICE} /svc1")
    n1.write(f"{TARGET}/weblauncher", LAUNCHER, mode=0o755)
    for link in ("S10web", "K90web", "C10web"):
        n1(f"ln -s weblauncher {TARGET}/{link}")
    n1("umount /svc1")
    for node in (n1, n2):
        node.write("/etc/opensvc/web.conf", CONFIG)
        node(f"ln -s {TARGET} {FOLDER}")
    return n1, n2


@pytest.fixture
def n1(nodes):
    return nodes[0]


def put(node, name, text, *, mode=0o755):
    """Write a launcher on the service's disk while the service is down."""
    node(f"mount {DEVICE} /svc1")
    node.write(f"{TARGET}/{name}", text, mode=mode)
    node("umount /svc1")


def test_the_launchers_go_where_their_file_system_goes(nodes):
    n1, n2 = nodes
    assert app_line(n1) == ["'- app .... n/a app", "- sync n/a"]
    started = n1("svcmgr -s web start --local")
    assert of_app(started) == [
        f"spawn: {FOLDER}/S10web start",
        "start done in T - ret 0 - logs in /var/tmp/opensvc/svc_web_S10web.log",
    ]
    assert "Started !" not in started.stdout
    assert n1.read("/var/tmp/opensvc/svc_web_S10web.log") == "Started !\n"
    assert n1("stat -c %a /var/tmp/opensvc /var/tmp/opensvc/svc_web_S10web.log").stdout.split() == ["700", "600"]
    assert app_line(n1)[0] == "'- app .... up app"
    assert app_line(n1, "om")[0] == f"- app ...../.. up launchers {FOLDER}"
    assert n1("om web print resinfo").stdout == "app Name: webserver\n"
    stopped = n1("svcmgr -s web stop --local")
    assert texts(stopped)[:2] == [f"spawn: {FOLDER}/K90web stop", "stop done in T - ret 0 - logs in /var/tmp/opensvc/svc_web_K90web.log"]
    assert "umount /svc1" in texts(stopped)
    assert n2("svcmgr -s web start --local").code == 0
    assert [app_line(node)[0] for node in nodes] == ["'- app .... n/a app", "'- app .... up app"]


def test_a_plan_of_a_service_that_is_down_says_when_the_launchers_are_read(n1):
    plan = n1("om web start --local --plan").stdout.splitlines()
    assert plan[-1] == f"app: exec {FOLDER}/S* start as user root (if {TARGET} has such launchers; it is read when it is mounted)"
    alone = n1("om web start --local --rid app", code=1)
    assert f"E {FOLDER} points to {TARGET}, which is not there; mount its file system, or correct the link" in alone.stdout


def test_a_second_start_and_a_second_stop_find_it_so(n1):
    n1("svcmgr -s web start --local")
    assert of_app(n1("svcmgr -s web start --local")) == ["app is already up"]
    n1("svcmgr -s web stop --local")
    assert of_app(n1("svcmgr -s web stop --local")) == ["app is already down"]


def test_without_a_check_the_status_says_so_when_the_rest_is_up(n1):
    n1(f"mount {DEVICE} /svc1")
    n1(f"rm {TARGET}/C10web")
    n1("umount /svc1")
    n1("svcmgr -s web start --local")
    assert app_line(n1) == ["'- app .... n/a app", "# no checkup scripts"]
    n1("svcmgr -s web stop --local")
    assert app_line(n1) == ["'- app .... n/a app", "- sync n/a"]


def test_a_launcher_that_is_not_executable_fails_the_start_which_is_taken_back(n1):
    put(n1, "S20more", "#!/bin/sh\n", mode=0o644)
    done = n1("om web start --local", code=1)
    assert f"E {FOLDER}/S20more: not executable; chmod +x it" in done.stdout.splitlines()
    assert "exec /" not in done.stdout
    assert n1("mountpoint -q /svc1", code=None).code


def test_a_launcher_that_fails_has_those_before_it_taken_back(n1):
    put(n1, "S20more", "#!/bin/sh\necho no license\nexit 3\n")
    done = n1("om web start --local", code=1)
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert f"E exec {FOLDER}/S20more start as user root: exit code 3: no license" in lines
    assert f"exec {FOLDER}/K90web stop as user root" in lines
    assert n1("mountpoint -q /svc1", code=None).code
    assert n1("pgrep -x sleep -a", code=None).stdout.count("sleep 600") == 0


def test_a_start_is_taken_back_also_where_what_a_launcher_has_ended_stays_for_a_moment(n1):
    put(n1, "late", "#!/bin/bash\ntrap 'sleep 1; exit' TERM\nwhile :; do sleep 0.1; done\n")
    put(n1, "weblauncher", LAUNCHER.replace("nohup sleep 600", f"nohup {TARGET}/late"))
    put(n1, "S20more", "#!/bin/sh\nexit 3\n")
    done = n1("om web start --local", code=1)
    assert "rollback:" not in done.stdout
    assert n1("mountpoint -q /svc1", code=None).code


def test_a_launcher_that_hangs_and_ignores_term_is_ended_in_time(n1):
    put(n1, "S20more", "#!/bin/bash\ntrap '' TERM\ncd /svc1\nsetsid sleep 601 &\nsleep 602; sleep 603\n")
    n1("om web set --kw start_timeout=5s")
    done = n1("om web start --local", code=1)
    assert "S20more start as user root: not ended after 5s; its processes were ended" in done.stdout
    assert n1("mountpoint -q /svc1", code=None).code
    assert "sleep 60" not in n1("pgrep -x sleep -a", code=None).stdout


def test_an_interrupted_start_is_taken_back(n1):
    put(n1, "S20more", "#!/bin/bash\necho $$ > /svc1/hangs\nsleep 602\n")
    process = n1.begin("om web start --local")
    n1.wait_for(lambda: n1.exists("/svc1/hangs"))
    n1("bash -c 'kill -INT $(pgrep -f -o \"om web start\")'")
    out = process.communicate(timeout=120)[0]
    assert process.returncode not in (0, None)
    assert f"exec {FOLDER}/K90web stop as user root" in out
    assert n1("mountpoint -q /svc1", code=None).code


def test_a_start_whose_agent_is_killed_is_completed_by_a_stop(n1):
    put(n1, "S20more", "#!/bin/bash\necho $$ > /svc1/hangs\nsleep 602\n")
    put(n1, "C20more", "#!/bin/sh\nexit 1\n")
    process = n1.begin("om web start --local")
    n1.wait_for(lambda: n1.exists("/svc1/hangs"))
    n1("bash -c 'kill -KILL $(pgrep -f -o \"om web start\")'")
    process.communicate(timeout=120)
    again = n1("om web start --local", code=1)
    assert "a start still runs, as pid" in again.stdout
    n1("om web stop --local")
    assert n1("mountpoint -q /svc1", code=None).code
    assert "sleep 60" not in n1("pgrep -x sleep -a", code=None).stdout


def test_a_stop_that_fails_is_a_failure_and_leaves_what_is_below(n1):
    put(n1, "K95more", "#!/bin/sh\necho busy >&2\nexit 5\n")
    n1("svcmgr -s web start --local")
    done = n1("svcmgr -s web stop --local", code=1)
    assert "K95more stop as user root: exit code 5: busy" in done.stdout
    n1("mountpoint -q /svc1")
    put_right = f"{TARGET}/K95more"
    n1.write(put_right, "#!/bin/sh\n", mode=0o755)
    n1("svcmgr -s web stop --local")
    assert n1("mountpoint -q /svc1", code=None).code


def test_a_launcher_that_forks_away_and_prints_much(n1):
    put(
        n1,
        "S20more",
        "#!/bin/bash\nyes 0123456789abcdef | head -c 1020000\ncd /svc1\n(setsid sleep 601 >/dev/null 2>&1 & echo $! > /svc1/more.pid)\n",
    )
    put(n1, "K20more", "#!/bin/sh\nkill $(cat /svc1/more.pid)\n")
    done = n1("svcmgr -s web start --local")
    assert "0123456789" not in done.stdout
    assert n1("stat -c %s /var/tmp/opensvc/svc_web_S20more.log").stdout == "1020000\n"
    n1("svcmgr -s web stop --local")
    assert n1("mountpoint -q /svc1", code=None).code
