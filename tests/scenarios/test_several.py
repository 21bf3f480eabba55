"""Several services in one command, and several commands on one service."""

import signal
import time

import pytest

FLAG = "[fs#1]\ntype = flag\n"
SLOW = "[fs#1]\ntype = flag\n[fs#2]\ntype = flag\npre_start = sleep 1\n"


def test_services_act_side_by_side_and_lines_say_whose(root):
    for number in range(4):
        root.write(f"etc/svc{number}.conf", SLOW)
    root.write("etc/node.conf", "[node]\nmax_parallel = 4\n")
    began = root.now()
    done = root("om 'svc*' start --local")
    assert root.now() - began < 3
    for number in range(4):
        assert root.is_up(f"svc{number}", "fs#2")
        assert f"@ n:n1 o:svc{number} r:fs#2 sc:n\n" in done.stdout
    whose = ""
    for line in done.stdout.splitlines():
        whose = line.split("o:")[1].split()[0] if line.startswith("@") else whose
        assert line.startswith("@") or "flag" not in line or f"/{whose}/" in line
    classic = root("svcmgr -s 'svc*' stop").stdout
    assert all(f" SVC{number}.FS#1 " in classic for number in range(4))


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
    root.write("etc/web.conf", SLOW)
    first = root.begin("om web start --local")
    root.wait_for(lambda: root.is_up("web", "fs#1"))
    done = root("om web stop --local --waitlock 0", code=6)
    assert "'start' by pid" in done.stderr
    began = root.now()
    assert "R" in root("om web print status").stdout
    assert root.now() - began < 0.8
    assert first.poll() is None
    root("om web stop --local")
    assert first.wait(timeout=10) == 0
    assert not root.is_up("web", "fs#1")


def test_an_action_that_waited_reads_the_file_anew(root):
    root.write("gate", "#!/bin/sh\nwhile test ! -e {root}/open; do sleep 0.02; done\n", mode=0o755)
    root.write("etc/web.conf", SLOW.replace("sleep 1", "{root}/gate"))
    first = root.begin("om web start --local")
    root.wait_for(lambda: root.is_up("web", "fs#1"))
    second = root.begin("om web restart --local")
    time.sleep(0.6)  # until it waits for the lock; if it is later, it finds the edit anyway
    root("om web set --kw fs#3.type=flag")
    (root / "open").touch()
    assert (first.wait(timeout=10), second.wait(timeout=10)) == (0, 0)
    assert root.is_up("web", "fs#3")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_an_interrupted_start_is_taken_back(root, number, code):
    root.write("etc/web.conf", SLOW.replace("sleep 1", "sleep 20"))
    start = root.begin("om web start --local")
    root.wait_for(lambda: root.is_up("web", "fs#1"))
    start.send_signal(number)
    start.send_signal(number)
    said, _ = start.communicate(timeout=10)
    assert start.returncode == code
    assert "trying to rollback start on fs#1" in said
    assert "Traceback" not in said
    assert not root.is_up("web", "fs#1")
    root("om web status", code=1)


def test_interrupting_several_takes_all_of_them_back(root):
    for name in ("a", "b", "c"):
        root.write(f"etc/{name}.conf", SLOW.replace("sleep 1", "sleep 20"))
    root.write("etc/node.conf", "[node]\nmax_parallel = 2\n")
    start = root.begin("om '*' start --local")
    root.wait_for(lambda: root.is_up("a", "fs#1") and root.is_up("b", "fs#1"))
    root.signal_group(start, signal.SIGINT)
    said, _ = start.communicate(timeout=10)
    assert start.returncode == 130
    assert "Traceback" not in said
    assert [root.is_up(name, "fs#1") for name in "abc"] == [False, False, False]


@pytest.mark.parametrize("action", ["start", "stop", "restart"])
def test_a_killed_action_is_completed_by_the_same_command(root, action):
    root.write("etc/web.conf", "[fs#1]\ntype = flag\npre_stop = sleep 0.4\n[fs#2]\ntype = flag\npre_start = sleep 0.4\n")
    if action != "start":
        root("om web start --local")
    first = root.begin(f"om web {action} --local")
    root.wait_for(lambda: root.is_up("web", "fs#1") if action == "start" else not root.is_up("web", "fs#2"))
    assert first.poll() is None
    first.kill()
    done = root(f"om web {action} --local")
    assert "rollback" not in done.stdout
    assert root.is_up("web", "fs#1") is root.is_up("web", "fs#2") is (action != "stop")
    root("om web status", code=1 if action == "stop" else 0)
    assert "R" not in root("om web print status").stdout


def test_force_ends_the_action_that_holds_the_lock(root):
    root.write("etc/web.conf", SLOW.replace("sleep 1", "sleep 20"))
    first = root.begin("om web start --local")
    root.wait_for(lambda: root.is_up("web", "fs#1"))
    root("om web stop --local --force")
    assert first.wait(timeout=10) == 130
    assert not root.is_up("web", "fs#1")
