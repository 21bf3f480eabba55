"""Reasons: every code has a text that is used, and every code that is used has a text."""

import ast
import re
from pathlib import Path

import pytest
from opensvc_daemon.orchestration import reasons
from opensvc_daemon.orchestration.reasons import TEXTS, Reason

ROOM = Path(reasons.__file__).parent


@pytest.fixture(scope="module")
def words():
    """Every text constant of the room but those of the table itself."""
    trees = [ast.parse(file.read_text()) for file in ROOM.glob("*.py") if file.name != "reasons.py"]
    return {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def _made():
    """The codes with which a Reason is made in so many words, with the number of its facts where that is plain: None if not."""
    for file in sorted(ROOM.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason" and isinstance(node.args[0], ast.Constant):
                yield file.name, node.args[0].value, _facts(node.args[2:])


def _facts(rest):
    if not rest:
        return 0
    return len(rest[0].elts) if isinstance(rest[0], ast.Tuple) else None


def _places(code):
    return len(set(re.findall(r"\{(\d)\}", TEXTS[code])))


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_every_code_is_used(code, words):
    assert code in words


def test_every_code_that_is_used_has_a_text_and_its_facts():
    made = list(_made())
    assert len(made) > 50
    for file, code, facts in made:
        assert code in TEXTS, f"{file}: {code}"
        assert facts in {None, _places(code)}, f"{file}: {code} has {facts} facts, its text {_places(code)} places"


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_a_text_is_a_clause_without_an_end(code):
    text = str(Reason(code, "n1", ("x", "y")))
    assert text == text.strip()
    assert not text.endswith(".")
    assert "{" not in text


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_codes_are_words_with_dots(code):
    assert re.fullmatch(r"[a-z/-]+(\.[a-z/-]+)?", code)
