import signal
import time
from pathlib import Path

import psutil
import pytest
from opensvc_openha.works import Running

from opensvc_core.system.logfile import LIMIT, before


def script(tmp_path, text):
    path = tmp_path / "script"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_script_that_succeeds(tmp_path):
    running = Running([script(tmp_path, "echo said $1 for $OPENHA_SERVICE"), "start"], tmp_path / "log", 0, {"OPENHA_SERVICE": "svc"})
    assert running.wait() is True
    assert running.text == ""
    assert (tmp_path / "log").read_text() == "said start for svc\n"


@pytest.mark.parametrize(("text", "said"), [("exit 3", "start exited with 3"), ("kill -9 $$", "start was terminated by signal 9")])
def test_a_script_that_fails(tmp_path, text, said):
    running = Running([script(tmp_path, text), "start"], tmp_path / "log", 0)
    assert running.wait() is False
    assert running.text.endswith(said)


@pytest.mark.parametrize("mode", [0o644, None])
def test_a_script_that_can_not_be_run(tmp_path, mode):
    path = tmp_path / "script"
    if mode:
        path.write_text("#!/bin/sh\n")
        path.chmod(mode)
    running = Running([str(path), "start"], tmp_path / "log", 0)
    assert running.wait() is False
    assert "can't be run" in running.text


@pytest.mark.parametrize("text", ["sleep 1000", "trap '' TERM; sleep 1000 & wait; wait; sleep 1000"])
def test_a_script_that_hangs_is_ended_with_all_that_it_started(tmp_path, text):
    pids = tmp_path / "pids"
    running = Running([script(tmp_path, f"echo $$ >{pids}\n{text}"), "start"], tmp_path / "log", 0.3, polite=0.3)
    end = time.monotonic() + 40
    while not (pids.exists() and pids.read_text()):  # it is ended by who waits for it
        assert time.monotonic() < end, "it does not begin"
        time.sleep(0.05)
    assert running.wait() is False
    assert "was ended: it ran for over 0.3 seconds" in running.text
    assert not psutil.pid_exists(int(Path(pids).read_text()))


def test_a_script_has_the_usual_signals(tmp_path):
    before = signal.signal(signal.SIGTERM, lambda *_: None)  # as the manager does
    try:
        ignored = Running([script(tmp_path, "grep SigIgn /proc/self/status"), "start"], tmp_path / "log", 0)
        assert ignored.wait() is True
    finally:
        signal.signal(signal.SIGTERM, before)
    mask = int((tmp_path / "log").read_text().split()[1], 16)
    assert not mask & 1 << (signal.SIGTERM - 1)


def test_a_full_log_is_put_aside(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"x" * LIMIT)
    assert Running([script(tmp_path, "echo said"), "start"], log, 0).wait()
    assert (log.read_text(), before(log)) == ("said\n", f"{log}.1")
    assert (tmp_path / "log.1").stat().st_size == LIMIT
