"""Watching: what changes a service is told at once, from the driver to the client."""

import os
import signal
import socket
import statistics
import subprocess
import time

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: run the tests as root")
SLEEPER = "[app#{0}]\ntype = simple\nstart = /bin/sleep 1000\n"


@pytest.fixture
def watched(root, talk):
    """A started service that is watched."""

    def make(text, name="svc1", code=0):
        root.write(f"etc/{name}.conf", f"[DEFAULT]\nnodes = n1\n{text}")
        assert talk.act(name, "start")["code"] == code
        talk.send("watch", services=[name])
        status = talk.status(name)
        talk.forget()
        return status

    return make


def pids_of(status, rid="app#1"):
    return [int(pid) for pid in status["resources"][rid]["info"]["pids"].split()]


def test_an_application_that_is_killed_is_told_at_once(talk, watched):
    (pid,) = pids_of(watched(SLEEPER.format(1) + "monitor = true\n"))
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    talk.changed("svc1", "app#1")
    print(f"told {1000 * (time.monotonic() - began):.1f} ms after the signal")
    assert talk.status("svc1")["resources"]["app#1"]["status"] == "down"


def test_an_application_is_watched_anew_after_each_start(talk, watched):
    (pid,) = pids_of(watched(SLEEPER.format(1)))
    delays = []
    for _ in range(3):
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        talk.changed("svc1", "app#1")
        delays.append(time.monotonic() - began)
        assert talk.act("svc1", "start")["code"] == 0
        (pid,) = pids_of(talk.status("svc1"))
        talk.forget()
    print(f"told after {[round(1000 * delay, 1) for delay in delays]} ms")
    assert statistics.median(delays) < 10, "nobody looks as often"


def test_what_goes_to_the_background_is_watched_by_its_processes(root, talk, watched):
    root.write("bin/forks", "#!/bin/sh\nsleep 1000 &\necho $! > {root}/pid\n", mode=0o755)
    root.write("bin/check", "#!/bin/sh\nkill -0 $(cat {root}/pid) 2> /dev/null\n", mode=0o755)
    status = watched(f"[app#1]\ntype = forking\nstart = {root.folder}/bin/forks\ncheck = {root.folder}/bin/check\nstop = /bin/true\n")
    kinds = [watch[0] for watch in status["resources"]["app#1"]["watches"]]
    assert kinds == ["pid", "cgroup"]
    os.kill(int((root / "pid").read_text()), signal.SIGKILL)
    talk.changed("svc1", "app#1")


def test_launchers_are_watched_by_their_processes(root, talk, watched):
    words = "start) sleep 1000 & echo $! > {root}/pid;; status) kill -0 $(cat {root}/pid);;"
    root.write("bin/launcher", f"#!/bin/sh\ncase $1 in {words} esac\n", mode=0o755)
    (root / "etc/svc1.d").mkdir(parents=True)
    for name in ("S10web", "K90web", "C10web"):
        (root / f"etc/svc1.d/{name}").symlink_to(root / "bin/launcher")
    status = watched("[fs#1]\ntype = flag\n")
    assert status["resources"]["app"]["watches"][0][0] == "pid"
    os.kill(int((root / "pid").read_text()), signal.SIGKILL)
    talk.changed("svc1", "app")


def test_flags_and_directories_are_told_with_their_rids(root, talk, watched):
    (root / "data").mkdir(mode=0o755)
    watched(f"[fs#1]\ntype = flag\n[fs#2]\ntype = directory\npath = {root.folder}/data\nperm = 755\n")
    (root / "data").chmod(0o700)
    talk.changed("svc1", "fs#2")
    (root / "run/svc/svc1/fs#1.flag").unlink()
    talk.changed("svc1", "fs#1")
    assert talk.status("svc1")["resources"]["fs#1"]["status"] == "down"


@needs_root
def test_a_file_system_that_is_unmounted_is_told(root, talk, watched):
    watched(f"[fs#1]\ntype = tmpfs\nmnt = {root.folder}/mnt\n")
    try:
        subprocess.run(["umount", root / "mnt"], check=True)
        talk.changed("svc1", "fs#1")
        assert talk.status("svc1")["resources"]["fs#1"]["status"] == "down"
    finally:
        subprocess.run(["umount", "--quiet", root / "mnt"], check=False)


