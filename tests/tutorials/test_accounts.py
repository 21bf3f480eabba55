"""Every command of the pages is replayed, as it is or with a reason; how scripts are read and held against a page."""

from pathlib import Path

import pytest
from tutorial import PAGES, Kind, account, adaptations, read
from tutorial.accounts import Account
from tutorial.pages import Page
from tutorial.texts import alike, missing_part, packed

SHOWN = """\
# A page
3 both$ date
5 a1$ om svc1 start
started
7 a2$ cat > file << END
  text
END
9 a2$ cat file
  text
"""


@pytest.fixture
def its(tmp_path, monkeypatch):
    """The account of that page and a script."""
    monkeypatch.setattr("tutorial.pages.HERE", tmp_path)
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "page.page").write_text(SHOWN)

    def make(script: str) -> Account:
        (tmp_path / "script").write_text(script)
        return account(Page("page", "A page", ("a1", "a2"), ("script",)), ["reason"])

    return make


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_replayed_or_has_a_reason(page):
    assert account(page, [*adaptations()]).faults == ()


def test_every_reason_is_given_somewhere():
    given = {key for page in PAGES for script in page.scripts() for step in page.script(script) for key in step.keys}
    assert given == adaptations().keys()


def test_each_script_is_of_a_page():
    assert {path.name for path in Path(__file__).parent.glob("*.steps")} == {name for page in PAGES for name in page.scripts()}


def test_steps_are_read(tmp_path):
    script = tmp_path / "script"
    script.write_text("# remark\n= one two\n7 a2$ cat > file << END\n  text\nEND\na1[5]% om status\nprinted\n\n# remark\na1! off\n")
    first, second, third = read(script)
    assert (first.place, first.node, first.kind, first.text) == (7, "a2", Kind.EXACT, "cat > file << END\n  text\nEND")
    assert (first.keys, first.lines, first.number) == (("one", "two"), (), None)
    assert (second.place, second.kind, second.number, second.keys, second.lines) == (0, Kind.ANY, 5, (), ("printed",))
    assert (third.kind, third.text, third.line) == (Kind.POWER, "off", 10)


def test_what_is_as_the_page_has_it_is_matched_and_what_has_a_reason_adapted(its):
    done = its("3 both$ date\n5 a1$ om svc1 start\n7 a2$ cat > file << END\n  text\nEND\n= reason\n9 a2$ cat file\ntext\n")
    assert done.faults == ()
    assert done.matched == {(3, "a1"), (3, "a2"), (5, "a1"), (7, "a2")}
    assert done.adapted == {(9, "a2"): {"reason"}}


@pytest.mark.parametrize(("steps", "fault"), [
    ("3 a1$ date\n", "line 3 on a2 is in no script"),
    ("4 a1$ date\n", "line 4 has no command on a1"),
    ("5 a2$ om svc1 start\n", "line 5 has no command on a2"),
    ("5 a1$ om svc2 start\n", "script:1: it is not as the page has it, and has no reason"),
    ("5 a1~ om svc1 start\nbegun\n", "script:1: it is not as the page has it, and has no reason"),
    ("5 a1% om svc1 start\n", "script:1: it is not as the page has it, and has no reason"),
    ("5 a1$ om svc1 start\nstarted\n", "script:1: what the page shows stands there once more"),
    ("= reason\n5 a1$ om svc1 start\nstarted\n", "script:2: it is as the page has it, and needs no reason"),
    ("= other\n5 a1$ om svc1 stop\n", "script:2: no such key: other"),
])  # fmt: skip
def test_what_is_wrong_with_a_script_is_told(its, steps, fault):
    assert any(found.endswith(fault) for found in its(steps).faults)


def test_of_a_command_that_is_replayed_twice_what_is_nowhere_as_on_the_page_is_adapted(its):
    twice = "= reason\n5 a1% om svc1 start\n= {}\n5 a1$ om svc1 start\nbegun\n"
    assert its(twice.format("reason other")).adapted == {(5, "a1"): {"reason"}}
    assert its(twice.format("other")).adapted == {(5, "a1"): {"reason", "other"}}
    assert its("= reason\n5 a1% om svc1 start\n5 a1$ om svc1 start\n").adapted == {}


@pytest.mark.parametrize(("one", "other", "is_alike"), [
    ("14:40:06 INFO    A start done in 0:00:00.007657", "01:02:03 INFO    A start done in 0:00:01.000001", True),
    ("14:40:06 INFO    A", "14:40:06 INFO  A", False),
    ("net sender pid 25004 status UP, updated at Jun 19 08:00:57", "net sender pid 7 status UP, updated at Nov  2 18:10:00", True),
    ("net sender pid 25004 status UP, updated at Jun 19 08:00:57", "net sender status DOWN", False),
    ("c37b83887947@opensvc/busybox:date", "de9a91835513@opensvc/busybox:date", True),
    ("id = d74cc963-8f18-4c73-9691-9a833dba2a22", "id = 00000000-1111-2222-3333-444444444444", True),
    ("Thu Jun 19 09:31:56 CEST 2014", "Sun Nov  2 10:00:00 UTC 2026", True),
    (" 15m                            | 0.05", " 15m                            | 8.3", True),
    ("37.59.71.26 availability", "37.59.71.27 availability", False),
])  # fmt: skip
def test_only_what_differs_from_run_to_run_is_made_alike(one, other, is_alike):
    assert (alike([one]) == alike([other])) is is_alike


def test_blanks_are_packed_where_they_do_not_count():
    assert packed("  a   b\n\tc ") == "a b\nc"


def test_parts_are_looked_for_in_lines():
    text = "inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\ninet 10.0.0.2/24"
    assert missing_part(["inet 10.0.0.2/24", "10.0.0.1/24 ... eth0"], text) is None
    assert missing_part(["inet 10.0.0.1/24", "eth0 ... 10.0.0.2"], text) == "eth0 ... 10.0.0.2"
