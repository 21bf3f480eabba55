"""The fakes, and the node that the plugin gives."""

import os
import subprocess
import sys

from opensvc_core.api import Already, Call, CommandResult, Context, Log, ProcessId, Resource, Status, System
from opensvc_core.testing.fakes import FakeSystem, RecordingLog, context_for

OLD, YOUNG = ProcessId(7, 100), ProcessId(3, 200)


class Volume(Resource):
    id = "disk.volume"

    def status(self):
        found = self.context.system.query(["lvs", "--noheadings", "vg1"])
        if found.code:
            self.context.log.warning("lvs failed", code=found.code)
            return Status.UNDEF
        return Status.UP if "active" in found.stdout else Status.DOWN


def test_a_driver_is_made_of_a_context_and_its_values(tmp_path):
    system: System = FakeSystem({"lvs --noheadings vg1": CommandResult(0, "active")})
    volume = Volume(context_for("disk#1", tmp_path, system=system), {})
    assert volume.status() is Status.UP
    assert volume.rid == "disk#1"
    assert isinstance(volume.context, Context)


def test_answers_are_by_command_line_then_by_program_and_in_turn(tmp_path):
    system = FakeSystem({"lvs": [CommandResult(0, "active"), CommandResult(5)]})
    log = RecordingLog()
    volume = Volume(context_for("disk#1", tmp_path, system=system, log=log), {})
    assert [volume.status() for _ in range(3)] == [Status.UP, Status.UNDEF, Status.UNDEF]
    assert system.asked == ["lvs --noheadings vg1"] * 3
    assert log.texts("warning") == ["lvs failed"] * 2 and log.lines[0].fields == {"code": 5}


def test_what_has_no_answer_is_a_missing_program(tmp_path):
    assert FakeSystem().query(["lvs"]).code == 127


def test_the_log_keeps_each_level():
    log = RecordingLog()
    checked: Log = log
    for level in ("debug", "info", "warning", "error"):
        getattr(checked, level)(f"a {level}")
    assert [(line.level, line.text) for line in log.lines] == [(level, f"a {level}") for level in ("debug", "info", "warning", "error")]


def test_processes_are_found_by_environment_and_ended_but_for_those_stuck():
    system = FakeSystem(processes={YOUNG: {"A": "1", "B": "2"}, OLD: {"A": "1"}}, groups={"g": [YOUNG]}, stuck=frozenset({OLD}))
    assert system.find_processes({"A": "1"}) == [OLD, YOUNG]
    assert system.find_processes({"A": "1", "B": "2"}) == [YOUNG]
    system.remove_group("g")
    assert system.group_processes("g") == (YOUNG,)
    assert system.end_processes([OLD, YOUNG], grace=1.0) == [OLD]
    assert system.ended == [YOUNG] and system.group_processes("g") == ()
    system.remove_group("g")
    assert "g" not in system.groups


def test_the_context_says_what_the_test_gives(tmp_path):
    context = context_for("fs#1", tmp_path, service="prod/svc/web", action="start", confirmed_down=frozenset({"n2"}))
    assert context.environment()["OPENSVC_ACTION"] == "start"
    assert context.service.run_dir == tmp_path / "run/namespaces/prod/svc/web"
    assert context.confirmed_down == {"n2"}
    assert context.system.boot_id() and context.system.is_root()


def test_the_node_is_below_the_folder_of_the_test_and_named_in_the_environment(node_below, tmp_path):
    assert node_below.paths.etc == tmp_path / "root" / "etc"
    assert os.environ["OSVC_ROOT_PATH"] == str(tmp_path / "root")
    assert os.environ["OSVC_NODENAME"] == node_below.name


def test_operations_of_a_driver_can_be_taken_one_by_one(tmp_path):
    from opensvc_driver_fs_flag.driver import Flag

    flag = Flag(context_for("fs#1", tmp_path), {})
    (operation,) = flag.start()
    assert isinstance(operation, Call)
    operation.do()
    (found,) = flag.start()
    assert isinstance(found, Already)


def test_the_plugin_imports_nothing_of_the_agent_until_it_is_asked():
    code = "import opensvc_core.testing.plugin, sys; print([name for name in sys.modules if name.startswith('opensvc_core.')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "['opensvc_core.testing', 'opensvc_core.testing.plugin']"
