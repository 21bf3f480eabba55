"""Edits as people type them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.config.document import Document
from opensvc_core.config.edits import Edit, apply, parse, remove, sections, split
from opensvc_core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("app=x", Edit("DEFAULT", "app", "=", "x")),
        ("fs#1.mnt=/srv/a=b", Edit("fs#1", "mnt", "=", "/srv/a=b")),
        ("fs#1.mnt@n1.example.com=/srv", Edit("fs#1", "mnt@n1.example.com", "=", "/srv")),
        ("env.a.b=c", Edit("env", "a.b", "=", "c")),
        ("nodes+=n3", Edit("DEFAULT", "nodes", "+=", "n3")),
        ("fs#a.b.tags|=x", Edit("fs#a.b", "tags", "|=", "x")),
        ("tags[0]+=x", Edit("DEFAULT", "tags", "+=", "x", 0)),
        ("subset#container.docker:01.parallel=true", Edit("subset#container.docker:01", "parallel", "=", "true")),
        ("app=", Edit("DEFAULT", "app", "=", "")),
    ],
)
def test_a_setting_is_read(text, edit):
    assert parse(text) == edit


@pytest.mark.parametrize("text", ["", "app", "=x", ".=x", "fs#1.=x", "a[0]-=x", "[0]=x"])
def test_what_is_no_setting_is_told(text):
    with pytest.raises(UsageError):
        parse(text)


@given(st.text())
def test_any_text_is_an_edit_or_a_usage_error(text):
    with suppress(UsageError):
        parse(text)


TEXT = "# top\n[DEFAULT]\nnodes = n1 n2 # two\n\n[fs#1]\ntype = flag\n[fs#2]\ntype = flag\n"


@pytest.mark.parametrize(
    ("setting", "nodes"),
    [
        ("nodes=n3", "n3"),
        ("nodes+=n1", "n1 n2 # two n1"),
        ("nodes|=n1 n3", "n1 n2 # two n3"),
        ("nodes-=n2 n9", "n1 # two"),
        ("nodes[0]+=n0", "n0 n1 n2 # two"),
        ("nodes[1]=n9", "n1 n9 # two"),
    ],
)
def test_words_are_set_added_and_removed(setting, nodes):
    assert apply(Document.parse(TEXT), [parse(setting)]).get("DEFAULT", "nodes") == nodes


def test_a_group_means_all_its_sections():
    changed = apply(Document.parse(TEXT), [parse("fs.disable=true")])
    assert [changed.get(rid, "disable") for rid in ("fs#1", "fs#2")] == ["true", "true"]
    assert remove(changed, ["fs.disable"]).text() == TEXT


def test_a_group_without_sections_is_told():
    with pytest.raises(UsageError, match="app#NAME"):
        sections(Document.parse(TEXT), "app")


def test_a_place_beyond_the_list_is_told():
    with pytest.raises(UsageError, match="none at place 9"):
        apply(Document.parse(TEXT), [parse("nodes[9]=x")])


def test_what_is_not_set_can_not_be_unset():
    with pytest.raises(UsageError, match=r"fs#1.nope is not set"):
        remove(Document.parse(TEXT), ["fs#1.nope"])


def test_all_other_lines_stay():
    changed = apply(Document.parse(TEXT), [parse("fs#2.comment=x"), parse("env.a=b")])
    assert [line for line in changed.text().splitlines() if line not in TEXT.splitlines()] == ["comment = x", "[env]", "a = b"]


def test_a_name_is_split_at_its_last_dot():
    assert split("fs#1.mnt") == ("fs#1", "mnt")
    assert split("app") == ("DEFAULT", "app")
