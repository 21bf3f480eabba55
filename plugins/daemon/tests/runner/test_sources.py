"""Sources: what the kernel tells, each kind by itself."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest
from opensvc_daemon.clock import now
from opensvc_daemon.runner.loop import Loop
from opensvc_daemon.runner.watching.addresses import Event, events
from opensvc_daemon.runner.watching.groups import Group, Groups
from opensvc_daemon.runner.watching.mounts import Mounts, points
from opensvc_daemon.runner.watching.paths import Paths
from opensvc_daemon.runner.watching.pids import Pids, started_at
from opensvc_daemon.runner.watching.streams import Streams

from opensvc_core import Node

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: run the tests as root")


class News(list):
    """What a source has told. `comes` waits for it, `none` sees that nothing comes of what has happened by now."""

    def __init__(self, loop):
        self.loop = loop

    def comes(self, seconds=60.0):
        end = now() + seconds
        while not self:
            assert now() < end, "nothing comes"
            self.loop.turn(0.1)
        told = sorted(set(self))
        self.clear()
        return told

    def none(self):
        for _ in range(3):
            self.loop.turn(0.0)
        assert self == []


@pytest.fixture
def news():
    return News(Loop())


@pytest.fixture
def paths(news) -> Iterator[Paths]:
    source = Paths(news.loop, news.append)
    yield source
    source.close()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(["sleep", "1000"])
    yield process
    process.kill()
    process.wait()


def target_of(pid):
    return f"{pid} {started_at(pid)}"


# -- processes


def test_the_end_of_a_process_is_told_once(news, sleeper):
    source, target = Pids(news.loop, news.append), target_of(sleeper.pid)
    assert source.add(target, now()) is False
    assert source.add(target, now()) is False
    news.none()
    sleeper.kill()
    assert news.comes() == [target]
    news.none()


def test_a_process_that_has_ended_by_then_is_told_at_once(news, sleeper):
    source, target = Pids(news.loop, news.append), target_of(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert source.add(target, now()) is True


def test_a_number_that_is_another_process_by_now_has_ended(news, sleeper):
    source = Pids(news.loop, news.append)
    assert source.add(f"{sleeper.pid} 1", now()) is True
    source.close()


def test_a_process_that_nobody_waits_for_any_more_is_not_told(news, sleeper):
    source, target = Pids(news.loop, news.append), target_of(sleeper.pid)
    source.add(target, now())
    source.remove(target)
    sleeper.kill()
    sleeper.wait()
    news.none()


# -- paths


def test_what_is_made_written_changed_and_removed_is_told(news, paths, tmp_path):
    file = tmp_path / "file"
    assert paths.add(str(file), now() + 60) is False
    for change in (
        lambda: file.write_text("a"),
        lambda: file.write_text("b"),
        lambda: file.chmod(0o600),
        lambda: file.rename(tmp_path / "other"),
        lambda: (tmp_path / "other").rename(file),
        file.unlink,
        file.mkdir,
        file.rmdir,
    ):
        change()
        assert news.comes() == [str(file)]


def test_neighbours_are_not_told(news, paths, tmp_path):
    paths.add(str(tmp_path / "file"), now() + 60)
    (tmp_path / "neighbour").touch()
    news.none()


def test_a_path_below_folders_that_are_not_there_yet_is_told(news, paths, tmp_path):
    file = tmp_path / "a/b/c"
    assert paths.add(str(file), now() + 60) is False
    (tmp_path / "a").mkdir()
    assert news.comes() == [str(file)]
    (tmp_path / "a/b").mkdir()
    assert news.comes() == [str(file)]
    file.touch()
    assert news.comes() == [str(file)]


def test_a_folder_that_is_removed_and_made_anew_is_followed(news, paths, tmp_path):
    file = tmp_path / "a/file"
    file.parent.mkdir()
    file.touch()
    paths.add(str(file), now() + 60)
    file.unlink()
    file.parent.rmdir()
    assert news.comes() == [str(file)]
    news.loop.turn(0.0)
    news.clear()
    file.parent.mkdir()
    assert news.comes() == [str(file)]
    file.touch()
    assert news.comes() == [str(file)]


def test_what_has_changed_since_the_look_is_told_at_once(news, paths, tmp_path):
    file, began = tmp_path / "file", now()
    file.touch()
    assert paths.add(str(file), began) is True
    assert paths.add(str(file), began) is False


def test_files_of_one_folder_are_told_apart(news, paths, tmp_path):
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    for path in (one, other):
        paths.add(path, now() + 60)
    paths.remove(one)
    (tmp_path / "one").touch()
    (tmp_path / "other").touch()
    assert news.comes() == [other]


# -- mounts


@needs_root
def test_mounts_are_told_by_their_points_alone(news, tmp_path):
    source = Mounts(news.loop, news.append)
    mine, other = tmp_path / "a b", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    try:
        assert source.add(str(mine), now()) is False
        subprocess.run(["mount", "-t", "tmpfs", "none", other], check=True)
        news.none()
        began = now()
        subprocess.run(["mount", "-t", "tmpfs", "none", mine], check=True)
        assert news.comes() == [str(mine)]
        assert source.add(str(mine), began) is True, "it came while somebody looked"
        assert source.add(str(mine), now()) is False
        subprocess.run(["mount", "-o", "remount,ro", mine], check=True)
        assert news.comes() == [str(mine)]
        subprocess.run(["umount", mine], check=True)
        assert news.comes() == [str(mine)]
    finally:
        source.close()
        for point in (mine, other):
            subprocess.run(["umount", "--quiet", point], check=False)


def test_mount_points_are_read_as_the_kernel_writes_them():
    text = "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root rw\n37 35 0:5 / /dev rw - devtmpfs udev rw\ncut sho"
    found = points(text)
    assert sorted(found) == ["/dev", "/mnt 2"]


# -- control groups


@pytest.fixture
def group(root):
    """A control group of this test with a process in it."""
    node = Node(root.folder, nodename="n1")
    if node.host.groups is None:
        pytest.skip("this host lets us make no control group: run the tests as root")
    name = f"{node.cgroup}/app#1"
    directory = node.host.groups.make(name)
    process = subprocess.Popen(["sleep", "1000"])
    (directory / "cgroup.procs").write_text(str(process.pid))
    yield name, directory, process
    process.kill()
    process.wait()


def test_a_control_group_that_becomes_empty_is_told(news, group):
    name, directory, process = group
    if not (directory / "cgroup.events").exists():
        pytest.skip("no hierarchy of version 2 is mounted here: mount -t cgroup2 none /sys/fs/cgroup/unified")
    source = Groups(news.loop, news.append, lambda _name: Group(directory))
    assert source.add(name, now()) is False
    news.none()
    process.kill()
    assert news.comes() == [name]
    assert source.add(name, now()) is True, "it is empty already"
    source.close()


def test_without_version_2_the_end_of_any_of_its_processes_is_told(news, sleeper):
    found = Group(None, (target_of(sleeper.pid),))
    source = Groups(news.loop, news.append, lambda _name: found)
    assert source.add("opensvc/svc/app#1", now()) is False
    sleeper.kill()
    assert news.comes() == ["opensvc/svc/app#1"]
    sleeper.wait()
    assert source.add("opensvc/svc/app#1", now()) is True
    source.close()


# -- streams


class Engine:
    """An HTTP server behind a unix socket, that says what the test says."""

    def __init__(self, path):
        self.path = str(path)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.path)
        self._listening.listen()
        self.asked, self.connection = "", None

    def accept(self):
        self.connection, _ = self._listening.accept()
        self.asked = self.connection.recv(4096).decode()

    def close(self):
        self._listening.close()
        if self.connection:
            self.connection.close()


@pytest.fixture
def engine(tmp_path):
    found = Engine(tmp_path / "s")
    yield found
    found.close()


def test_each_piece_of_a_stream_is_told_and_its_end(news, engine):
    source, target = Streams(news.loop, news.append), f"{engine.path} /events?since={{since}}&x=1"
    assert source.add(target, now()) is False
    engine.accept()
    assert engine.asked.startswith("GET /events?since=1") and "&x=1 HTTP/1.0\r\n" in engine.asked
    engine.connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: app")
    engine.connection.sendall(b"lication/json\r\n\r\n")
    news.loop.turn(0.1)
    news.none()
    engine.connection.sendall(b'{"status": "die"}\n')
    assert news.comes() == [target]
    engine.connection.close()
    assert news.comes() == [target]
    source.close()


def test_a_stream_that_is_refused_tells_nothing(news, engine):
    source, target = Streams(news.loop, news.append), f"{engine.path} /events"
    source.add(target, now())
    engine.accept()
    engine.connection.sendall(b"HTTP/1.1 404 Not Found\r\n\r\n")
    news.loop.turn(1.0)
    news.none()


def test_where_nobody_listens_nothing_is_told(news, tmp_path):
    assert Streams(news.loop, news.append).add(f"{tmp_path}/none /events", now()) is False


# -- addresses


def test_recorded_messages_of_the_kernel_are_understood():
    added = bytes.fromhex(
        "4c00000014000000000000000000000002208002010000000800010 00a634d01080002000a634d01".replace(" ", "")
        + "070003006c6f000008000800800000001400060 0ffffffffffffffff0000000000000000".replace(" ", "")
    )
    assert list(events(added)) == [Event("10.99.77.1")]
    assert list(events(added[:30])) == []
    assert list(events(b"\0" * 64)) == []


def test_the_loop_interrupted_by_a_signal_goes_on(news):
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGURG)).start()
    before = signal.signal(signal.SIGURG, lambda *_: None)
    try:
        fired = []
        news.loop.after(0.2, lambda: fired.append(1))
        while not fired:
            news.loop.turn()
    finally:
        signal.signal(signal.SIGURG, before)
