"""What outlives the daemon."""

from opensvc_daemon.monitor.kept import FILE, Kept, read, write
from opensvc_daemon.orchestration.view import InstanceView

from opensvc_core.api import Status

from .test_telling import REQUEST

INSTANCE = InstanceView(Status.UP, expects_up=True, served="1234", last_start=9.5, request=REQUEST, named=("n1", "n2"))


def test_what_is_kept_is_read_again(tmp_path):
    write(tmp_path / "svc1", Kept.of(INSTANCE, "boot1"))
    assert read(tmp_path / "svc1", "boot1") == Kept(
        expects_up=True, served="1234", last_start=9.5, request=REQUEST, boot="boot1", named=("n1", "n2")
    )


def test_that_it_was_up_says_nothing_after_a_boot(tmp_path):
    write(tmp_path, Kept.of(INSTANCE, "boot1"))
    found = read(tmp_path, "boot2")
    assert found.expects_up is False
    assert found.request == REQUEST


def test_a_damaged_file_is_as_good_as_none(tmp_path):
    assert read(tmp_path, "boot1") == Kept()
    (tmp_path / FILE).write_text("{")
    assert read(tmp_path, "boot1") == Kept()


def test_nothing_is_left_of_a_write_that_failed(tmp_path):
    (tmp_path / FILE).mkdir()
    try:
        write(tmp_path, Kept())
    except OSError:
        assert [file.name for file in tmp_path.iterdir()] == [FILE]
    else:
        raise AssertionError("a folder was replaced by a file")


def test_what_was_up_in_an_earlier_boot_may_have_left_something_until_it_is_started_or_stopped(tmp_path):
    write(tmp_path, Kept(expects_up=True, boot="boot1"))
    after = read(tmp_path, "boot2")
    assert (after.expects_up, after.is_left) == (False, True)
    write(tmp_path, after)
    assert read(tmp_path, "boot3").is_left
    write(tmp_path, after._replace(is_left=False))
    assert not read(tmp_path, "boot3").is_left
