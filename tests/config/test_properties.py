"""What holds for every file: it is kept, an edit changes what it names, evaluation ends, and there are findings or refusals alone."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from opensvc_core.config.document import Document
from opensvc_core.config.findings import Finding
from opensvc_core.config.service import DEFAULT
from opensvc_core.config.validation import fixed, validate
from opensvc_core.errors import ConfigError

SECTIONS = ("DEFAULT", "env", "fs#1", "fs#2", "app#1", "ip#1", "disk#1", "vg#0", "hb#0", "subset#fs:a", "labels", "nosuch", "fs#1 ")
KEYS = (
    "nodes",
    "type",
    "dev",
    "mnt",
    "mnt_opts",
    "start",
    "ipname",
    "a",
    "b",
    "start_requires",
    "pre_start",
    "vgname",
    "service_type",
    "optional",
)
SCOPES = ("", "", "", "@n1", "@nodes", "@drpnodes", "@flex_primary", "@nosuch")
PIECES = (
    *("n1", "n2", "ext4", "forking", "/dev/a", "/srv", "/", " ", "  # x", ":", "=", ",", "'", '"', "true", "é", "[", "]"),
    *("{env.a}", "{env.b}", "{a}", "{fs#1.mnt}", "{fs#1.type}", "{rid}", "{#nodes}", "{nodes[1]}", "{nodes}", "{disk#1.exposed_devs[0]}"),
    *(
        "<env.a>",
        "<x>",
        "$(",
        "$(1+",
        "{#env.a}",
        ")",
        "{",
        "}",
        "{upper:env.b}",
        "{env.a@n1}",
        "{safe://x}",
        "{nosuch}",
        "!n2",
        "n*",
        "\n\t",
    ),
)
LINES = st.one_of(
    st.sampled_from([f"[{section}]" for section in SECTIONS]),
    st.builds(
        lambda key, scope, mark, pieces: f"{key}{scope}{mark}{''.join(pieces)}",
        st.sampled_from(KEYS),
        st.sampled_from(SCOPES),
        st.sampled_from((" = ", "=", ": ")),
        st.lists(st.sampled_from(PIECES), max_size=5),
    ),
    st.sampled_from(("", "# comment", "  # comment", "\tcontinued", "; other")),
)
TEXTS = st.builds(
    lambda bom, lines, end: bom + end.join(["[DEFAULT]", *lines]),
    st.sampled_from(("", "\ufeff")),
    st.lists(LINES, max_size=14),
    st.sampled_from(("\n", "\r\n")),
)


def readable(text, older):
    with suppress(ConfigError):
        return Document.parse(text, older=older)
    return None


@given(TEXTS, st.booleans())
def test_a_file_is_kept_byte_for_byte(text, older):
    document = readable(text, older)
    assert document is None or document.text() == text


@given(TEXTS, st.booleans(), st.sampled_from(("n1", "n2", "other")))
@settings(max_examples=200, deadline=None)
def test_a_file_comes_to_findings_values_and_refusals_in_one_line(loaded_text, text, older, node):
    config = loaded_text(text, older, node)
    if config is None:
        return
    for one in validate(config):
        assert isinstance(one, Finding)
        assert one.line
        assert one.code
        assert "\n" not in one.text
    for section in config.document.sections():
        for key in config.document.keys(section):
            try:
                assert isinstance(config.text(section, key.partition("@")[0]), str | None)
            except ConfigError as error:
                assert "\n" not in str(error)


@given(TEXTS, st.booleans())
@settings(deadline=None)
def test_mending_changes_names_alone_and_ends(loaded_text, text, older):
    config = loaded_text(text, older)
    if config is None:
        return
    after = fixed(config)
    assert len(after.text().split("\n")) == len(text.split("\n"))
    for section in config.document.sections():
        assert list(after.items(section).values()) == list(config.document.items(section).values())
    assert fixed(loaded_text(after.text(), older)).text() == after.text()


@given(TEXTS, st.booleans(), st.sampled_from(SECTIONS[:8]), st.sampled_from(KEYS), st.sampled_from(PIECES))
def test_what_is_set_is_got_and_no_other_value_changes(text, older, section, key, value):
    document = readable(text, older)
    if document is None:
        return
    try:
        after = document.set(section, key, value)
    except ConfigError:
        return  # a value that could not be read back
    assert after.get(section, key) == value.strip()
    for other in document.sections():
        kept = {name: old for name, old in document.items(other).items() if (other, name) != (section, key)}
        assert kept.items() <= after.items(other).items()


@given(TEXTS, st.booleans())
@settings(deadline=None)
def test_a_value_that_is_evaluated_again_is_the_same(loaded_text, text, older):
    config, again = loaded_text(text, older), loaded_text(text, older)
    for key in config.document.keys(DEFAULT) if config else ():
        with suppress(ConfigError):
            assert config.text(DEFAULT, key.partition("@")[0]) == again.text(DEFAULT, key.partition("@")[0])
