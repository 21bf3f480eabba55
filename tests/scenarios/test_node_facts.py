"""What a node tells of itself."""

import json
import os
import platform
from contextlib import suppress
from pathlib import Path

import pytest

from opensvc_core import __version__


def asked(root, words):
    answer = json.loads(root(f"om node {words} --format json").stdout)
    assert answer.pop("version") == 1
    (found,) = answer.values()
    return found


@pytest.mark.parametrize("program", ["om node", "nodemgr"])
def test_the_node_tells_its_name(root, program):
    assert root(f"{program} ls").stdout == "n1\n"
    assert asked(root, "ls") == ["n1"]


def test_the_services_are_still_listed_without_the_word_node(root):
    root.write("etc/web.conf", "[fs#1]\ntype = flag\n")
    assert root("om ls").stdout == "web\n"


def test_the_status_tells_what_is_frozen(root):
    root.write("etc/web.conf", "[fs#1]\ntype = flag\n")
    root.write("etc/db.conf", "[fs#1]\ntype = flag\n")
    root.write("etc/node.conf", "[node]\nenv = PRD\n")
    lines = root("om node print status").stdout.splitlines()
    assert lines[:3] == ["n1        not frozen", "env       PRD", "services  2"]
    assert asked(root, "print status")["frozen_since"] is None
    root("om web freeze")
    root("om node freeze")
    lines = root("nodemgr print status").stdout.splitlines()
    assert lines[0].startswith("n1        frozen since 20")
    assert lines[2] == "services  2, frozen: web"
    status = asked(root, "print status")
    assert (status["frozen"], status["frozen_services"]) == (True, ["web"])
    assert "T" in status["frozen_since"]


def test_the_status_knows_that_this_node_below_a_folder_does_not_start_with_the_host(root):
    assert asked(root, "print status")["at_boot"] == "missing"
    assert "'om node install units'" in root("om node print status").stdout


def test_the_asset_is_the_host(root):
    root.write("etc/node.conf", "[node]\nloc_city = Paris\n")
    asset = asked(root, "print asset")
    assert (asset["name"], asset["agent"], asset["kernel"]) == ("n1", __version__, platform.release())
    assert asset["cpu"]["count"] == os.cpu_count()
    assert asset["memory"]["total"] == pytest.approx(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), rel=0.01)
    assert asset["os"]["name"] == platform.freedesktop_os_release()["PRETTY_NAME"]
    assert asset["location"] == {"city": "Paris"}
    assert asset["boot"]["uptime"] > 0
    text = root("om node print asset").stdout
    for value in ("n1", __version__, platform.release(), asset["boot"]["id"], "Paris", *asset["devices"]):
        assert value in text


def test_every_installed_driver_is_named_with_what_keeps_it_from_running(root):
    found = asked(root, "print capabilities")
    assert [row["id"] for row in found] == sorted((row["id"] for row in found), key=str.lower)
    assert {"id": "fs.flag", "can_run": True, "problem": ""} in found
    assert all(row["can_run"] == (not row["problem"]) for row in found)
    lines = root("om node print capabilities").stdout.splitlines()
    assert [line.split() for line in lines if line.startswith("fs.flag ")] == [["fs.flag", "can", "run"]]
    assert len(lines) == len(found)
    assert root("om node scan capabilities").stdout.splitlines() == lines


def sizes():
    """Bytes of each block device that the kernel has now."""
    found = {}
    for file in Path("/sys/class/block").glob("*/size"):
        with suppress(OSError):
            found[file.parent.name] = int(file.read_text()) * 512
    return found


def test_the_devices_are_told_as_the_kernel_has_them(root):
    before, found, after = sizes(), {device["name"]: device["size"] for device in asked(root, "print devs")}, sizes()
    # loop devices come and go with what else runs on this host
    steady = {name for name in found if name in before and before[name] == after.get(name)}
    assert steady
    assert {name: found[name] for name in steady} == {name: before[name] for name in steady}
    lines = root("om node print devs").stdout.splitlines()
    assert lines[0].split() == ["device", "size", "type", "mounted", "on", "services"]


def test_a_broken_service_hides_no_device(root):
    root.write("etc/web.conf", "nonsense\n")
    done = root("om node print devs", code=7)
    assert "web.conf:1" in done.stderr
    assert len(done.stdout.splitlines()) > 1


@pytest.mark.parametrize("words", ["ls", "print status", "print asset", "print capabilities", "print devs"])
def test_reading_needs_no_root(root, words):
    root(f"om node {words}", as_ordinary=True)
