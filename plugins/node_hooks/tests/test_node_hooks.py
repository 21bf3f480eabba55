"""The administrator's commands around actions, through the real command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


@pytest.fixture
def node(tmp_path):
    """Runs a command line below a folder of its own, with a service of one flag."""
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "svc1.conf").write_text("[fs#1]\ntype = flag\n")

    def run(*words):
        environment = {**os.environ, "OSVC_ROOT_PATH": str(tmp_path), "OSVC_NODENAME": "n1"}
        return subprocess.run([BIN / words[0], *words[1:]], env=environment, capture_output=True, text=True, timeout=120, check=False)

    run.etc = etc
    run.folder = tmp_path
    return run


def configure(node, events, script):
    file = node.folder / f"{events.split()[0]}.sh"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    conf = node.etc / "node.conf"
    text = conf.read_text() if conf.exists() else ""
    conf.write_text(f"{text}[hook#{events.split()[0]}]\nevents = {events}\ncommand = {file}\n")


def test_a_guard_refuses_an_action_with_its_last_line_as_the_reason(node):
    configure(node, "before_action", 'test "$OPENSVC_ACTION" = start && { echo "no changes on Friday" >&2; exit 1; }; exit 0')
    done = node("om", "svc1", "start", "--local")
    assert done.returncode == 5
    assert "no changes on Friday" in done.stderr
    assert node("svcmgr", "-s", "svc1", "status").returncode == 1
    assert node("om", "svc1", "stop", "--local").returncode == 0


def test_a_guard_that_can_not_run_refuses(node):
    (node.etc / "node.conf").write_text("[hook#1]\nevents = before_action\ncommand = /nowhere/guard\n")
    done = node("om", "svc1", "start", "--local")
    assert (done.returncode, "No such file" in done.stderr) == (5, True)


def test_a_plan_asks_no_guard(node):
    configure(node, "before_action", "exit 1")
    done = node("om", "svc1", "start", "--plan")
    assert (done.returncode, "touch" in done.stdout) == (0, True)


def test_the_end_of_an_action_and_a_changed_status_are_told(node):
    told = node.folder / "told"
    configure(
        node,
        "after_action status_changed",
        f'echo "$OPENSVC_EVENT $OPENSVC_SVCPATH $OPENSVC_ACTION$OPENSVC_OUTCOME$OPENSVC_AFTER" >>{told}',
    )
    node("om", "svc1", "start", "--local")
    node("om", "svc1", "print", "status")
    node("om", "svc1", "print", "status")
    assert told.read_text().splitlines() == ["after_action svc1 startdone", "status_changed svc1 up"]


def test_a_failing_notification_is_logged_and_replaces_no_outcome(node):
    configure(node, "after_action", 'echo "mail is down" >&2; exit 3')
    assert node("om", "svc1", "start", "--local").returncode == 0
    assert "mail is down" in node("om", "svc1", "logs").stdout


def test_the_hooks_of_the_node_are_listed(node):
    configure(node, "before_action", "exit 0")
    done = node("om", "node", "print", "hooks")
    assert (done.returncode, done.stdout.split()[:2]) == (0, ["hook#before_action", "before_action"])
    assert "print hooks" in node("om", "node", "--help").stdout or "hooks" in node("om", "node", "print", "--help").stdout


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("events = before_lunch\ncommand = /bin/true\n", "events are some of"),
        ("command = /bin/true\n", "events is required on n1"),
        ("events = after_action\n", "command is required on n1"),
        ("events = after_action\ncommand =\n", "a command is required"),
        ("events = after_action\ncommand = 'x\n", "command"),
    ],
)
def test_a_section_that_can_not_be_used_is_told(node, text, complaint):
    (node.etc / "node.conf").write_text(f"[hook#1]\n{text}")
    done = node("om", "node", "print", "hooks")
    assert done.returncode == 7
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_be_used_is_found_before_it_is_needed(node):
    (node.etc / "node.conf").write_text("[hook#1]\nevents = before_lunch\ncomand = /bin/true\n")
    done = node("om", "node", "validate", "config")
    assert done.returncode == 7
    assert "hook#1.events = before_lunch: events are some of before_action, after_action, status_changed" in done.stdout
    assert "hook#1.comand = /bin/true: hook has no keyword 'comand'; did you mean 'command'?" in done.stdout
    assert "hook#1: command is required" in done.stdout
    assert "What is run." in node("om", "keywords", "hook").stdout


def test_a_hook_of_another_node_is_none_of_this_one(node):
    told = node.folder / "told"
    sections = f"[hook#1]\nevents@n2 = after_action\ncommand@n2 = /bin/false\n[hook#2]\nevents = after_action\ncommand@n1 = touch {told}\n"
    (node.etc / "cluster.conf").write_text(f"[cluster]\nnodes = n1 n2\n{sections}")
    node("om", "svc1", "start", "--local")
    assert told.exists()
    assert "hook#1" not in node("om", "node", "print", "hooks").stdout
