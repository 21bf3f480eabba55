"""How the conformance suite tries container.docker: with a daemon that is made for it, in namespaces of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from shlex import join
from types import MappingProxyType
from typing import Final

import pytest

from opensvc_core.api import Service
from opensvc_core.testing.apart import give_back
from opensvc_core.testing.conformance import Case, Conformance

IMAGE: Final = "opensvc/test:1"
_TOOLS: Final = MappingProxyType(
    {"dockerd": "docker.io", "docker": "docker.io", "unshare": "util-linux", "/bin/busybox": "busybox-static", "tar": "tar"}
)
# Shim sockets and the like go to a /run that only the daemon sees; the end of process 1 ends all containers.
_DAEMON: Final = (
    give_back()
    + """
mount -t tmpfs run /run
exec dockerd --host unix://$1/docker.sock --data-root $1/data --exec-root $1/exec --pidfile $1/pid \
    --bridge none --iptables=false --ip-forward=false --storage-driver vfs --cgroup-parent /$2
"""
)
_APART: Final = ("unshare", "--mount", "--propagation", "private", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")


class Promises(Conformance):
    """A container in the host's daemon, for which the one that was made stands."""

    def lacks(self) -> str:
        """What makes a daemon, and an image for it."""
        return lacking()

    @pytest.fixture(autouse=True)
    def _in_host_daemon(self, _host: None, host_daemon: str) -> str:
        return host_daemon

    def case(self, folder: Path) -> Case:
        """A container that has the folder, and runs until it is stopped; with `detach = false` its start waits for its end."""
        volume = join(["--volume", f"{folder}:/data"])
        text = f"[container#1]\ntype = docker\nimage = {IMAGE}\nrun_args = {volume}\nstop_timeout = 1s\n"
        hanging = f"{text}detach = false\nstart_timeout = 1s\n"
        return Case(text, rid="container#1", footprint=_footprint, remove=_kill, hanging=hanging, limit=60.0)


@pytest.fixture(scope="session")
def docker_socket() -> Iterator[str]:
    """Where a daemon listens that has the image of the tests and no network. Skips where none can be made."""
    if problem := lacking():
        pytest.skip(problem)
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
def host_daemon(docker_socket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same as the host's daemon, without containers."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{docker_socket}")
    _clear()
    yield docker_socket
    _clear()


def lacking() -> str:
    """What this host lacks for a daemon, with the remedy; empty: nothing."""
    if os.geteuid() != 0:
        return "a docker daemon is started: run it as root"
    missing = {tool: package for tool, package in _TOOLS.items() if not shutil.which(tool)}
    return f"{', '.join(missing)} is missing: apt-get install {' '.join(dict.fromkeys(missing.values()))}" if missing else ""


def _footprint() -> list[tuple[str, bool]]:
    """The containers, and whether they have processes."""
    lines = subprocess.run(["docker", "ps", "--all", "--format", "{{json .}}"], capture_output=True, text=True, check=True).stdout
    return sorted((one["Names"], one["State"] == "running") for one in map(json.loads, lines.splitlines()))


def _kill(service: Service) -> None:
    subprocess.run(["docker", "kill", f"{service.path}.container.1"], capture_output=True, check=True)


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
