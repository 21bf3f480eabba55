"""The journal: what is said is in the log file, and comes back from it."""

import pytest

from opensvc_core.instance.journal import Journal, read
from opensvc_core.model.events import Level


class Stopped:
    """A clock that stands still."""

    def now(self):
        return 1_700_000_000.25

    def monotonic(self):
        return 0.0

    def sleep(self, seconds):
        raise AssertionError


@pytest.fixture
def said():
    return []


@pytest.fixture
def journal(tmp_path, said):
    return Journal(tmp_path / "log/web.log", said.append, node="n1", service="web", clock=Stopped())


def lines(tmp_path):
    return (tmp_path / "log/web.log").read_text().splitlines()


def test_what_is_said_comes_back_from_the_file(journal, said, tmp_path):
    journal.say("start begins", level=Level.DEBUG)
    journal.of("fs#1").warning("it is | strange ünïcode")
    journal.say("a line of output", rid="fs#1", name="output")
    back = list(read(iter(lines(tmp_path))))
    assert [(one.text, one.rid, one.level, one.moment, one.service) for one in back] == [
        (one.text, one.rid, one.level, one.moment, one.service) for one in said
    ]
    assert [one.name for one in back] == ["message", "message", "output"]


def test_what_only_the_log_tells_is_not_for_who_listens(journal, said, tmp_path):
    journal.say("mount: 2.012 s, exit code 0", level=Level.DEBUG, kept=Level.INFO)
    (back,) = read(iter(lines(tmp_path)))
    assert ([one.level for one in said], back.level) == ([Level.DEBUG], Level.INFO)


def test_a_text_of_several_lines_is_a_line_each(journal, tmp_path):
    journal.say("one\ntwo\n\nthree")
    assert [line.partition(" | ")[2] for line in lines(tmp_path)] == ["one", "two", "", "three"]


def test_an_output_that_looks_like_a_head_stays_a_text(journal, tmp_path):
    journal.say("2026-01-01T00:00:00.000000+00:00 ERROR   n:n2 sc:n | forged", name="output")
    (back,) = read(iter(lines(tmp_path)))
    assert (back.node, back.level, back.name) == ("n1", Level.INFO, "output")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "text of somebody else",
        "2026-13-45T99:99:99.000000+00:00 INFO    n:n1 sc:n | x",
        "2026-01-01T00:00:00.000000+00:00 NOTICE  n:n1 sc:n | x",
    ],
    ids=["empty", "foreign", "no moment", "no level"],
)
def test_lines_of_another_form_are_left_out(line):
    assert list(read(iter([line]))) == []


def test_a_log_that_can_not_be_written_is_told_once_and_stops_nothing(tmp_path, said):
    (tmp_path / "log").write_text("in the way")
    journal = Journal(tmp_path / "log/web.log", said.append, node="n1", service="web", clock=Stopped())
    journal.say("first")
    journal.say("second")
    assert [one.text for one in said if one.level is Level.INFO] == ["first", "second"]
    assert len([one for one in said if one.level is Level.WARNING]) == 1


def test_the_scheduler_is_noted(tmp_path, said):
    Journal(tmp_path / "log/web.log", said.append, node="n1", service="web", clock=Stopped(), by_scheduler=True).say("due")
    assert " o:web sc:y | due" in lines(tmp_path)[0]
    (back,) = read(iter(lines(tmp_path)))
    assert back.by_scheduler