@needs_root
def test_an_address_that_goes_and_a_device_without_carrier_are_told(root, runner, wait):
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[ip#1]\nipname = 10.99.77.1\nipdev = v0\nnetmask = 24\n")
    talk = runner.begin("unshare", "--net")
    inside = ["nsenter", "--net", "--target", str(runner.pid), "ip"]
    for line in (
        "link set lo up",
        "link add v0 type veth peer name v1",
        "addr add 10.99.77.2/24 dev v0",
        "link set v0 up",
        "link set v1 up",
    ):
        subprocess.run([*inside, *line.split()], check=True)
    assert talk.act("svc1", "start")["code"] == 0
    talk.send("watch", services=["svc1"])
    assert talk.status("svc1")["resources"]["ip#1"]["status"] == "up"
    talk.forget()
    subprocess.run([*inside, "link", "set", "v1", "down"], check=True)
    talk.changed("svc1", "ip#1")
    subprocess.run([*inside, "link", "set", "v1", "up"], check=True)
    talk.changed("svc1", "ip#1")
    wait(lambda: talk.status("svc1")["resources"]["ip#1"].get("log", []) == [])
    talk.forget()
    subprocess.run([*inside, "addr", "add", "10.99.77.9/24", "dev", "v0"], check=True)
    subprocess.run([*inside, "addr", "del", "10.99.77.1/24", "dev", "v0"], check=True)
    talk.changed("svc1", "ip#1")
    assert talk.status("svc1")["resources"]["ip#1"]["status"] == "down"


def test_the_end_of_an_action_by_hand_is_told(root, talk, flags):
    flags("svc1")
    talk.send("watch", services=["svc1"])
    assert talk.status("svc1")["avail"] == "down"
    root("om svc1 start --local")
    talk.until(lambda message: message["tell"] == "changed" and message["rid"] == "")
    assert talk.status("svc1")["avail"] == "up"


def test_a_first_look_is_no_news(talk, flags):
    flags("svc1", "svc2")
    talk.send("watch", services=["svc1", "svc2"])
    talk.do("status", services=None)
    with pytest.raises(AssertionError):
        talk.changed("svc1", seconds=0.3)


def test_many_changes_of_one_moment_are_told_as_few(root, talk, watched):
    watched("[fs#1]\ntype = flag\n")
    flag = root / "run/svc/svc1/fs#1.flag"
    text = flag.read_text()
    began = time.monotonic()
    for _ in range(500):
        flag.write_text(text)
    seconds = time.monotonic() - began
    talk.changed("svc1")
    told = 1
    with pytest.raises(AssertionError):
        while True:
            talk.changed("svc1", seconds=0.3)
            told += 1
    assert told <= 2 + seconds / 0.01


def test_only_what_is_watched_is_told(root, talk, flags):
    flags("svc1", "svc2")
    for name in ("svc1", "svc2"):
        assert talk.act(name, "start")["code"] == 0
    talk.send("watch", services=["svc2"])
    talk.do("status", services=None)
    talk.forget()
    for name in ("svc1", "svc2"):
        (root / f"run/svc/{name}/fs#1.flag").unlink()
    news = talk.until(lambda message: message["tell"] == "changed")
    assert news["service"] == "svc2"
    with pytest.raises(AssertionError):
        talk.changed("svc1", seconds=0.3)


def test_what_was_never_looked_at_is_watched_all_the_same(root, talk, flags, wait):
    flags("svc1")
    assert talk.act("svc1", "start")["code"] == 0
    talk.send("watch", services=["svc1"])
    flag = root / "run/svc/svc1/fs#1.flag"
    text = flag.read_text()

    def is_told():
        flag.write_text(text)
        try:
            return talk.until(lambda message: message["tell"] == "changed" and message["rid"] == "fs#1", seconds=0.2)
        except AssertionError:
            return None

    assert wait(is_told)["service"] == "svc1"


def test_a_new_client_begins_without_watches(root, runner, talk, watched):
    watched("[fs#1]\ntype = flag\n")
    second = runner.talk()
    second.do("running")
    (root / "run/svc/svc1/fs#1.flag").unlink()
    with pytest.raises(AssertionError):
        second.changed("svc1", seconds=0.3)
    second.send("watch", services=["svc1"])
    assert second.status("svc1")["avail"] == "down"


STREAMING = """from opensvc_core.api import Watch, Watchable
Made.status = lambda self: Status.UP
Made.watches = lambda self: [Watch('stream', '{folder}/s /events')]
Watchable.register(Made)
"""


@pytest.fixture
def streaming(root, runner, driver):
    """A runner, and where its only resource's stream comes in."""
    environ = driver("streaming", STREAMING.replace("{folder}", str(root.folder)))
    root.write("etc/svc1.conf", "[DEFAULT]\nnodes = n1\n[app#1]\ntype = streaming\n")
    talk = runner.begin(**environ)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{root.folder}/s")
        listening.listen()
        listening.settimeout(60)
        yield talk, listening


def test_what_a_stream_tells_is_told_again_for_who_shows_it_later_than_he_tells_it(streaming):
    talk, listening = streaming
    talk.send("watch", services=["svc1"])
    talk.status("svc1")
    with listening.accept()[0] as connection:
        connection.sendall(b'HTTP/1.0 200 OK\r\n\r\n{"status": "die"}\n')
        for _ in range(3):
            talk.changed("svc1")
            talk.status("svc1")


def test_a_stream_that_ends_at_once_each_time_is_no_endless_loop(streaming):
    talk, listening = streaming
    began = time.monotonic()
    talk.send("watch", services=["svc1"])
    talk.status("svc1")
    for _ in range(3):
        listening.accept()[0].close()
        ended = time.monotonic()
        talk.changed("svc1")
        talk.status("svc1")
    assert ended - began > 0.5
