"""A docker daemon in namespaces of its own, for the tests of containers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opensvc_core.testing.apart import give_back

IMAGE = "opensvc/test:1"
# Shim sockets and the like go to a /run that only the daemon sees; the end of process 1 ends all containers.
_DAEMON = (
    give_back()
    + """
mount -t tmpfs run /run
exec dockerd --host unix://$1/docker.sock --data-root $1/data --exec-root $1/exec --pidfile $1/pid \
    --bridge none --iptables=false --ip-forward=false --storage-driver vfs --cgroup-parent /$2
"""
)
_APART = ("unshare", "--mount", "--propagation", "private", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")


@pytest.fixture(scope="session")
def socket() -> Iterator[str]:
    """Where a daemon listens that has the image of the tests and no network."""
    if os.geteuid() != 0:
        pytest.skip("needs root: a docker daemon is started")
    if missing := [tool for tool in ("dockerd", "docker", "unshare", "/bin/busybox") if not shutil.which(tool)]:
        pytest.skip(f"needs {' '.join(missing)}: apt-get install docker.io busybox-static util-linux")
    folder = Path(tempfile.mkdtemp(prefix="opensvc-docker-"))
    group = f"opensvc-test-{os.getpid()}"
    with (folder / "log").open("w") as log:
        daemon = subprocess.Popen([*_APART, "sh", "-c", _DAEMON, "sh", str(folder), group], stdout=log, stderr=log, start_new_session=True)
    try:
        path = f"{folder}/docker.sock"
        _load_image(path, folder, daemon)
        yield path
    finally:
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        _remove_groups(group)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def host_daemon(socket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same as the host's daemon, without containers."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
    _clear()
    yield socket
    _clear()


def _clear() -> None:
    listed = subprocess.run(["docker", "ps", "--all", "--quiet"], capture_output=True, text=True, check=True).stdout.split()
    if listed:
        subprocess.run(["docker", "rm", "--force", *listed], capture_output=True, check=True)


def _load_image(path: str, folder: Path, daemon: subprocess.Popen[bytes]) -> None:
    binaries = folder / "image" / "bin"
    binaries.mkdir(parents=True)
    shutil.copy("/bin/busybox", binaries)
    for name in ("sh", "sleep", "true", "false", "env"):
        (binaries / name).symlink_to("busybox")
    docker = ["docker", "--host", f"unix://{path}"]
    end = time.monotonic() + 200
    while subprocess.run([*docker, "version"], capture_output=True, check=False).returncode:
        assert daemon.poll() is None and time.monotonic() < end, (folder / "log").read_text()
        time.sleep(0.05)
    packed = subprocess.run(["tar", "-C", str(folder / "image"), "-c", "."], capture_output=True, check=True).stdout
    change = 'CMD ["/bin/sh", "-c", "trap exit TERM; while :; do sleep 60 & wait; done"]'
    subprocess.run([*docker, "import", "--change", change, "-", IMAGE], input=packed, capture_output=True, check=True)


def _remove_groups(group: str) -> None:
    """What docker has made for its containers, in every hierarchy."""
    for place in (Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir()):
        tree = [Path(path) for path, _, _ in os.walk(place / group, topdown=False)]
        for each in tree:
            end = time.monotonic() + 30
            while each.exists() and time.monotonic() < end:
                try:
                    each.rmdir()
                except OSError:
                    time.sleep(0.02)  # its processes are about to end
