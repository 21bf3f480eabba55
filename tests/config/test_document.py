"""What a configuration file says, and edits that leave every other byte as it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from opensvc_core.config.document import Document
from opensvc_core.errors import ConfigError

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> Document:
    return Document.parse((SAMPLES / name).read_text(encoding="utf-8"), older=name.endswith(".env"), path=name)


def everything(document: Document) -> dict[str, dict[str, str]]:
    return {section: document.items(section) for section in document.sections()}


# -- the dialect

VALUES = [
    ("k = v", "v"),
    ("k=v", "v"),
    ("k : v", "v"),
    ("k: c:d", "c:d"),
    ("k=b=c", "b=c"),
    ("k : a=b", "a=b"),
    ("k =", ""),
    ("k = a ; not comment", "a ; not comment"),
    ("k = a # not comment", "a # not comment"),
    ('k = "quoted"', '"quoted"'),
    ("k = 'a", "'a"),
    ("k = é « x »", "é « x »"),
    ("   k = indented", "indented"),
    ("k : p1\n p2\n\tp3", "p1\np2\np3"),
    ("k = c1\n\n  c2\n\n", "c1\n\nc2"),
    ("k = c1\n  # dropped\n  c2\n; dropped\n  c3", "c1\nc2\nc3"),
    ("k =\n a\n b", "a\nb"),
    ("k = a\n [not a header]", "a\n[not a header]"),
    ("k = a\n x = y", "a\nx = y"),
    ("  k = a\n  j = b", "a"),
    ("    k = a\n  j = b", "a"),
    ("k = 1\nk = 2", "2"),
    ("k = 1\n[other]\nk = 3\n[s]\nk = 2", "2"),
    ("k = a,b", "a,b"),
    ("k = '''a", "'''a"),
    ("k = {#nodes} x", "{#nodes} x"),
]


@pytest.mark.parametrize(("lines", "value"), VALUES, ids=[lines for lines, _ in VALUES])
def test_a_key_has_the_value(lines, value):
    assert Document.parse(f"[s]\n{lines}\n").get("s", "k") == value


OLDER = [
    ("k = v\t\t# comment", "v"),
    ("k=v #comment", "v"),
    ("k = v# text", "v# text"),
    ("k = # comment", ""),
    ("k =# text", "# text"),
    ("k = fs#1", "fs#1"),
    ("k = v ; text", "v ; text"),
    ('k = "a # b" # comment', '"a # b"'),
    ("k = 'a # b' c # it's", "'a # b' c"),
    ("k = it's # isn't it", "it's"),
    ("k = --x='a # b'", "--x='a # b'"),
    ("k = 'unclosed # comment", "'unclosed"),
    ("k = a # one\n  b # two", "a\nb"),
]


@pytest.mark.parametrize(("lines", "value"), OLDER, ids=[lines for lines, _ in OLDER])
def test_in_an_older_file_a_key_has_the_value(lines, value):
    assert Document.parse(f"[s]\t# section\n{lines}\n", older=True).get("s", "k") == value


@pytest.mark.parametrize(("lines", "value"), OLDER, ids=[lines for lines, _ in OLDER])
def test_in_an_older_section_a_key_has_the_value(lines, value):
    assert Document.parse(f"[vg#0]\n{lines}\n").get("vg#0", "k") == value


REFUSED = [
    ("k = v", 1, "header"),
    ("# c\n\nk = v\n[s]", 3, "header"),
    ("text", 1, "header"),
    ("[s]\nk", 2, "KEY = VALUE"),
    ("[s]\n= v", 2, "missing"),
    ("[s]\n\n : v", 3, "missing"),
    ("[s", 1, r"\[NAME\]"),
    ("[]", 1, r"\[NAME\]"),
]


@pytest.mark.parametrize(("text", "line", "message"), REFUSED, ids=[text for text, _, _ in REFUSED])
def test_a_text_is_refused_with_its_line(text, line, message):
    with pytest.raises(ConfigError, match=message) as caught:
        Document.parse(text, path="/etc/x.conf")
    assert (caught.value.path, caught.value.line) == ("/etc/x.conf", line)


def test_sections_have_their_exact_names():
    document = Document.parse("[DEFAULT]\na = 1\n[default]\n[ fs#sp ]\n[vg#0]\t# comment\n[DEFAULT]\nb = 2\n")
    assert document.sections() == ["DEFAULT", "default", " fs#sp ", "vg#0"]
    assert document.items("DEFAULT") == {"a": "1", "b": "2"}
    assert document.keys("DEFAULT") == ["a", "b"]
    assert document.has_section("default")
    assert not document.has_section("fs#sp")
    assert document.get("none", "a") is None
    assert document.items("none") == {}


def test_lines_are_counted_from_one():
    document = Document.parse("# c\n[s]\nk = 1\nl = 2\n  2b\nk = 3\n")
    assert document.line_of("s") == 2
    assert document.line_of("s", "l") == 4
    assert document.line_of("s", "k") == 6
    assert document.line_of("s", "none") is None
    assert document.line_of("none") is None


def test_duplicates_are_told():
    document = Document.parse("[s]\nk = 1\n[t]\nk = 1\n[s]\nk = 2\nk = 3\n")
    assert document.duplicates() == [("s", "k", 6), ("s", "k", 7)]


def test_what_is_doubtful_is_told():
    document = Document.parse("[s] junk\nk = v # c\nl = 'a # b'\nm = v ; c\n[vg#0] # fine\nn = v # fine\n")
    assert [(remark.section, remark.key, remark.line) for remark in document.remarks()] == [("s", "", 1), ("s", "k", 2), ("s", "m", 4)]


def test_configobj_holds_the_values_as_they_are():
    document = Document.parse("[s]\nk = a, 'b' # {#x} %(y)s $z\nl : '''\n[t]\nk = 1\n  2\n")
    values = document.values()
    assert values["s"]["k"] == "a, 'b' # {#x} %(y)s $z"
    assert {name: dict(section) for name, section in values.items()} == everything(document)
    assert document.values() is values


def test_an_empty_file_says_nothing():
    assert everything(Document.parse("")) == {}
    assert everything(Document.parse("\ufeff\n# c\n")) == {}


# -- the files of the tutorials


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_a_tutorials_file_is_kept_byte_for_byte(name):
    text = (SAMPLES / name).read_text(encoding="utf-8")
    assert sample(name).text() == text
    assert sample(name).duplicates() == []


def test_the_first_tutorials_file_with_its_comments():
    document = sample("p26.opensvc.com.env")
    assert everything(document) == {
        "DEFAULT": {"app": "MyApp", "service_type": "TST", "autostart_node": "sles1", "nodes": "sles1 sles2", "mode": "hosted"},
        "ip#0": {"ipname": "p26.opensvc.com", "disable": "False", "optional": "False", "ipdev": "eth0"},
        "vg#0": {"vgname": "vgsvc1"},
        "fs#0": {"type": "ext3", "disable": "False", "mnt": "/svc1/app", "optional": "False", "dev": "/dev/mapper/vgsvc1-lvappsvc1"},
        "fs#1": {"type": "ext3", "disable": "False", "mnt": "/svc1/data", "optional": "False", "dev": "/dev/mapper/vgsvc1-lvdatasvc1"},
    }
    assert "« hostname »" in document.text().replace("\xa0", " ")


def test_the_second_tutorials_file_with_its_comments():
    document = sample("p26-spaces.env")
    assert document.items("vg#0") == {"vgname": "vgsvc1"}
    assert document.get("DEFAULT", "autostart_node") == "node1"
    assert document.sections() == ["DEFAULT", "ip#0", "vg#0", "fs#0", "fs#1"]


def test_the_docker_tutorials_files():
    registry, busybox = sample("registry.opensvc.com.env"), sample("busybox.opensvc.com.env")
    run_args = "-v /opt/registry.opensvc.com/registrydata:/registrydata -e STORAGE_PATH=/registrydata -p 5000:5000"
    assert registry.get("container#1", "run_args") == run_args
    assert registry.get("DEFAULT", "docker_daemon_args") == "--ip 37.59.71.25"
    assert registry.sections() == ["DEFAULT", "container#1", "ip#1", "vg#1", "fs#1", "fs#2", "fs#3"]
    assert busybox.get("subset#container.docker:01appservers", "parallel") == "true"
    assert len(busybox.sections()) == 14


def test_the_newest_tutorials_file():
    document = sample("svc1.conf")
    assert document.get("disk#1", "vg") == "{disk#0.name}"
    assert document.get("fs#data", "mnt") == "/{name}/{disk#2.name}"


def test_a_comment_behind_a_value_stays_when_it_is_set():
    document = sample("p26.opensvc.com.env")
    changed = document.set("DEFAULT", "autostart_node", "sles2")
    assert changed.text() == document.text().replace("autostart_node = sles1\t", "autostart_node = sles2\t")


# -- edits

EDITS = [
    ("set keeps the spacing", "[s]\nk  =  1\nl=2\n", ("set", "s", "k", "3"), "[s]\nk  =  3\nl=2\n"),
    ("set keeps a colon", "[s]\nk: 1\n", ("set", "s", "k", "3"), "[s]\nk: 3\n"),
    ("set fills an empty value", "[s]\nk =\nl=\n", ("set", "s", "k", "3"), "[s]\nk = 3\nl=\n"),
    ("set fills a tight empty value", "[s]\nk=\n", ("set", "s", "k", "3"), "[s]\nk=3\n"),
    ("set empties", "[s]\nk = 1\n", ("set", "s", "k", ""), "[s]\nk = \n"),
    ("set changes the definition that counts", "[s]\nk=1\nk=2\n", ("set", "s", "k", "3"), "[s]\nk=1\nk=3\n"),
    ("set takes several lines", "[s]\n  k = 1\n  l = 2\n", ("set", "s", "k", "a\nb\n\nc"), "[s]\n  k = a\n  \tb\n\n  \tc\n  l = 2\n"),
    ("set shortens several lines", "[s]\nk = a\n b\n # c\n d\n\nl = 1\n", ("set", "s", "k", "x"), "[s]\nk = x\n # c\n\nl = 1\n"),
    ("set of the same value is nothing", "[s]\nk =   a\n     b\n", ("set", "s", "k", "a\nb"), "[s]\nk =   a\n     b\n"),
    ("set strips", "[s]\nk = 1\n", ("set", "s", "k", "  2 \n"), "[s]\nk = 2\n"),
    ("a new key follows the last one", "[s]\nk = 1\n  2\n\n# t\n[t]\n", ("set", "s", "l", "3"), "[s]\nk = 1\n  2\nl = 3\n\n# t\n[t]\n"),
    ("a new key is indented like the last one", "[s]\n  k = 1\n", ("set", "s", "l", "3"), "[s]\n  k = 1\n  l = 3\n"),
    ("a new key in an empty section", "[s]\n# c\n[t]\n", ("set", "s", "k", "v"), "[s]\nk = v\n# c\n[t]\n"),
    ("a new key in a parted section", "[s]\na=1\n[t]\n[s]\nb=2\n", ("set", "s", "c", "3"), "[s]\na=1\n[t]\n[s]\nb=2\nc = 3\n"),
    ("a new key in a new section", "[s]\nk = 1\n", ("set", "t", "l", "2"), "[s]\nk = 1\n\n[t]\nl = 2\n"),
    ("a new key in an empty file", "", ("set", "DEFAULT", "id", "1"), "[DEFAULT]\nid = 1\n"),
    ("a scope is part of the key", "[s]\nk = 1\n", ("set", "s", "k@n1", "2"), "[s]\nk = 1\nk@n1 = 2\n"),
    ("windows line ends stay", "[s]\r\nk = 1\r\n", ("set", "s", "k", "a\nb"), "[s]\r\nk = a\r\n\tb\r\n"),
    ("windows line ends of new keys", "[s]\r\nk = 1\r\n", ("set", "t", "l", "2"), "[s]\r\nk = 1\r\n\r\n[t]\r\nl = 2\r\n"),
    ("no newline at the end stays so", "[s]\nk = 1", ("set", "s", "k", "2"), "[s]\nk = 2"),
    ("no newline at the end and a new key", "[s]\r\nk = 1", ("set", "s", "l", "2"), "[s]\r\nk = 1\r\nl = 2"),
    ("a byte order mark stays", "\ufeff[s]\nk = 1\n", ("set", "s", "k", "2"), "\ufeff[s]\nk = 2\n"),
    ("unset takes all definitions out", "[s]\nk=1\nl=2\nk=3\n 4\n", ("unset", "s", "k"), "[s]\nl=2\n"),
    ("unset keeps comments", "[s]\n# a\nk = 1\n # b\n 2\n# c\n", ("unset", "s", "k"), "[s]\n# a\n # b\n# c\n"),
    ("unset of nothing is nothing", "[s]\nk=1\n", ("unset", "s", "l"), "[s]\nk=1\n"),
    ("a section is added at the end", "[s]\nk=1\n\n", ("add_section", "t"), "[s]\nk=1\n\n[t]\n"),
    ("a section that exists is not added", "[s]\n", ("add_section", "s"), "[s]\n"),
    ("a section is deleted", "[s]\na=1\n\n[t]\n# t\nb=2\n\n# u\n[u]\n", ("delete_section", "t"), "[s]\na=1\n\n# u\n[u]\n"),
    ("the last section is deleted", "[s]\na=1\n\n[t]\nb=2\n# old\n", ("delete_section", "t"), "[s]\na=1\n"),
    ("a parted section is deleted", "[t]\na=1\n\n[s]\nb=2\n\n[t]\nc=3\n", ("delete_section", "t"), "[s]\nb=2\n"),
    ("a section that is not there is not deleted", "[s]\n", ("delete_section", "t"), "[s]\n"),
    ("the first section is deleted behind its mark", "\ufeff[s]\na=1\n[t]\n", ("delete_section", "s"), "\ufeff[t]\n"),
]


@pytest.mark.parametrize(("before", "edit", "after"), [case[1:] for case in EDITS], ids=[case[0] for case in EDITS])
def test_edit(before, edit, after):
    document = Document.parse(before, path="p")
    changed = getattr(document, edit[0])(*edit[1:])
    assert changed.text() == after
    assert changed.path == "p"
    assert document.text() == before


OLDER_EDITS = [
    ("k = v\t# c", "w", "k = w\t# c"),
    ("k =\t# c", "w", "k = w\t# c"),
    ("k = v # c", "'a", "k = 'a # c"),
    ("k = v # it's", "x 'y", "k = x 'y"),
    ("k = v # c", "'a # b'", "k = 'a # b' # c"),
    ("k = v # c", "a\nb", "k = a # c\n\tb"),
]


@pytest.mark.parametrize(("before", "value", "after"), OLDER_EDITS, ids=[value for _, value, _ in OLDER_EDITS])
def test_an_older_comment_is_kept_where_the_value_allows(before, value, after):
    changed = Document.parse(f"[s]\n{before}\n", older=True).set("s", "k", value)
    assert changed.text() == f"[s]\n{after}\n"
    assert changed.get("s", "k") == value


REFUSED_EDITS = [
    ("set", "s", "k", "a\n# b"),
    ("set", "s", "k", "a\n  b"),
    ("set", "s", "k", "a \nb"),
    ("set", "vg#0", "k", "a # b"),
    ("set", "s", "a=b", "v"),
    ("set", "s", "", "v"),
    ("set", "s", " k", "v"),
    ("set", "s", "#k", "v"),
    ("set", "s", "[k", "v"),
    ("set", "s", "a\nb", "v"),
    ("set", "a]b", "k", "v"),
    ("add_section", ""),
    ("add_section", "a\nb"),
    ("add_section", "a]b"),
]


@pytest.mark.parametrize("edit", REFUSED_EDITS, ids=repr)
def test_an_edit_that_could_not_be_read_back_is_refused(edit):
    document = Document.parse("[s]\nk = v\n[vg#0]\nk = v\n")
    with pytest.raises(ConfigError):
        getattr(document, edit[0])(*edit[1:])


def test_an_edit_that_would_change_the_meaning_of_other_lines_is_refused():
    document = Document.parse("[a]\nk = 1\n[b]\n        l = 1\n    [c]\n")
    with pytest.raises(ConfigError, match="meaning of other lines"):
        document.delete_section("b")


# -- properties

texts = st.lists(
    st.sampled_from(
        ["[s]", "[t]", "[vg#0]", "  [s]", "k = v", "l: a # b", "  m=", "\tx", "  x # y", "# c", "  ; c", "", "  ", "n = 'q # r' # z", "k=2"]
    ),
    max_size=14,
)
documents = st.builds(
    lambda lines, newline, bom, end: bom + newline.join(["[s]", *lines]) + (newline if end else ""),
    texts,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
    st.booleans(),
)
values = st.text(max_size=20) | st.lists(st.sampled_from(["a", "b c", "'", '"', "#", " # ", "\n", "=", ";", "[x]", "é"])).map("".join)


def parsed(text: str, *, older: bool) -> Document:
    try:
        return Document.parse(text, older=older)
    except ConfigError:
        assume(False)
        raise


@given(st.text() | documents, st.booleans())
def test_a_text_that_parses_is_kept(text, older):
    try:
        document = Document.parse(text, older=older)
    except ConfigError as error:
        assert error.line
    else:
        assert document.text() == text
        document.remarks()


@given(documents, st.booleans(), st.sampled_from(["s", "t", "vg#0", "new"]), st.sampled_from(["k", "m", "new", "x@n1"]), values)
def test_what_is_set_is_got_and_all_else_stays(text, older, section, key, value):
    document = parsed(text, older=older)
    try:
        changed = document.set(section, key, value)
    except ConfigError:
        return
    assert changed.get(section, key) == value.strip()
    expected = everything(document)
    expected.setdefault(section, {})[key] = value.strip()
    assert everything(changed) == expected
    assert_only_these_lines_differ(document, changed, section, key)


def assert_only_these_lines_differ(document: Document, changed: Document, section: str, key: str) -> None:
    """The lines before the key's last definition, or before its new place, stay; so do comments, in their order."""
    before, after = (re.split(r"\r?\n", one.text()) for one in (document, changed))
    first = (changed.line_of(section, key) or 1) - 1
    if document.get(section, key) is None:
        first = min(first, (changed.line_of(section) or 1) - 1)
    assert after[: min(first, len(before))] == before[: min(first, len(before))]
    comments = [line for line in before if line.strip().startswith(("#", ";"))]
    assert [line for line in after if line.strip().startswith(("#", ";"))] == comments


