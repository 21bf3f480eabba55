"""Machines of QEMU, ended through their monitor: real ones without a processor, and sockets that behave as the worst of monitors do."""

import json
import shutil
import socket
import subprocess
import threading
import time
from contextlib import closing, suppress

import pytest

from opensvc_core.api import ActionFailed, FenceAgent, Node
from opensvc_core.testing.ports import free_port
from opensvc_core.testing.waiting import wait_for

QEMU = shutil.which("qemu-system-x86_64")
needs_qemu = pytest.mark.skipif(not QEMU, reason="qemu-system-x86_64 is not installed: apt-get install qemu-system-x86")


@pytest.fixture
def agent(tmp_path):
    """The agent for n2 with this monitor."""

    def made(monitor, words="") -> FenceAgent:
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc" / "node.conf").write_text(f"[stonith#n2]\ntype = qemu\nmonitor = {monitor}\n{words}\n")
        found = Node(tmp_path, nodename="n1").fence_agents()["n2"]
        assert isinstance(found, FenceAgent), found
        return found

    return made


@pytest.fixture
def machine():
    """Begin a machine with a monitor at this place; all are ended with the test."""
    begun = []

    def begin(place):
        argv = [QEMU, "-machine", "none", "-display", "none", "-nodefaults", "-qmp", f"{place},server=on,wait=off"]
        begun.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.wait(60)


@pytest.fixture
def monitor(tmp_path):
    """A socket that says these lines to one client, each or each tuple of them after a line that it has read; None: it closes."""
    place, threads = tmp_path / "monitor", []

    def begin(*answers):
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(place))
        server.listen()
        server.settimeout(60)

        def serve():
            with closing(server), suppress(OSError):
                client, _ = server.accept()
                with closing(client), client.makefile("rb") as questions:
                    for answer in answers:
                        if answer is None:
                            return
                        for line in answer if isinstance(answer, tuple) else (answer,):
                            client.sendall(json.dumps(line).encode() + b"\r\n")
                        questions.readline()

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return place

    yield begin
    for thread in threads:
        thread.join(60)


@needs_qemu
def test_a_machine_is_ended_and_waited_for(agent, machine, tmp_path):
    process = machine(f"unix:{tmp_path}/qmp")
    wait_for((tmp_path / "qmp").exists)
    agent(tmp_path / "qmp").fence(60)
    assert process.poll() is not None or process.wait(60) == 0


@needs_qemu
def test_a_machine_behind_a_port_is_ended(agent, machine):
    port = free_port()
    process = machine(f"tcp:127.0.0.1:{port}")
    end = time.monotonic() + 60
    found = agent(f"127.0.0.1:{port}")
    while True:
        try:
            found.fence(60)
            break
        except ActionFailed as error:  # it does not listen yet
            assert "nobody listens" in str(error)
            assert time.monotonic() < end
            time.sleep(0.05)
    assert process.wait(60) == 0


@needs_qemu
def test_a_machine_that_is_stopped_as_a_process_is_not_confirmed(agent, machine, tmp_path):
    process = machine(f"unix:{tmp_path}/qmp")
    wait_for((tmp_path / "qmp").exists)
    process.send_signal(19)
    with pytest.raises(ActionFailed, match="n2 is not known to be off"):
        agent(tmp_path / "qmp").fence(1)
    assert process.poll() is None


def test_nobody_there_confirms_nothing(agent, tmp_path):
    with pytest.raises(ActionFailed, match=r"nobody listens at .*; 'absent = off'"):
        agent(tmp_path / "nosuch").fence(5)


def test_nobody_there_is_off_where_the_section_says_so(agent, tmp_path):
    agent(tmp_path / "nosuch", "absent = off").fence(5)


def test_what_can_not_be_reached_is_never_off(agent, tmp_path):
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(tmp_path / "full"))
        server.listen(0)
        with closing(socket.socket(socket.AF_UNIX)) as other:
            other.connect(str(tmp_path / "full"))
            with pytest.raises(ActionFailed, match="n2 is not known to be off"):
                agent(tmp_path / "full", "absent = off").fence(0.5)


HELLO, OK = {"QMP": {"version": {}}}, {"return": {}}


def test_a_machine_that_goes_on_running_is_not_confirmed(agent, monitor):
    place = monitor(HELLO, OK, OK, {"return": {"status": "running", "running": True}})
    with pytest.raises(ActionFailed, match="its monitor says 'running' after the order to halt"):
        agent(place).fence(60)


def test_an_order_that_is_refused_confirms_nothing(agent, monitor):
    place = monitor(HELLO, OK, {"error": {"class": "GenericError", "desc": "no"}})
    with pytest.raises(ActionFailed, match="refuses 'stop'"):
        agent(place).fence(60)


def test_a_connection_that_is_lost_confirms_nothing(agent, monitor):
    place = monitor(HELLO, OK, None)
    with pytest.raises(ActionFailed, match="closed the connection"):
        agent(place).fence(60)


def test_events_in_between_are_no_answers(agent, monitor):
    event = {"event": "STOP", "data": {}}
    place = monitor(HELLO, (event, OK), (event, event, OK), (event, {"return": {"status": "running", "running": True}}))
    with pytest.raises(ActionFailed, match="its monitor says 'running'"):
        agent(place).fence(60)


def test_a_process_that_stays_is_not_confirmed(agent, monitor):
    """The monitor here is this test's own process, which has not ended after all."""
    place = monitor(HELLO, OK, OK, {"return": {"status": "paused", "running": False}}, OK)
    with pytest.raises(ActionFailed, match="its process has not ended in time"):
        agent(place).fence(5)


def test_another_kind_of_monitor_says_so(agent, monitor):
    place = monitor({"greeting": "hello"})
    with pytest.raises(ActionFailed, match="no monitor of QEMU: start it with -qmp"):
        agent(place).fence(5)
