"""Affected: what an edit may change the findings of."""

import pytest

from opensvc_core.config.affected import affected
from opensvc_core.config.document import Document

FILE = Document.parse(
    "[DEFAULT]\nnodes = n1\n[env]\nbase = /srv\n[fs#1]\ntype = directory\npath = {env.base}/a\n[fs#2]\npath = {fs#1.path}/b\n"
    "[fs#3]\npath = /c\nstart_requires = fs#2\n[app#1]\nstart = <fs#3.path>/run\n[app#2]\nstart = /bin/true\n"
)


@pytest.mark.parametrize(("section", "key", "found"), [
    ("app#2", "start", {"app#2"}),
    ("app#1", "start", {"app#1"}),
    ("fs#3", "path", {"fs#3", "app#1"}),
    ("fs#2", "path", {"fs#2", "fs#3", "app#1"}),
    ("env", "base", {"env", "fs#1", "fs#2", "fs#3", "app#1"}),
    ("env", "more", {"env", "fs#1", "fs#2", "fs#3", "app#1"}),
    ("fs#4", "path", {"fs#4"}),
])  # fmt: skip
def test_an_edit_affects_what_refers_to_it_whatever_the_way_between(section, key, found):
    assert affected(FILE, FILE.set(section, key, "/new")) == found


def test_a_section_that_is_gone_affects_what_needs_it():
    assert affected(FILE, FILE.delete_section("fs#2")) == {"fs#2", "fs#3", "app#1"}


def test_what_describes_a_reservation_is_affected_with_what_asks_for_it():
    document = Document.parse("[disk#1]\nscsireserv = true\n[disk#10]\n[disk#1pr]\noptional = true\n")
    assert affected(document, document.unset("disk#1", "scsireserv")) == {"disk#1", "disk#1pr"}


def test_default_affects_all():
    assert affected(FILE, FILE.set("DEFAULT", "nodes", "n2")) is None


def test_no_edit_affects_nothing():
    assert affected(FILE, FILE) == frozenset()
