"""A cluster's arbitrator as a process of its own, and nodes that know where it is."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest
from opensvc_daemon.guards.arbitrators import ArbitratorPlace
from opensvc_daemon.heartbeat.keyring import Secret

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def arbitrator(tmp_path):
    """Begin one; what comes back is the process, and its place. All are ended with the test."""
    begun = []

    def begin(*more, name="arb", secret=SECRET, state="state", scheme="tcp"):
        (tmp_path / f"{name}.secret").write_text(secret)
        argv = [sys.executable, "-m", "opensvc_daemon.guards.arbitrator", "--name", name, "--secret-file", str(tmp_path / f"{name}.secret")]
        argv += ["--state", str(tmp_path / state), "--listen", "127.0.0.1", "--port", "0", *more]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C"})
        begun.append(process)
        line = process.stdout.readline()
        assert " listens on " in line, process.stderr.read()
        port = int(line.rpartition(":")[2])
        return process, ArbitratorPlace(name, scheme, "127.0.0.1", port, "/", 60.0, 1, Secret.of_text(SECRET))

    yield begin
    for process in begun:
        process.kill()
        process.communicate(timeout=60)


@pytest.fixture
def end():
    """End a process in order, and wait for it; its exit code."""

    def ended(process):
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        return process.returncode

    return ended
