"""What stands in braces, in angle brackets and in `$(…)` of a value."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.config.references import Evaluator, Expansion, Source, expand, split_name
from opensvc_core.errors import ConfigError

SECTIONS = {"DEFAULT", "env", "fs#1", "disk#0", "subset#container.docker:01app"}
NAMES = {
    "nodename": "n1",
    "svcname": "svc1",
    "nodes": "n1 n2",
    "nb": "3",
    "a": "foo",
    "clusternodes": "n1 n2 n3",
    "DEFAULT.nodes": "n1 n2",
    "DEFAULT.app": "myapp",
    "env.a": "foo",
    "env.n": "41",
    "env.foox": "viaNest",
    "env.mixed": "fOo bAr",
    "env.l": "e1 e2 e3",
    "env.idx": "1",
    "env.k2": "two",
    "env.empty": "",
    "env.ip6": "fe80::1",
    "env.ip4": "10.0.0.1",
    "env.braces": "{nodename}",
    "env.sc@n1": "v1",
    "a-b": "dashed",
    "encapnodes": "",
    "fs#1.mnt": "/srv/svc1/fs#1",
    "disk#0.name": "vg1",
    "disk#1.exposed_devs": "/dev/vg1/a /dev/vg1/b",
    "subset#container.docker:01app.parallel": "true",
    "safe://abc": "secret",
}

VALUES = [
    ("", ""),
    ("plain", "plain"),
    ("{nodename}", "n1"),
    ("{svcname}-{nodename}", "svc1-n1"),
    ("{clusternodes[1]}", "n2"),
    ("{#clusternodes}", "3"),
    ("{#DEFAULT.nodes}", "2"),
    ("{DEFAULT.nodes[1]}", "n2"),
    ("{env.a}bar", "foobar"),
    ("{env.{a}x}", "viaNest"),
    ("{upper:env.a}", "FOO"),
    ("{upper:nodename}", "N1"),
    ("{lower:env.mixed}", "foo bar"),
    ("{capitalize:env.mixed}", "Foo bar"),
    ("{title:env.mixed}", "Foo Bar"),
    ("{swapcase:env.mixed}", "FoO BaR"),
    ("{upper:env.l[0]}", "E1"),
    ("{upper:fs#1.mnt}", "/SRV/SVC1/FS#1"),
    ("{uri_ip:env.ip6}", "[fe80::1]"),
    ("{uri_ip:env.ip4}", "10.0.0.1"),
    ("{env.l[0]}", "e1"),
    ("{env.l[2]}", "e3"),
    ("{#env.l}", "3"),
    ("{#env.empty}", "0"),
    ("{env.l[{env.idx}]}", "e2"),
    ("{{nodename}}", "{n1}"),
    ("{a-b}", "dashed"),
    ("{env.sc@n1}", "v1"),
    ("{encapnodes}", ""),
    ("{fs#1.mnt}/data", "/srv/svc1/fs#1/data"),
    ("{disk#1.exposed_devs[0]}", "/dev/vg1/a"),
    ("{#disk#1.exposed_devs}", "2"),
    ("{subset#container.docker:01app.parallel}", "true"),
    ("{safe://abc}", "secret"),
    ("host{1...{#nodes}}/disk{1...{nb}}", "host{1...2}/disk{1...3}"),
    ("{env.braces}", "{nodename}"),
    ("<env.a>", "foo"),
    ("<disk#0.name>/x", "vg1/x"),
    ("<env.l[1]>", "e2"),
    ("<env.{a}x>", "viaNest"),
    # expressions
    ("$(1+2)", 3),
    ("$(7/2)", 3.5),
    ("x$(1+1)y", "x2y"),
    ("$(2*1024)m", "2048m"),
    ("$(1+1) $(2+2)", "2 4"),
    ("$({#env.l}*10)", 30),
    ("$({env.n}+1)", 42),
    ("{env.l[$(1+1)]}", "e3"),
    ("{env.k$(1+1)}", "two"),
    ("{clusternodes[$(0//(3//{#clusternodes}))]}", "n1"),
    ('$("{nodename}"=="n1")', True),
    ("$({nodename} in (n1,n2))", True),
    ("$(None)", None),
    ("$(True)", True),
    ("a$(True)", "aTrue"),
    ("$()", "$()"),
    ("$($(1+1)*2)", 4),
    ("$(1 < 2 > 1)", True),
    ("$(')' in 'a)b')", True),
    ('$("(" + "{nodename}")', "(n1"),
    ('$("$(1+1)" == "2")', True),
    ("{nodename}$(1)", "n11"),
]

# What is no reference stays as it is, and is not reported.
TEXTS = [
    "{1...8}",
    "{a,b}",
    "{ nodename }",
    "{}",
    "${nodename}",
    "${var:-x}",
    r"\{nodename\}",
    r"\{nodename}",
    '{"a": {"b": [1, 2]}}',
    "[0-9]{3}",
    "x{2,}",
    "{a..z}",
    "cat < file > out",
    "cat <<EOF",
    "2>&1 <nodename>",
    "<other.key>",
    "<a.b.c>",
    "a }{ b",
    "{{{",
    "}}}",
    ") $(",
    "awk '{print $1}'",
    "f() { echo; }",
    "it's (so)",
    "$(it's",
]

UNKNOWN = [
    ("{does.not.exist}", ("does.not.exist",)),
    ("x{nosuch}y", ("nosuch",)),
    ("{env.nosuch} {env.nosuch}", ("env.nosuch",)),
    ("{env.A}", ("env.A",)),
    ("{x-y}", ("x-y",)),
    ("{fs#9.mnt}", ("fs#9.mnt",)),
    ("{fs#1.nosuch}", ("fs#1.nosuch",)),
    ("<env.nosuch>", ("env.nosuch",)),
    ("{env.l[9]}", ("env.l[9]",)),
    ("{env.l[-1]}", ("env.l[-1]",)),
    ("{env.{nosuch}}", ("nosuch",)),
    ("{q} " * 50, ("q",)),
]


def expanded(text: str) -> Expansion:
    return expand(text, NAMES.get, sections=SECTIONS)


@pytest.mark.parametrize(("text", "value"), VALUES, ids=[text for text, _ in VALUES])
def test_a_value_becomes(text, value):
    found = expanded(text)

    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize("text", TEXTS, ids=TEXTS)
def test_what_is_no_reference_stays(text):
    assert expanded(text) == Expansion(text, ())


@pytest.mark.parametrize(("text", "names"), UNKNOWN, ids=[text[:30] for text, _ in UNKNOWN])
def test_an_unknown_reference_stays_and_is_reported(text, names):
    assert expanded(text) == Expansion(text, names)


def test_references_inside_of_json_are_replaced():
    assert expanded('{"node": {"name": "{nodename}"}}').value == '{"node": {"name": "n1"}}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{env.l[x]}", "the index 'x' is no number"),
        ("$(1/0)", r"\$\(1/0\): division by zero"),
        ("$({nosuch} + 1)", "names nothing that is known"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        expanded(text)


def test_what_the_lookup_raises_goes_through():
    def ask(name: str) -> str | None:
        raise LookupError(name)

    with pytest.raises(LookupError, match=r"disk#1\.exposed_devs"):
        expand("{disk#1.exposed_devs[0]}", ask, sections=())


def test_many_references_in_one_value_are_no_problem():
    assert expanded("{nodename}" * 5000).value == "n1" * 5000


def test_a_tuple_reads_as_words():
    assert expanded("$((a, 1))").text == "a 1"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("env.a.b", ("env", "a.b")),
        ("subset#container.docker:01app.parallel", ("subset#container.docker:01app", "parallel")),
        ("nodename", ("", "nodename")),
        ("no.such", ("", "no.such")),
    ],
)
def test_a_name_is_parted_at_the_dot_behind_a_section(name, parts):
    assert split_name(name, SECTIONS) == parts


@given(st.text(max_size=40) | st.text(alphabet="{}<>()$'\"\\#[].:@ anv1+*envl", max_size=40))
def test_expansion_ends_with_a_value_or_a_refusal(text):
    try:
        expanded(text)
    except ValueError as error:
        assert str(error)


@given(st.text(alphabet="{}<>()'\"\\ x,", max_size=60))
def test_a_text_without_names_stays(text):
    assert expand(text, lambda _name: None, sections=()).value == text


@pytest.mark.parametrize(
    "text", ["{" * 50_000, "{" * 25_000 + "}" * 25_000, "{a" * 25_000 + "}" * 25_000, "$(" * 25_000, "<a" * 25_000, "$({<'(" * 10_000]
)
def test_nesting_takes_linear_time(text):
    began = time.process_time()
    assert expand(text, lambda _name: None, sections=()).value == text
    assert time.process_time() - began < 5


# -- values that refer to each other


class File:
    """The `[env]` section of a file, and how often it was asked."""

    def __init__(self, **values: str) -> None:
        self.values, self.asked = values, 0

    def fetch(self, name: str, section: str) -> Source | str | None:
        self.asked += 1
        key = name.removeprefix("env.")
        return Source(f"env.{key}", self.values[key], "env") if key in self.values else {"nodename": "n1"}.get(name)

    def value(self, key: str) -> Expansion:
        return Evaluator(self.fetch, sections={"env"}).evaluate(Source(f"env.{key}", self.values[key], "env"))


def test_references_to_references_are_followed():
    assert File(a="{env.b}/x", b="<env.c>", c="$(1+1){nodename}").value("a") == Expansion("2n1/x")


def test_unknown_references_of_others_are_reported():
    assert File(a="{b} {no1}", b="{no2}").value("a") == Expansion("{no2} {no1}", ("no2", "no1"))


@pytest.mark.parametrize(
    ("values", "cycle"),
    [
        ({"s": "{env.s}"}, "env.s → env.s"),
        ({"s": "{s}"}, "env.s → env.s"),
        ({"s": "{env.l1}", "l1": "{env.l2}", "l2": "<env.l1>"}, "env.l1 → env.l2 → env.l1"),
        ({"s": "x{env.a}", "a": "$(1+{env.b})", "b": "{upper:c}", "c": "{#env.s}"}, "env.s → env.a → env.b → env.c → env.s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_cycle_is_named(values, cycle):
    with pytest.raises(ConfigError) as caught:
        File(**values).value("s")
    assert str(caught.value) == f"circular reference: {cycle}"


def test_a_long_cycle_is_named_in_short():
    values = {f"k{index}": f"{{k{(index + 1) % 5000}}}" for index in range(5000)}
    with pytest.raises(ConfigError, match=r"^circular reference: env\.k0 → .*… \(4981 more\) … .* → env\.k0$") as caught:
        File(**values).value("k0")
    assert len(str(caught.value)) < 500


def test_a_chain_may_be_long():
    values = {f"k{index}": f"{{k{index + 1}}}" for index in range(20_000)}
    assert File(**values, k20000="end").value("k0").value == "end"


def test_each_value_is_evaluated_once():
    file = File(**{f"k{index}": f"{{#k{index + 1}}}" * 2 for index in range(60)}, k60="end")
    assert file.value("k0").value == "11"
    assert file.asked == 120


def test_values_that_double_each_other_are_refused():
    file = File(**{f"k{index}": f"{{k{index + 1}}}{{k{index + 1}}}" for index in range(60)}, k60="end")
    with pytest.raises(ConfigError, match=r"^env\.k\d+: its references and expressions bring in more than \d+ characters$"):
        file.value("k0")


def test_a_bad_expression_is_named_with_its_place():
    with pytest.raises(ConfigError) as caught:
        File(a="{b}", b="$(1/0)").value("a")
    assert (caught.value.section, caught.value.key) == ("env", "b")


def test_what_is_asked_again_after_a_failure_can_succeed():
    answers: list[str] = []

    def fetch(name: str, section: str) -> str:
        if not answers:
            raise LookupError(name)
        return answers[0]

    evaluator, source = Evaluator(fetch, sections=()), Source("env.a", "{disk#1.exposed_devs}", "env")
    with pytest.raises(LookupError):
        evaluator.evaluate(source)
    answers.append("/dev/a")
    assert evaluator.evaluate(source).value == "/dev/a"


@given(st.dictionaries(st.sampled_from("abcd"), st.text(alphabet="{}abcd$(+1)<> ", max_size=16), min_size=1))
def test_evaluation_ends(values):
    file = File(**values)
    for key in values:
        try:
            file.value(key)
        except ConfigError as error:
            assert "\n" not in str(error)