@given(documents, st.booleans(), st.sampled_from(["s", "t", "vg#0"]), st.sampled_from(["k", "l", "m", "n"]))
def test_what_is_unset_is_gone_and_all_else_stays(text, older, section, key):
    document = parsed(text, older=older)
    try:
        changed = document.unset(section, key)
    except ConfigError:
        return
    expected = everything(document)
    expected.get(section, {}).pop(key, None)
    assert everything(changed) == expected


@given(documents, st.booleans(), st.sampled_from(["s", "t", "vg#0"]))
def test_a_deleted_section_is_gone_and_all_else_stays(text, older, section):
    document = parsed(text, older=older)
    try:
        changed = document.delete_section(section)
    except ConfigError:
        return
    assert everything(changed) == {name: items for name, items in everything(document).items() if name != section}


@given(documents)
def test_a_key_that_is_set_and_unset_leaves_no_trace(text):
    document = parsed(text, older=False)
    try:
        changed = document.set("s", "new", "v")
    except ConfigError:
        return
    assert changed.unset("s", "new").text().rstrip("\r\n") == text.rstrip("\r\n")


@given(st.text(max_size=10), st.text(max_size=10), st.text(max_size=20))
def test_no_name_or_value_makes_anything_but_a_refusal(section, key, value):
    document = Document.parse("[s]\nk = v\n")
    try:
        changed = document.set(section, key, value)
    except ConfigError:
        return
    assert changed.get(section, key) == value.strip()


