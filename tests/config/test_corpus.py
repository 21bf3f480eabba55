"""Files as administrators of older agents write them: each is read, kept byte for byte, and has the findings that it states, no others.

A file states what is expected of it in comments: `# finding: CODE SECTION.KEY` and `# value: SECTION.KEY = TEXT` (references replaced).
"""

import re
from pathlib import Path

import pytest

from opensvc_core.config.findings import Severity
from opensvc_core.config.service import DEFAULT
from opensvc_core.config.validation import fixed, validate

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


@pytest.fixture(params=CORPUS, ids=[path.name for path in CORPUS])
def text(request):
    return request.param.read_bytes().decode()


@pytest.fixture
def config(request, loaded, text):
    name = request.node.callspec.params["text"].name
    return loaded(text, older=name.endswith(".env"), name=name, environ={"SHELL": "/bin/sh"})


def stated(text, word):
    return re.findall(rf"^\ufeff?# {word}: (.*?)\r?$", text, re.MULTILINE)


def test_a_file_has_the_findings_that_it_states(config, text):
    found = [f"{one.code} {one.section}{'.' if one.key else ''}{one.key}" for one in validate(config)]
    assert sorted(found) == sorted(stated(text, "finding"))


def test_each_finding_has_its_place_and_an_error_or_a_warning_for_everyone(config):
    for one in validate(config):
        assert one.line > 0
        assert one.path == config.document.path
        assert one.severity in Severity
        assert "\n" not in str(one)
        assert one.hint or one.code in ("bad-value", "unknown-driver"), one


def test_a_file_has_the_values_that_it_states(config, text):
    for line in stated(text, "value"):
        name, _, value = line.partition(" = ")
        section, _, key = name.rpartition(".")
        keyword = config.declared(section).get(key)
        found = config.text(section, config.key_of(section, keyword) if keyword else key)
        assert (found or "").partition("\n")[0] == value, line


def test_a_file_is_kept_byte_for_byte(config, text):
    assert config.document.text() == text


def test_an_edit_changes_its_lines_alone(config, text):
    for section in config.document.sections():
        for key in config.document.keys(section):
            if "\n" in (config.document.get(section, key) or "\n") or len(text) > 10_000:
                continue
            after = config.document.set(section, key, "another").text()
            changed = [one for one, two in zip(text.split("\n"), after.split("\n"), strict=True) if one != two]
            assert len(changed) == 1
            assert key in changed[0]


def test_mending_leaves_no_older_name_that_has_a_successor(config, loaded, text):
    after = loaded(fixed(config).text(), older=config.document.is_older)
    left = {one.key.partition("@")[0] for one in validate(after) if one.code == "deprecated-keyword"}
    assert left <= {"autostart_node", "mode"}
    assert [section for section in after.document.sections() if section != DEFAULT] == [
        section for section in config.document.sections() if section != DEFAULT
    ]


def test_the_corpus_is_large_enough():
    assert len(CORPUS) >= 60
