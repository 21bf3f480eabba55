"""The driver fs.flag."""

import pytest
from opensvc_driver_fs_flag.driver import Flag
from opensvc_driver_fs_flag.testing import Promises

from opensvc_core.api import Already, Call, Status
from opensvc_core.testing.fakes import FakeSystem, context_for


class TestConformance(Promises):
    pass


@pytest.fixture
def flag(tmp_path):
    return Flag(context_for("fs#1", tmp_path), {})


def rebooted(tmp_path):
    return Flag(context_for("fs#1", tmp_path, system=FakeSystem(boot="another")), {})


def carry_out(operations):
    for operation in operations:
        if isinstance(operation, Call):
            operation.do()


def test_a_flag_is_forgotten_at_a_reboot(flag, tmp_path):
    carry_out(flag.start())
    assert flag.status() is Status.UP
    assert rebooted(tmp_path).status() is Status.DOWN


def test_a_flag_of_an_earlier_boot_is_set_anew(flag, tmp_path):
    carry_out(flag.start())
    again = rebooted(tmp_path)
    carry_out(again.start())
    assert again.status() is Status.UP


def test_a_stop_clears_a_flag_of_an_earlier_boot(flag, tmp_path):
    carry_out(flag.start())
    carry_out(rebooted(tmp_path).stop())
    assert not flag.file.exists()


def test_flags_of_two_resources_are_two(flag, tmp_path):
    carry_out(flag.start())
    assert Flag(context_for("fs#2", tmp_path), {}).status() is Status.DOWN


def test_its_plan_shows_the_command_that_would_do_the_same(flag):
    (operation,) = flag.start()
    assert str(operation) == f"touch {flag.file}"
    assert str(operation.undo) == f"rm -f {flag.file}"


def test_there_is_nothing_to_provision(flag):
    assert flag.is_provisioned()


def test_it_says_what_it_found(flag):
    (found,) = flag.stop()
    assert isinstance(found, Already) and str(found) == "fs.flag is already down"
