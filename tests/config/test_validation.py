"""Findings: what, where, and the way out."""

import pytest

from opensvc_core.config.converters import boolean, duration, text
from opensvc_core.config.document import Document
from opensvc_core.config.findings import Severity
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.service import ServiceConfig, World
from opensvc_core.config.validation import validate, validate_node
from opensvc_core.errors import DriverUnavailable
from opensvc_core.model.names import ServicePath


class Program(Declares):
    """A driver's words, for these tests."""

    start = Keyword(text, required=True, scopable=True, text="The command.")
    timeout = Keyword(duration, text="")
    level = Keyword(text, candidates=("low", "high"), aliases=("grade",), text="")
    once = Keyword(boolean, default=False, text="")


def driver(name):
    if name != "app.program":
        raise DriverUnavailable(f"no installed plugin provides {name}")
    return Program


def findings(source, check=validate, older=False):
    document = Document.parse(source, older=older, path="svc1.conf")
    return check(ServiceConfig(document, World(node="n1", path=ServicePath("svc1")), driver))


GOOD = (
    "[DEFAULT]\napp = x\ntimeout = 5m\n[env]\na = b\n[app#1]\ntype = program\nstart = /bin/x {env.a}\nstart@n2 = y\n"
    "[subset#app:s]\nparallel = true\n"
)


def test_a_good_file_has_none():
    assert findings(GOOD) == []


@pytest.mark.parametrize(
    ("source", "code", "severity", "line", "says"),
    [
        ("[app#1]\ntype = program\n", "missing-keyword", "error", 1, "start is required"),
        ("[app#1]\ntype = program\nstart = x\ntimeot = 5\n", "unknown-keyword", "warning", 4, "did you mean 'timeout'?"),
        ("[app#1]\ntype = program\nstart = x\ntimeout = soon\n", "bad-value", "error", 4, "timeout = soon"),
        ("[app#1]\ntype = program\nstart = x\nlevel = middle\n", "bad-value", "error", 4, "none of low, high"),
        ("[app#1]\ntype = program\nstart = x\nonce = maybe\n", "bad-value", "error", 4, "once = maybe"),
        ("[app#1]\ntype = program\nstart = x\ntimeout@n1 = 5\n", "not-scopable", "error", 4, "@n1"),
        ("[app#1]\ntype = program\nstart = x\ngrade = low\n", "deprecated-keyword", "warning", 4, "today 'level'"),
        ("[app#1]\ntype = programm\nstart = x\n", "unknown-driver", "error", 2, "no installed plugin provides app.programm"),
        ("[vg#0]\nvgname = v\n", "unknown-driver", "error", 1, "provides vg"),
        ("[aps#1]\ntype = program\n", "unknown-section", "warning", 1, "did you mean 'app'?"),
        ("[app]\ntype = program\n", "unknown-section", "warning", 1, "[app#NAME]"),
        ("[DEFAULT]\nnodess = a\n", "unknown-keyword", "warning", 2, "did you mean 'nodes'?"),
        ("[DEFAULT]\ntopology = ring\n", "bad-value", "error", 2, "none of failover, flex"),
        ("[DEFAULT]\nservice_type = DEV\n", "deprecated-keyword", "warning", 2, "today 'env'"),
        ("[app#1]\ntype = program\nstart = {app#2.start}\n", "dangling-reference", "error", 3, "{app#2.start}"),
        ("[app#1]\ntype = program\nstart = {env.nope}\n", "dangling-reference", "warning", 3, "{env.nope}"),
        ("[env]\na = {env.b}\nb = {env.a}\n", "circular-reference", "error", 2, "circular reference"),
        ("[app#1]\ntype = program\nstart = x\nstart = y\n", "duplicate-key", "warning", 4, "the last one counts"),
        ("[app#1]\ntype = program\nstart = x # not a comment\n", "doubtful-text", "warning", 3, "part of the value"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value and "[" not in value else "",
)
def test_each_has_its_code_its_place_and_the_way_out(source, code, severity, line, says):
    found = [finding for finding in findings(source) if finding.code == code]
    assert found, findings(source)
    assert (found[0].severity.value, found[0].line) == (severity, line)
    assert says in str(found[0])
    assert str(found[0]).startswith(f"svc1.conf:{line}: {severity}: ")


def test_findings_stand_in_the_order_of_the_lines():
    found = findings("[app#1]\ntype = program\nx = 1\ny = 2\n[nope]\n")
    assert [finding.line for finding in found] == sorted(finding.line for finding in found)


def test_a_long_value_is_shortened():
    (found,) = [one for one in findings(f"[DEFAULT]\nnodess = {'n ' * 500}\n") if one.code == "unknown-keyword"]
    assert len(str(found)) < 250


def test_other_drivers_findings_do_not_hide_each_other():
    codes = [one.code for one in findings("[app#1]\ntype = nope\n[app#2]\ntype = program\n") if one.severity is Severity.ERROR]
    assert codes == ["unknown-driver", "missing-keyword"]


def test_the_files_of_the_node_are_checked_too():
    found = findings("[node]\nenv = LUNCH\nloc_citi = Paris\n[hook#1]\ncommand = x\n[hb#1]\ntimeout = x\n", check=validate_node)
    codes = [("bad-value", 2), ("unknown-keyword", 3), ("unknown-section", 4), ("missing-keyword", 6), ("bad-value", 7)]
    assert [(one.code, one.line) for one in found] == codes
