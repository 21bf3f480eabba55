"""What is due when a node without a daemon comes up, and when it goes down."""

import pytest

FLAG = "[fs#1]\ntype = flag\n"
STANDBY = FLAG + "[fs#2]\ntype = flag\nstandby = true\n"


def up(root, name):
    return [rid for rid in ("fs#1", "fs#2") if root.is_up(name, rid)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("orchestrate = start", ["fs#1", "fs#2"]),
        ("orchestrate = start\nnodes = n1 n2", ["fs#1", "fs#2"]),
        ("orchestrate = start\nnodes = n2 n1", ["fs#2"]),
        ("orchestrate = ha", ["fs#1", "fs#2"]),
        ("orchestrate = no", ["fs#2"]),
        ("autostart_node = n1\nnodes = n2 n1", ["fs#1", "fs#2"]),
        ("autostart_node = n2\nnodes = n1 n2\norchestrate = start", ["fs#2"]),
    ],
)
def test_what_the_file_says_decides_what_a_boot_starts(root, words, expected):
    root.write("etc/web.conf", f"[DEFAULT]\n{words}\n{STANDBY}")
    root("om '**' boot --local")
    assert up(root, "web") == expected


def test_a_service_that_another_node_may_have_taken_over_is_not_started(root):
    root.write("etc/web.conf", f"[DEFAULT]\norchestrate = ha\nnodes = n1 n2\n{STANDBY}")
    assert "web: not started: orchestrate = ha on 2 nodes is for the daemon to start" in root("om '**' boot --local").stdout
    assert up(root, "web") == ["fs#2"]


@pytest.mark.parametrize("command", ["om web freeze", "om node freeze"])
def test_a_boot_leaves_what_is_frozen_alone(root, command):
    root.write("etc/web.conf", f"[DEFAULT]\norchestrate = start\n{STANDBY}")
    root(command)
    assert "web: not started: it is frozen" in root("om '**' boot --local").stdout
    assert up(root, "web") == []
    assert not (root / "log/web.log").exists()


def test_a_frozen_service_that_would_not_start_is_not_talked_of(root):
    root("om web create --kw fs#1.type=flag")
    assert root("om '**' boot --local").stdout == ""


def test_a_halt_stops_what_is_frozen_too(root):
    root.write("etc/web.conf", STANDBY)
    root("om web start --local")
    root("om web freeze")
    root("om '**' shutdown --local")
    assert up(root, "web") == []


@pytest.mark.parametrize("action", ["boot", "shutdown"])
def test_a_pattern_passes_over_what_is_no_matter_of_this_node(root, action):
    root.write("etc/off.conf", f"[DEFAULT]\ndisable = true\norchestrate = start\n{FLAG}")
    root.write("etc/there.conf", f"[DEFAULT]\nnodes = n2 n3\norchestrate = start\n{FLAG}")
    root.write("etc/here.conf", f"[DEFAULT]\norchestrate = start\n{FLAG}")
    done = root(f"om '**' {action} --local")
    assert done.stderr == ""
    assert (up(root, "off"), up(root, "there"), up(root, "here")) == ([], [], ["fs#1"] if action == "boot" else [])


def test_a_shutdown_of_a_service_by_its_name_is_refused_where_it_is_not_managed(root):
    root.write("etc/off.conf", f"[DEFAULT]\ndisable = true\n{FLAG}")
    root.write("etc/there.conf", f"[DEFAULT]\nnodes = n2 n3\n{FLAG}")
    assert "is disabled" in root("om off shutdown --local", code=5).stderr
    assert "n1 is not among its nodes" in root("om there shutdown --local", code=5).stderr


def test_a_test_service_on_a_production_node_is_passed_over(root):
    root.write("etc/node.conf", "[node]\nenv = PRD\n")
    root.write("etc/web.conf", f"[DEFAULT]\nenv = TST\norchestrate = start\n{FLAG}")
    assert root("om '**' boot --local").stderr == ""
    assert up(root, "web") == []


@pytest.mark.parametrize("action", ["boot", "shutdown"])
def test_a_service_of_a_cluster_manager_is_left_to_it(root, action):
    root.write("etc/web.conf", f"[DEFAULT]\norchestrate = start\n{FLAG}[hb#0]\ntype = OpenHA\n")
    assert "cluster manager of hb#0" in root(f"om '**' {action} --local").stdout
    assert up(root, "web") == []


@pytest.mark.parametrize("action", ["boot", "shutdown"])
def test_a_broken_file_keeps_no_other_service_back(root, action):
    root.write("etc/a.conf", "nonsense\n")
    root.write("etc/b.conf", f"[DEFAULT]\norchestrate = start\n{FLAG}")
    root("om b start --local")
    root(f"om b {'stop' if action == 'boot' else 'start'} --local")
    assert "a.conf:1" in root(f"om '**' {action} --local", code=7).stderr
    assert up(root, "b") == (["fs#1"] if action == "boot" else [])


def test_a_node_without_services_boots_and_halts(root):
    assert root("om '**' boot --local").stdout == root("om '**' shutdown --local").stdout == ""


def test_a_boot_and_a_halt_can_be_planned(root):
    root.write("etc/web.conf", f"[DEFAULT]\norchestrate = start\n{FLAG}")
    assert "web fs#1: touch" in root("om '**' boot --local --plan").stdout
    assert up(root, "web") == []
    root("om web start --local")
    assert "web fs#1: rm -f" in root("om '**' shutdown --local --plan").stdout
    assert up(root, "web") == ["fs#1"]


@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_units_are_roots_to_write(root, action):
    done = root(f"om node {action} units", code=5, as_ordinary=True)
    assert done.stderr == "om: only root writes to /etc/systemd/system\n"
