import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from opensvc_core.errors import ActionRefused, OpensvcError
from opensvc_core.system.files import read_json, read_text, remove, touch, write_atomically, write_json
from opensvc_core.testing.apart import give_back

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes owners and mounts")


def test_a_new_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "web.conf"

    write_atomically(path, "x = é\n")

    assert path.read_bytes() == "x = é\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_an_existing_file_keeps_its_mode(tmp_path):
    path = tmp_path / "f"
    path.write_text("old")
    path.chmod(0o640)

    write_atomically(path, "new")

    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o640)


def test_a_mode_that_is_asked_for_wins(tmp_path):
    path = tmp_path / "f"
    path.write_text("old")

    write_atomically(path, "new", mode=0o600)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@root_only
def test_an_existing_file_keeps_its_owner(tmp_path):
    path = tmp_path / "f"
    path.write_text("old")
    os.chown(path, 65534, 12)

    write_atomically(path, "new")

    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 12)


@pytest.mark.parametrize("has_target", [True, False], ids=["target exists", "dangling"])
def test_a_link_stays_a_link(tmp_path, has_target):
    target, link = tmp_path / "there" / "f", tmp_path / "f"
    target.parent.mkdir()
    if has_target:
        target.write_text("old")
    link.symlink_to("there/f")

    write_atomically(link, "new")

    assert link.is_symlink()
    assert target.read_text() == "new"


def test_bytes_that_are_no_utf8_and_carriage_returns_survive(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"a\r\n\xff\n")

    write_atomically(path, read_text(path))

    assert path.read_bytes() == b"a\r\n\xff\n"


def test_a_directory_in_the_way_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "f").mkdir()

    with pytest.raises(OpensvcError, match=f"cannot write {tmp_path}/f: Is a directory"):
        write_atomically(tmp_path / "f", "x")
    assert list(tmp_path.iterdir()) == [tmp_path / "f"]


def test_missing_rights_are_a_refusal(tmp_path):
    code = f"""
import os, pathlib
from opensvc_core.errors import ActionRefused
from opensvc_core.system.files import write_atomically, remove
if os.geteuid() == 0: os.setuid(65534)
for act in (lambda p: write_atomically(p, "x"), remove):
    try: act(pathlib.Path({str(tmp_path / "locked" / "f")!r}))
    except ActionRefused as exc: print(exc)
"""
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "f").write_text("old")
    folder.chmod(0o555)
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(0o755)

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == f"cannot write {folder}/f: Permission denied\ncannot remove {folder}/f: Permission denied\n"


@root_only
def test_a_full_disk_leaves_the_old_text_and_no_rest(tmp_path):
    code = f"""
import os, pathlib
from opensvc_core.errors import OpensvcError
from opensvc_core.system.files import write_atomically
path = pathlib.Path({str(tmp_path)!r}, "f")
write_atomically(path, "old")
try: write_atomically(path, "x" * 1000000)
except OpensvcError as exc: print(type(exc).__name__, exc)
print(path.read_text(), os.listdir(path.parent))
"""
    script = give_back() + f'mount -t tmpfs -o size=64k none "{tmp_path}" && exec "$0" -c "$1"'

    done = subprocess.run(["unshare", "-m", "sh", "-c", script, sys.executable, code], capture_output=True, text=True, check=False)

    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip(f"no private mount here: {done.stderr}")
    assert done.stdout == f"OpensvcError cannot write {tmp_path}/f: No space left on device\nold ['f']\n", done.stderr


def test_killed_at_any_moment_it_leaves_the_old_text_or_the_new(tmp_path):
    path = tmp_path / "f"
    code = """
import itertools, pathlib, sys
from opensvc_core.system.files import write_atomically
for number in itertools.count():
    write_atomically(pathlib.Path(sys.argv[1]), str(number % 10) * 300000)
"""
    for attempt in range(4):
        writer = subprocess.Popen([sys.executable, "-c", code, str(path)])
        end = time.monotonic() + 30
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(0.011 * attempt)
        writer.send_signal(signal.SIGKILL)
        writer.wait()

        text = path.read_text()

        assert len(text) == 300000
        assert len(set(text)) == 1
        path.unlink()


def test_a_missing_file_has_no_text(tmp_path):
    assert read_text(tmp_path / "no") is None
    assert read_text(tmp_path / "no" / "f") is None
    assert read_json(tmp_path / "no") is None


def test_what_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(OpensvcError, match=r"cannot read .*: Is a directory"):
        read_text(tmp_path)


@pytest.mark.parametrize("is_durable", [True, False])
def test_a_state_file_gives_back_its_value(tmp_path, is_durable):
    write_json(tmp_path / "s", {"a": [1, None, "é"]}, is_durable=is_durable)

    assert read_json(tmp_path / "s") == {"a": [1, None, "é"]}


@pytest.mark.parametrize("data", [b"", b'{"a": ', b"\xff\xfe", b"[" * 100000], ids=["empty", "half", "binary", "deep"])
def test_a_damaged_state_file_counts_as_missing(tmp_path, data):
    (tmp_path / "s").write_bytes(data)

    assert read_json(tmp_path / "s") is None


def test_touch_makes_a_file_and_renews_its_time(tmp_path):
    path = tmp_path / "a" / "flag"
    touch(path)
    os.utime(path, (0, 0))

    touch(path)

    assert time.time() - path.stat().st_mtime < 60


def test_remove_tells_whether_there_was_something(tmp_path):
    touch(tmp_path / "f")

    assert remove(tmp_path / "f")
    assert not remove(tmp_path / "f")
    with pytest.raises(OpensvcError):
        remove(Path("/proc/self/status"))


def test_a_refusal_has_its_exit_code():
    assert ActionRefused("x").exit_code == 5
