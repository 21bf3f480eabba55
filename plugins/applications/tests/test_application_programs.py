import os

import pytest
from opensvc_applications import programs


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "weblauncher"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def problem(program, search="/usr/bin:/bin"):
    return programs.problem(str(program), search=search, cwd="/")


def test_an_executable_script_has_no_problem(script):
    assert problem(script) == ""


def test_a_program_is_looked_for_in_the_path():
    assert problem("sh") == ""


def test_a_program_that_no_folder_has(tmp_path):
    assert problem("weblauncher", str(tmp_path)) == f"weblauncher: not found in {tmp_path}; install it, or correct the command"


def test_a_missing_script(tmp_path):
    assert problem(tmp_path / "none").startswith(f"{tmp_path}/none: not found; ")


def test_a_script_that_is_not_executable(script):
    script.chmod(0o644)
    assert problem(script) == f"{script}: not executable; chmod +x it"


def test_a_directory(tmp_path):
    assert problem(tmp_path) == f"{tmp_path}: is a directory"


@pytest.mark.parametrize("first", ["#!/no/such/shell\n", "#! /bin/sh\r\n"], ids=["missing", "carriage return"])
def test_an_interpreter_that_does_not_exist(script, first):
    script.write_text(first)
    assert f"{script}: its first line names " in problem(script)


def test_a_path_is_relative_to_the_directory_of_the_command(script):
    assert programs.locate("./weblauncher", search="", cwd=str(script.parent)) == script


def test_the_owner_of_what_is_root_s_is_nobody_in_particular():
    assert programs.owner(None) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: gives a file away")
def test_the_owner_of_a_script(script):
    os.chown(script, 65534, -1)
    assert programs.owner(script) == "nobody"
