"""Several services in one command, and several commands on one service."""

import signal
import time
from itertools import accumulate

import pytest

FLAG = "[fs#1]\ntype = flag\n"
SLOW = "[fs#1]\ntype = flag\n[fs#2]\ntype = flag\npre_start = {root}/gate\n"


def put_gate(root, *, is_open=False):
    """What stands before fs#2 of a slow service: it tells that it is reached, and lets nobody through until it is open."""
    text = "#!/bin/sh\ntouch {root}/reached.$OPENSVC_SVCNAME\nwhile test ! -e {root}/open; do sleep 0.02; done\n"
    root.write("gate", text, mode=0o755)
    if is_open:
        (root / "open").touch()


def has_reached(root, service):
    """A start has done with fs#1: what it would take back is noted."""
    return (root / f"reached.{service}").exists()


def test_services_act_side_by_side_and_lines_say_whose(root):
    # each waits for all: one after the other would wait for ever
    root.write("meet", "#!/bin/sh\ntouch {root}/come.$1\nuntil [ $(ls {root} | grep -c come) = 4 ]; do sleep 0.05; done\n", mode=0o755)
    for number in range(4):
        root.write(f"etc/svc{number}.conf", SLOW.replace("{root}/gate", f"{{root}}/meet {number}"))
    root.write("etc/node.conf", "[node]\nmax_parallel = 4\n")
    done = root("om 'svc*' start --local")
    for number in range(4):
        assert root.is_up(f"svc{number}", "fs#2")
        assert f"@ n:n1 o:svc{number} r:fs#2 sc:n\n" in done.stdout
    whose = ""
    for line in done.stdout.splitlines():
        whose = line.split("o:")[1].split()[0] if line.startswith("@") else whose
        assert line.startswith("@") or "flag" not in line or f"/{whose}/" in line
    classic = root("svcmgr -s 'svc*' stop").stdout
    assert all(f" SVC{number}.FS#1 " in classic for number in range(4))


@pytest.mark.parametrize("command", ["om '*' start --local", "allservices start"])
def test_no_more_services_act_at_once_than_the_node_allows(root, command):
    root.write(
        "gate", "#!/bin/sh\necho + >>{root}/turns\nwhile test ! -e {root}/open; do sleep 0.02; done\necho - >>{root}/turns\n", mode=0o755
    )
    for number in range(6):
        root.write(f"etc/svc{number}.conf", FLAG + "pre_start = {root}/gate\n")
    root.write("etc/node.conf", "[node]\nmax_parallel = 2\n")
    turns = root.write("turns", "")
    begun = root.begin(command)
    root.wait_for(lambda: turns.read_text() == "+\n+\n")
    root("om ls")  # in this time a third one would come
    assert turns.read_text() == "+\n+\n"
    (root / "open").touch()
    assert begun.wait(timeout=120) == 0
    steps = [1 if turn == "+" else -1 for turn in turns.read_text().split()]
    assert len(steps) == 12
    assert max(accumulate(steps)) == 2
    assert all(root.is_up(f"svc{number}", "fs#1") for number in range(6))


def test_one_failing_service_stops_no_other(root):
    root.write("etc/a.conf", FLAG)
    root.write("etc/b.conf", FLAG + "blocking_pre_start = false\n")
    root.write("etc/c.conf", "nonsense\n")
    root.write("etc/d.conf", "[DEFAULT]\nnodes = n2\n" + FLAG)
    root.write("etc/e.conf", FLAG)
    done = root("om '*' start --local", code=7)
    assert [root.is_up(name, "fs#1") for name in "abcde"] == [True, False, False, False, True]
    assert "c.conf:1" in done.stderr
    assert "d is not for this node" in done.stderr
    (root / "etc/c.conf").unlink()
    root("om '*' start --local", code=5)
    (root / "etc/d.conf").unlink()
    root("om '*' start --local", code=1)


def test_a_broken_file_hides_no_other_service(root):
    root.write("etc/a.conf", FLAG)
    root.write("etc/b.conf", "[DEFAULT]\nnonsense\n")
    root.write("etc/c.conf", FLAG)
    assert root("om b print status", code=7).stderr.startswith(f"om: {root / 'etc/b.conf'}:2: ")
    for words in (
        "print status",
        "print status --format json",
        "print config --eval",
        "get --kw fs#1.type",
        "set --kw app=x",
        "print devs",
    ):
        done = root(f"om '*' {words}", code=7)
        assert "b.conf:2" in done.stderr
        assert done.stderr.count("\n") == 1
    assert root("om '*' print status", code=7).stdout.count("instances") == 2
    assert root("om '*' get --kw app", code=7).stdout == "x\nx\n"
    root("om '*' freeze")
    assert root("om '*' status", code=7).stdout == ""
    assert root("om 'app=x' ls").stdout == "a\nc\n"
    root("om '*' delete", code=7)
    assert root("om ls").stdout == "b\n"


