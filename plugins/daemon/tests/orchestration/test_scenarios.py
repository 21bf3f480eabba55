"""The scenarios: what the decision is and why, in every situation that the behaviour promises something for.

With REWRITE_SCENARIOS=1 in the environment the answers are written anew, to be read before they are kept.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from stage.script import played

FOLDER = Path(__file__).with_name("scenarios")
FILES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_decision_and_its_reasons_are_those_of_the_scenario(file):
    text = file.read_text()
    if os.environ.get("REWRITE_SCENARIOS") == "1":
        file.write_text(played(text))
        return
    assert played(text).splitlines() == text.splitlines()


def test_there_are_the_scenarios_that_the_behaviour_needs():
    assert len(FILES) >= 150


def test_every_row_of_the_behaviour_has_what_is_done_and_what_comes_of_it():
    for file in FILES:
        if file.name.startswith("table-"):
            assert re.search(r"^run \d+s$", file.read_text(), re.MULTILINE), file.name
            assert re.search(r"^\| svc: a .*, b ", file.read_text(), re.MULTILINE), file.name


def test_every_scenario_says_what_it_is_about_and_asks_something():
    for file in FILES:
        lines = file.read_text().splitlines()
        assert lines[0].startswith("# "), file.name
        assert any(line.startswith("? ") for line in lines), f"{file.name} has no explanation"
        assert any(line.startswith("| ") for line in lines), file.name
        assert "it never comes to rest" not in file.read_text(), file.name
