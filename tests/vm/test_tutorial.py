"""The first tutorial's service on a volume group that two light nodes share: its page replayed, a power cut of who has it, as a story."""

from pathlib import Path

import pytest
from tutorial import replay

SCRIPT = Path(__file__).with_name("000_vg.steps")
NAMES = ("demo1", "demo2")
# What is told to the other node is on the disk.
WRITER = """\
import itertools, os, socket
with socket.create_connection(("demo2", 4711)) as wire, open("/svc1/data/numbers", "ab", 0) as file:
    for number in itertools.count():
        file.write(b"%d\\n" % number)
        os.fsync(file.fileno())
        wire.sendall(b"%d\\n" % number)
"""
LISTENER = """\
import socket
with socket.create_server(("", 4711)) as server, open("/run/told", "wb", 0) as file, server.accept()[0] as wire:
    while told := wire.recv(4096):
        file.write(told)
"""


@pytest.fixture(scope="module")
def pair(module_vms):
    """Two nodes with a shared disk, on which nothing is."""
    disk = module_vms.make_disk("svc1", megabytes=64)
    for node, name in zip(module_vms.light, NAMES, strict=True):
        assert node.plug(disk) == "/dev/ubdb"
        node.power_on()
        node(f"hostname {name}")
    return module_vms.light


def numbers(node, path):
    """Those in a file, without one whose end has not come."""
    lines = node.read(path) if node.exists(path) else ""
    return [int(line) for line in lines.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.timeout(500)  # some thirty commands, after the boot of all guests where no test was before
def test_a_service_is_made_of_nothing_and_prints_what_its_page_shows(pair):
    replay(SCRIPT, pair)


def test_a_power_cut_of_who_has_it_loses_nothing_that_was_acknowledged(pair):
    demo1, demo2 = pair
    demo1.write("/root/writer", WRITER)
    demo2.write("/root/listener", LISTENER)
    demo2.begin("python3 /root/listener")
    demo2.wait_for(lambda: demo2.exists("/run/told"))
    writer = demo1.begin("python3 /root/writer")
    demo2.wait_for(lambda: len(numbers(demo2, "/run/told")) > 50 or not writer.is_running)
    assert writer.is_running, writer.wait()
    demo1.power_off()
    demo2("om svc1 start --local --confirm-down demo1")
    kept, told = numbers(demo2, "/svc1/data/numbers"), numbers(demo2, "/run/told")
    assert kept == list(range(len(kept)))
    assert len(kept) >= len(told) > 50
    assert demo2("curl -s http://demosvc.opensvc.com:8080/").stdout == "<html><body>It Works !</body></html>\n"


def test_what_was_made_of_nothing_is_taken_away_where_it_is_now(pair):
    demo2 = pair[1]
    demo2("om svc1 unprovision --local")
    assert demo2("sh -c 'dmsetup ls; pvs --noheadings; grep svc1 /proc/mounts'", code=1).stdout == "No devices found\n"
    assert demo2("wipefs --noheadings /dev/ubdb").stdout == ""
