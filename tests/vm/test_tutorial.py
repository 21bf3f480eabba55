"""The pages for beginners, replayed on light nodes, which have a device mapper; then a power cut of who has the service, as a story."""

import sys
from pathlib import Path

import pytest
from storage_array import export
from tutorial import page, replay

BIN = Path(sys.executable).parent
ROOTED = {"OSVC_ROOT_PATH": "/opt/opensvc", "PATH": f"/opt/opensvc/bin:{BIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
ARRAY = "37.59.71.21"
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


def power_on(nodes, its):
    """Start nodes, called as the page calls them."""
    for node, name in zip(nodes, its.hosts, strict=True):
        node.power_on()
        node(f"hostname {name}")


@pytest.fixture(scope="module")
def pair(module_vms):
    """Two nodes with a shared disk, on which nothing is."""
    disk = module_vms.make_disk("svc1", megabytes=64)
    assert {node.plug(disk) for node in module_vms.light} == {"/dev/ubdb"}
    power_on(module_vms.light, page("000.steps"))
    return module_vms.light


def numbers(node, path):
    """Those in a file, without one whose end has not come."""
    lines = node.read(path) if node.exists(path) else ""
    return [int(line) for line in lines.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.timeout(600)  # a hundred commands
def test_the_page_of_1_5_is_replayed_from_the_storage_array_to_the_second_node(vms, told):
    its = page("001.steps")
    export(vms, ARRAY, [vms.make_disk(f"unit{number}", megabytes=32) for number in (1, 2)])
    power_on(vms.light, its)
    for node in vms.light:
        node.serve_ssh(",".join([*its.hosts, "10.98.*"]))
    replay(its, "001.steps", vms.light, told, ROOTED)


@pytest.mark.timeout(600)
def test_the_page_of_2_x_is_replayed_on_a_volume_group(pair, told):
    replay(page("000.steps"), "000.steps", pair, told, {})


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
    assert demo2("curl -s http://demosvc.opensvc.com:8080/").stdout == "<title>Binserve v0.2.0</title>\n"