def test_namespaces_are_kept_apart(root):
    root("om prod/svc/web create --kw fs#1.type=flag")
    root("om web create --kw fs#1.type=flag")
    root("om prod/svc/web start --local")
    assert (root / "run/namespaces/prod/svc/web/fs#1.flag").exists()
    assert not root.is_up("web", "fs#1")
    assert root("svcmgr -s prod/svc/web print status").stdout.startswith("prod/svc/web\noverall                   up\n")
    assert "touch" in root("om prod/svc/web logs").stdout
    root("om prod/svc/web stop --local")
    root("om prod/svc/web delete")
    assert root("om '**' ls").stdout == "web\n"


def test_the_second_action_on_a_service_waits_or_gives_up(root):
    put_gate(root)
    root.write("etc/web.conf", SLOW)
    first = root.begin("om web start --local")
    root.wait_for(lambda: root.is_up("web", "fs#1"))
    done = root("om web stop --local --waitlock 0", code=6)
    assert "'start' by pid" in done.stderr
    assert "R" in root("om web print status").stdout  # which waits for nobody
    second = root.begin("om web stop --local")
    root("om web print status")  # in this time it would stop
    assert (first.poll(), second.poll()) == (None, None)
    (root / "open").touch()
    assert (first.wait(timeout=60), second.wait(timeout=60)) == (0, 0)
    assert not root.is_up("web", "fs#1")


def test_an_action_that_waited_reads_the_file_anew(root):
    put_gate(root)
    root.write("etc/web.conf", SLOW)
    first = root.begin("om web start --local")
    root.wait_for(lambda: root.is_up("web", "fs#1"))
    second = root.begin("om web restart --local")
    time.sleep(0.6)  # until it waits for the lock; if it is later, it finds the edit anyway
    root("om web set --kw fs#3.type=flag")
    (root / "open").touch()
    assert (first.wait(timeout=60), second.wait(timeout=60)) == (0, 0)
    assert root.is_up("web", "fs#3")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_an_interrupted_start_is_taken_back(root, number, code):
    put_gate(root)
    root.write("etc/web.conf", SLOW)
    start = root.begin("om web start --local")
    root.wait_for(lambda: has_reached(root, "web"))
    start.send_signal(number)
    start.send_signal(number)
    said, _ = start.communicate(timeout=60)
    assert start.returncode == code
    assert "trying to rollback start on fs#1" in said
    assert "Traceback" not in said
    assert not root.is_up("web", "fs#1")
    root("om web status", code=1)


def test_interrupting_several_takes_all_of_them_back(root):
    put_gate(root)
    for name in ("a", "b", "c"):
        root.write(f"etc/{name}.conf", SLOW)
    root.write("etc/node.conf", "[node]\nmax_parallel = 2\n")
    start = root.begin("om '*' start --local")
    root.wait_for(lambda: has_reached(root, "a") and has_reached(root, "b"))
    root.signal_group(start, signal.SIGINT)
    said, _ = start.communicate(timeout=60)
    assert start.returncode == 130
    assert "Traceback" not in said
    assert [root.is_up(name, "fs#1") for name in "abc"] == [False, False, False]


@pytest.mark.parametrize("action", ["start", "stop", "restart"])
def test_a_killed_action_is_completed_by_the_same_command(root, action):
    put_gate(root, is_open=True)
    root.write("etc/web.conf", SLOW.replace("[fs#2]", "pre_stop = {root}/gate\n[fs#2]"))
    if action != "start":
        root("om web start --local")
    (root / "open").unlink()
    first = root.begin(f"om web {action} --local")
    root.wait_for(lambda: root.is_up("web", "fs#1") if action == "start" else not root.is_up("web", "fs#2"))
    assert first.poll() is None
    first.kill()
    (root / "open").touch()
    done = root(f"om web {action} --local")
    assert "rollback" not in done.stdout
    assert root.is_up("web", "fs#1") is root.is_up("web", "fs#2") is (action != "stop")
    root("om web status", code=1 if action == "stop" else 0)
    assert "R" not in root("om web print status").stdout


def test_force_ends_the_action_that_holds_the_lock(root):
    put_gate(root)
    root.write("etc/web.conf", SLOW)
    first = root.begin("om web start --local")
    root.wait_for(lambda: has_reached(root, "web"))
    root("om web stop --local --force")
    assert first.wait(timeout=60) == 130
    assert not root.is_up("web", "fs#1")