@pytest.mark.parametrize(
    "text",
    ["secret = hush-hush\n", "[cluster]\nsecret hush-hush\n", "[cluster]\nsecret = some\nhush-hush\n", "[stonith#n1]\npasswd hush-hush\n"],
)
def test_a_line_that_can_t_be_read_shows_no_secret(text):
    with pytest.raises(ConfigError) as caught:
        Document.parse(text)
    assert "a value that is not shown" in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_a_secret_that_can_t_be_written_is_not_shown():
    with pytest.raises(ConfigError, match="a value that is not shown can't be written") as caught:
        Document.parse("[cluster]\nnodes = n1\n").set("cluster", "secret", "one\n  #hush-hush")
    assert "hush-hush" not in str(caught.value)


def test_a_document_is_made_of_sections():
    made = Document.of({"fs#1": {"type": "directory", "path": " /srv "}, "DEFAULT": {"nodes": "n1 n2"}})
    assert made.text() == "[DEFAULT]\nnodes = n1 n2\n\n[fs#1]\ntype = directory\npath = /srv\n"
    assert Document.parse(made.text()).sections() == ["DEFAULT", "fs#1"]


def test_what_could_not_be_read_back_makes_no_document():
    with pytest.raises(ConfigError, match="can't be written"):
        Document.of({"env": {"key": "one\n  #two"}})
