"""The page about the language says what the code does: each example is computed."""

import json
import re
from pathlib import Path

import pytest

from opensvc_core import Node
from opensvc_core.config import converters
from opensvc_core.config.converters import print_value
from opensvc_core.config.document import Document
from opensvc_core.config.edits import apply, parse
from opensvc_core.config.service import ServiceConfig
from opensvc_core.errors import ConfigError
from opensvc_core.model.names import ServicePath

PAGE = (Path(__file__).parents[2] / "docs/reference/language.md").read_text("utf-8")
FILES = dict(re.findall(r"^```ini (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
FOLDERS = {"etc": "/etc/opensvc", "var": "/var/lib/opensvc"}
SCOPED = "[DEFAULT]\nnodes = n1 n2\ndrpnodes = d1 d2\nencapnodes = e1\nflex_primary = n2\n"
# How the page calls a converter, which one that is, and what prints its values.
KINDS = {
    "integer": (converters.integer, print_value),
    "boolean": (converters.boolean, print_value),
    "tristate": (converters.tristate, print_value),
    "octal": (converters.octal, converters.print_octal),
    "words": (converters.words, print_value),
    "words in lower case": (converters.words_lower, print_value),
    "set of words": (converters.word_set, print_value),
    "words between commas": (converters.comma_words, converters.print_comma_words),
    "shell words": (converters.shell_words, converters.print_shell_words),
    "expanded shell words": (converters.expanded_shell_words, converters.print_shell_words),
    "size": (converters.size, converters.print_size),
    "duration": (converters.duration, print_value),
    "duration in minutes": (converters.duration_minutes, print_value),
    "speed": (converters.speed, print_value),
    "schedule": (converters.schedule_text, print_value),
}


def codes(cell):
    """The examples of a cell: what stands between its backticks; a cell without any, or `(none)`, is one empty example."""
    found = [one or other for one, other in re.findall(r"`` (.+?) ``|`([^`]+)`|\(none\)", cell.replace("\\|", "|"))]
    return [text.replace("⏎", "\n").replace("⇥", "\t") for text in found] or [""]


def rows(*header):
    """The rows of all tables with this header, as lists of cells."""
    head = re.escape(f"| {' | '.join(header)} |")
    pattern = rf"^{head}\n\| ---.*\n((?:\|.*\n)+)"
    lines = [line for table in re.findall(pattern, PAGE, re.MULTILINE) for line in table.splitlines()]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def examples(*header):
    """Rows with one example in each cell, all cells of a row parted at the same time; a lone value belongs to each example."""
    found = []
    for cells in map(list, rows(*header)):
        parted = [codes(cell) for cell in cells]
        count = max(map(len, parted))
        assert {len(cell) for cell in parted} <= {1, count}, cells
        found += zip(*(cell * (count // len(cell)) for cell in parted), strict=True)
    return found


def named(found):
    return pytest.mark.parametrize("example", found, ids=[" → ".join(one)[:80].replace("\n", "⏎") for one in found])


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """The node of the page, n1, with its file and that of the cluster."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "etc").mkdir()
    for name in ("node.conf", "cluster.conf"):
        (folder / "etc" / name).write_text(FILES[name], "utf-8")
    return Node(root=folder, nodename="n1")


@pytest.fixture
def configured(node):
    """The configuration that a text is, as a service and for a node."""

    def configured(text, service="svc1", nodename="n1"):
        path = ServicePath.parse(service)
        return ServiceConfig(Document.parse(text), node.world(path, nodename), node.registry.driver)

    return configured


@pytest.fixture
def written(configured, node):
    """The configuration of the page with one more key in `[env]`, and the text that this comes to."""

    def written(text, service="svc1"):
        config = configured(f"{FILES['svc1.conf']}value = {text}\n", service)
        found = config.text("env", "value")
        for name, folder in FOLDERS.items():
            found = found.replace(f"{node.paths.etc.parent}/{name}", folder)
        return found, config.unresolved("env", "value")

    return written


def printed(config, name):
    section, _, key = name.rpartition(".")
    return print_value(config.value(section, config.declared(section)[key]))


def test_every_table_of_the_page_is_computed():
    known = {
        ("the file", "`k` in section `s`"),
        ("the file, as `.env`", "`k` in section `s`"),
        ("the file", "because"),
        ("written", "comes to"),
        ("service", "written", "comes to"),
        ("written",),
        ("written", "reported"),
        ("written", "because"),
        ("keyword", "the file says", "n1", "n2", "d1", "d2", "e1", "others"),
        ("`nodes`", "are"),
        ("`[DEFAULT]` says", "the section says", "keyword", "is"),
        ("kind", "written", "is", "printed"),
        ("setting", "`tags` is then"),
    }
    headers = re.findall(r"^\| (.+) \|\n\| ---", PAGE, re.MULTILINE)
    assert {tuple(header.split(" | ")) for header in headers} == known
    assert all(rows(*header) for header in known)
    assert set(KINDS) == {row[0] for row in rows("kind", "written", "is", "printed")}


@named(examples("the file", "`k` in section `s`"))
def test_a_file_is_read(example):
    text, value = example
    assert Document.parse(text).get("s", "k") == value


@named(examples("the file, as `.env`", "`k` in section `s`"))
def test_an_older_file_is_read(example):
    text, value = example
    assert Document.parse(text, older=True).get("s", "k") == value


@named(examples("the file", "because"))
def test_what_is_no_file_is_refused(example):
    text, reason = example
    with pytest.raises(ConfigError) as caught:
        Document.parse(text, path="svc1.conf")
    assert reason in str(caught.value)


@named(examples("written", "comes to"))
def test_a_text_comes_to(written, example):
    text, value = example
    assert written(text) == (value, ())


@named(examples("service", "written", "comes to"))
def test_a_text_comes_to_what_its_service_makes_of_it(written, example):
    service, text, value = example
    assert written(text, service) == (value, ())


@named(examples("written"))
def test_what_is_no_reference_stays(written, example):
    assert written(example[0]) == (example[0], ())


@named(examples("written", "reported"))
def test_what_names_nothing_stays_and_is_reported(written, example):
    text, name = example
    assert written(text) == (text, (name,))


@named(examples("written", "because"))
def test_a_text_is_refused(written, example):
    text, reason = example
    with pytest.raises(ConfigError, match=re.escape(reason)) as caught:
        written(text)
    assert "\n" not in str(caught.value)


@named(examples("keyword", "the file says", "n1", "n2", "d1", "d2", "e1", "others"))
def test_a_node_sees_its_scopes(configured, example):
    name, text, *values = example
    text = SCOPED + text.replace("[app#1]", "[app#1]\ntype = simple")
    assert [printed(configured(text, nodename=nodename), name) for nodename in ("n1", "n2", "d1", "d2", "e1", "other")] == values


@named(examples("`nodes`", "are"))
def test_nodes_are_chosen(configured, example):
    text, nodes = example
    assert configured(f"[DEFAULT]\nnodes = {text}\n").service.nodes == nodes.split()


@named(examples("`[DEFAULT]` says", "the section says", "keyword", "is"))
def test_a_section_inherits(configured, example):
    default, section, name, value = example
    section = section.replace("[app#1]", "[app#1]\ntype = simple").replace("[task#1]", "[task#1]\ntype = host")
    assert printed(configured(f"[DEFAULT]\n{default}\n{section}\n"), name) == value


def values():
    """The examples of the table of values: kind, text, value or None where it is refused, text that is printed."""
    for kind, *cells in rows("kind", "written", "is", "printed"):
        texts, found, shown = map(codes, cells)
        for number, text in enumerate(texts):
            is_refused = cells[1] == "refused"
            yield kind, text, None if is_refused else found[number % len(found)], shown[number % len(shown)]


@pytest.mark.parametrize(("kind", "text", "value", "shown"), list(values()))
def test_a_value_is_read_and_printed(kind, text, value, shown):
    convert, to_text = KINDS[kind]
    if value is None:
        with pytest.raises(ValueError, match=r"allowed:|schedule|no "):
            convert(text)
        return
    found = convert(text)
    assert json.dumps(sorted(found) if isinstance(found, frozenset) else found, ensure_ascii=False) == value
    assert to_text(found) == shown
    assert convert(shown) == found


@named(examples("setting", "`tags` is then"))
def test_a_setting_edits(example):
    setting, value = example
    assert apply(Document.parse("[DEFAULT]\ntags = a b a\n"), [parse(setting)]).get("DEFAULT", "tags") == value
