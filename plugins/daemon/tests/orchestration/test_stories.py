"""The stories: the promised behaviour told by the simulator with its beats, actions and faults, and what came of each.

With REWRITE_SCENARIOS=1 in the environment the outcomes are written anew, to be read before they are kept.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from stage.told import told

FILES = sorted(Path(__file__).with_name("stories").glob("*.txt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_comes_of_a_story_is_what_it_says(file):
    text = file.read_text()
    if os.environ.get("REWRITE_SCENARIOS") == "1":
        file.write_text(told(text))
        return
    assert told(text).splitlines() == text.splitlines()


def test_there_are_stories():
    assert len(FILES) >= 50
