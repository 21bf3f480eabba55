"""What agents say of themselves, well and badly, and what their exit codes mean."""

from pathlib import Path

import pytest
from opensvc_driver_ocf import agents, answers
from opensvc_driver_ocf.driver import Ocf
from opensvc_driver_ocf.metadata import Parameter, parse

from opensvc_core.api import CommandResult, DriverUnavailable, Status
from opensvc_core.testing.waiting import wait_for

TEXT = """<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="x" version="1.0">
<shortdesc lang="en">An
  agent</shortdesc>
<parameters>
<parameter name="ip" unique="1" required="1"><shortdesc>Address</shortdesc><content type="string" default=""/></parameter>
<parameter name="port"><content type="integer" default="80"/></parameter>
<parameter name="user" required="0"/>
</parameters>
<actions>
<action name="start" timeout="20s"/><action name="stop" timeout="500ms"/><action name="meta-data"/>
<action name="monitor" timeout="20"/><action name="monitor" depth="10" timeout="1m"/><action name="odd" timeout="soon"/>
</actions>
</resource-agent>"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install an agent ocf:test:NAME that runs a script."""
    monkeypatch.setenv("OCF_ROOT", str(tmp_path))

    def make(name, script, mode=0o755):
        file = tmp_path / "resource.d" / "test" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(script)
        file.chmod(mode)
        return agents.AgentName("test", name)

    return make


def test_metadata_are_parameters_and_actions():
    found = parse(TEXT)
    assert found.text == "An agent"
    assert found.parameters == (
        Parameter("ip", "Address", "string", "", required=True),
        Parameter("port", "", "integer", "80"),
        Parameter("user", ""),
    )
    assert found.actions == {"start": 20.0, "stop": 0.5, "meta-data": None, "monitor": 60.0, "odd": None}


@pytest.mark.parametrize(("text", "why"), [("", "not XML"), ("<a", "not XML"), ("<html/>", "not a <resource-agent>")])
def test_what_is_no_metadata_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        parse(text)


@pytest.mark.parametrize("text", ["", "ocf", "Dummy", "ocf:heartbeat", "ocf:heartbeat:", "ocf:a:b:c", "ocf:../x:y", "lsb:a:b", "ocf:.:b"])
def test_what_is_no_agent_is_refused(text):
    with pytest.raises(ValueError, match="is no agent"):
        agents.agent_name(text)


@pytest.mark.parametrize("text", ["ocf:heartbeat:IPaddr2", "heartbeat:IPaddr2"])
def test_the_name_of_an_agent(text):
    assert str(agents.agent_name(text)) == "ocf:heartbeat:IPaddr2"


def test_parameters_are_keywords(install):
    name = install("x", f"#!/bin/sh\ncat <<'END'\n{TEXT}\nEND\n")
    made = Ocf.variant(str(name))
    words = made.keywords()
    assert words["ip"].required and not words["port"].required
    assert words["port"].convert("443") == "443"
    with pytest.raises(ValueError, match="'http' is no whole number"):
        words["port"].convert("http")
    assert set(Ocf.keywords()) == {"agent", "check_level", "start_timeout", "stop_timeout", "check_timeout"}
    assert Ocf.variant(str(name)) is made


def test_a_changed_agent_has_its_new_parameters(install):
    name = install("x", f"#!/bin/sh\ncat <<'END'\n{TEXT}\nEND\n")
    assert "ip" in Ocf.variant(str(name)).keywords()
    install("x", "#!/bin/sh\ncat <<'END'\n" + TEXT.replace('"ip"', '"address"') + "\nEND\n")
    assert "address" in Ocf.variant(str(name)).keywords()


@pytest.mark.parametrize(
    ("script", "mode", "why"),
    [
        ("#!/bin/sh\necho no >&2; exit 5\n", 0o755, "its meta-data can't be read: exit code 5: no"),
        ("#!/bin/sh\necho text\n", 0o755, "its meta-data is not XML"),
        ("#!/no/where\n", 0o755, "can't be run: No such file or directory"),
        ("#!/bin/sh\n", 0o644, "can't be run: Permission denied"),
    ],
)
def test_an_agent_that_tells_nothing_is_named(install, script, mode, why):
    name = install("bad", script, mode)
    with pytest.raises(DriverUnavailable, match=why) as caught:
        Ocf.variant(str(name))
    assert caught.value.key == "agent"


def test_an_agent_that_hangs_is_ended_with_all_that_it_has_started(install, monkeypatch, tmp_path):
    monkeypatch.setattr(agents, "_LIMIT", 1.0)
    name = install("slow", f"#!/bin/sh\nsleep 600 &\necho $! > {tmp_path}/pid\nwait\n")
    with pytest.raises(DriverUnavailable, match="no meta-data after 1s"):
        Ocf.variant(str(name))
    wait_for(lambda: not alive(int((tmp_path / "pid").read_text())))


def alive(pid):
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_an_agent_that_is_not_there_is_named_with_the_way_out():
    with pytest.raises(DriverUnavailable, match=r"ocf:none:x: .*No such file or directory; correct the name, or install the package"):
        Ocf.variant("ocf:none:x")


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        (0, Status.UP, ""),
        (7, Status.DOWN, ""),
        (8, Status.UP, "monitor: is running as promoted (exit code 8)"),
        (1, Status.WARN, "monitor: failed (exit code 1): disk gone"),
        (190, Status.WARN, "monitor: is degraded (exit code 190): disk gone"),
        (5, Status.UNDEF, "monitor: needs something that is not installed here (exit code 5): disk gone"),
        (42, Status.UNDEF, "monitor: exit code 42: disk gone"),
        (-9, Status.UNDEF, "monitor: ended by signal 9: disk gone"),
    ],
)
def test_exit_codes_are_statuses(code, status, said):
    stderr = "" if code == 8 else "Nov 22 ERROR: not this\nocf-exit-reason:disk gone\n"
    seen = answers.answer(CommandResult(code, stderr=stderr), 60.0)
    assert seen.status is status
    assert [message.text for message in seen.messages] == ([said] if said else [])


def test_without_a_reason_the_last_error_counts():
    assert answers.reason("Nov 22 INFO: a\nNov 22 ERROR: no module\nend") == "no module"


def test_a_monitor_that_takes_too_long_tells_nothing():
    seen = answers.answer(CommandResult(124, stderr="not ended after 60s", seconds=60.1), 60.0)
    assert seen.status is Status.UNDEF
