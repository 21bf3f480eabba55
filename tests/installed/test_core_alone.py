"""The core alone: it runs, and says of what is missing which distribution brings it. All that it bundles, beside it."""

import json
import zipfile
from pathlib import Path

import pytest
from wheels import CORE, LIBRARIES, PROJECTS, pip

SERVICE = """\
[fs#1]
type = xfs
dev = /dev/vg1/data
mnt = /srv/{name}

[app#1]
start = /bin/true

[vg#1]
vgname = vg1

[env]
name = {file:///etc/name}
key = {safe://key}
"""
CLUSTER = """\
[cluster]
nodes = n1 n2

[hb#1]
type = unicast

[stonith#n2]
type = fence_agents

[watchdog#1]
dev = /dev/watchdog
"""


def brings(distribution):
    return f"'pip install {distribution}' brings it"


@pytest.fixture
def core(having):
    return having(CORE)


def test_a_service_is_made_and_says_what_its_resources_need(core):
    core.write("etc/web.conf", SERVICE)
    found = core("om web validate config", code=7).stdout
    for problem, distribution in {
        "fs#1.type = xfs: no installed plugin provides fs.xfs": "opensvc-driver-fs-mount",
        "app#1: no installed plugin provides app": "opensvc-driver-app-forking",
        "vg#1: no installed plugin provides vg": "opensvc-driver-vg",
        "names nothing; no installed plugin answers for file://": "opensvc-file-references",
    }.items():
        assert f"{problem}; {brings(distribution)}\n" in found
    assert "no installed plugin answers for safe://\n" in found
    seen = json.loads(core("om web print status --format json").stdout)["resources"]
    assert {one["status"] for one in seen.values()} == {"undef"}
    assert f"fs.xfs; {brings('opensvc-driver-fs-mount')}" in core("om web print status").stdout
    assert core("om keywords fs.xfs", code=4).stderr == f"om: no installed plugin provides fs.xfs; {brings('opensvc-driver-fs-mount')}\n"


def test_a_node_says_what_it_needs(core):
    core.write("etc/node.conf", "[hook#1]\nevents = after_action\ncommand = /bin/true\n")
    found = core("om node validate config", code=3).stdout
    assert f"hook#1: no section of this file; {brings('opensvc-node-hooks')}\n" in found


def test_a_cluster_says_what_it_needs(core):
    core.write("etc/cluster.conf", CLUSTER)
    found = core("om cluster validate config", code=7).stdout
    for name, distribution in {
        "hb.unicast": "opensvc-driver-hb-unicast",
        "stonith.fence_agents": "opensvc-driver-fence-agents",
        "watchdog.device": "opensvc-driver-watchdog-device",
    }.items():
        assert f"no installed plugin provides {name}; {brings(distribution)}\n" in found


@pytest.mark.parametrize(
    ("line", "command", "distribution"),
    [
        ("om daemon start", "daemon start", "opensvc-daemon"),
        ("om simulate web.conf", "simulate", "opensvc-daemon"),
        ("om web switch --to n2", "switch", "opensvc-daemon"),
        ("svcmgr -s web docker ps", "docker", "opensvc-driver-container-docker"),
        ("om node prepare hb#1", "prepare", "opensvc-driver-hb-disk"),
        ("nodemgr print_hooks", "print hooks", "opensvc-node-hooks"),
    ],
)
def test_a_command_that_is_missing_is_known(core, line, command, distribution):
    core.write("etc/web.conf", "")
    program = line.partition(" ")[0]
    assert core(line, code=2).stderr == f"{program}: no installed plugin has the command {command!r}; {brings(distribution)}\n"


def test_a_word_whose_commands_are_all_missing_is_known(core):
    assert core("om daemon", code=2).stderr == f"om: no installed plugin has the commands of 'daemon'; {brings('opensvc-daemon')}\n"
    assert core("om node", code=2).stderr == "om: no command given; om node help lists them\n"


def test_a_word_that_nobody_knows_stays_one(core):
    core.write("etc/web.conf", "")
    assert core("om web strat", code=2).stderr == "om: no command 'strat'; did you mean 'start'?\n"


def test_a_service_without_resources_is_started_and_stopped(core):
    core("om web create")
    core("om web start --local")
    core("om web print status")
    core("om web stop --local")


def test_it_says_that_nothing_is_installed_beside_it(core):
    done = core("om drivers")
    said = "nothing is installed beside the core; 'pip install opensvc-core[all]' brings all that it bundles\n"
    assert (done.stdout, done.stderr) == ("", said)
    shown = json.loads(core("om drivers --format json").stdout)
    assert (shown["drivers"], shown["plugins"]) == ([], [])


@pytest.mark.parametrize("project", PROJECTS)
def test_every_wheel_says_that_it_is_typed(wheels, project):
    (wheel,) = wheels.glob(f"{project.replace('-', '_')}-*.whl")
    paths = [Path(name) for name in zipfile.ZipFile(wheel).namelist()]
    assert {path.parts[0] for path in paths if path.suffix == ".py"} == {path.parts[0] for path in paths if path.name == "py.typed"}


def test_pip_installs_all_that_it_bundles(having, wheels, shelf):
    """Into an environment that has what others make."""
    root = having(*(name for name in shelf.closure(f"{CORE}[all]") if name not in PROJECTS))
    pip("--python", root.programs / "python", "install", "--find-links", wheels, f"{CORE}[all]")
    shown = json.loads(root("om drivers --format json").stdout)
    rows = [*shown["drivers"], *shown["plugins"]]
    assert [row for row in rows if row["state"] == "failed"] == []
    assert {row["distribution"] for row in rows} | {CORE} == PROJECTS.keys() - LIBRARIES
