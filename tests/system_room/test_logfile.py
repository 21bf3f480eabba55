"""Log files that are full are put aside, whoever writes, and nothing that was written since is lost."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from opensvc_core.system.logfile import LIMIT, append, before

FILL = "x" * 99 + "\n"
WRITER = """
import sys
from opensvc_core.system.logfile import append
file, name = sys.argv[1:]
sys.stdin.readline()
for number in range(2000):
    append(file, f"{name} {number} {'y' * 80}\\n")
"""


@pytest.fixture
def full(tmp_path):
    """A log that takes no more."""
    file = tmp_path / "web.log"
    file.write_text(FILL * (LIMIT // len(FILL) + 1))
    return file


def test_a_log_is_made_with_its_folder_for_its_group_to_read(tmp_path):
    file = tmp_path / "log" / "web.log"
    append(file, "one\n")
    append(file, "two\n")
    assert file.read_text() == "one\ntwo\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert not Path(before(file)).exists()


def test_a_full_log_is_put_aside_in_the_place_of_the_one_before(full):
    Path(before(full)).write_text("older\n")
    append(full, "new\n")
    assert full.read_text() == "new\n"
    assert Path(before(full)).stat().st_size >= LIMIT
    assert sorted(full.parent.iterdir()) == [full, Path(before(full))]


def test_a_new_log_may_be_read_by_whom_the_old_one_could(full):
    full.chmod(0o604)
    if os.geteuid() == 0:
        os.chown(full, 65534, 65533)
    expected = full.stat()
    append(full, "new\n")
    found = full.stat()
    assert (found.st_mode, found.st_uid, found.st_gid) == (expected.st_mode, expected.st_uid, expected.st_gid)


def test_a_log_that_can_not_be_put_aside_grows(full):
    Path(before(full)).mkdir()
    size = full.stat().st_size
    append(full, "new\n")
    assert full.stat().st_size == size + 4


def test_of_several_writers_one_puts_it_aside_and_no_line_is_lost(tmp_path):
    file = tmp_path / "web.log"
    file.write_text(FILL * ((LIMIT - 100_000) // len(FILL)))
    command = [sys.executable, "-c", WRITER, str(file)]
    writers = [subprocess.Popen([*command, name], stdin=subprocess.PIPE, text=True) for name in "abcd"]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=280)
        assert writer.returncode == 0
    lines = (Path(before(file)).read_text() + file.read_text()).splitlines()
    found = sorted(tuple(line.split()[:2]) for line in lines if line[0] != "x")
    assert found == sorted((name, str(number)) for name in "abcd" for number in range(2000))
    assert Path(before(file)).stat().st_size > LIMIT - 100_000
    assert file.stat().st_size > 0
