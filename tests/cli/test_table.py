"""The table of verbs keeps its own rules."""

from __future__ import annotations

from collections import Counter

import pytest

from opensvc_core.cli import options
from opensvc_core.cli.options import HELP, SERVICE, VERSION, Arguments
from opensvc_core.cli.table import CORE, commands
from opensvc_core.model.commandline import Option, Verb

DECLARED = [value for value in vars(options).values() if isinstance(value, Option)]


@pytest.mark.parametrize("verb", CORE, ids=lambda verb: verb.name)
def test_a_flag_means_one_option_of_a_verb(verb: Verb) -> None:
    counted = Counter(spelling for option in {*verb.options, SERVICE, HELP, VERSION} for spelling in option.spellings)
    assert [spelling for spelling, times in counted.items() if times > 1] == []


def test_a_flag_has_a_value_with_every_verb_or_with_none() -> None:
    kinds: dict[str, set[bool]] = {}
    for option in DECLARED:
        for spelling in option.spellings:
            kinds.setdefault(spelling, set()).add(option.is_switch)
    assert [spelling for spelling, seen in kinds.items() if len(seen) > 1] == []


def test_every_option_is_taken_by_a_verb() -> None:
    used = {option.name for verb in CORE for option in verb.options} | {"help", "version"}
    assert {option.name for option in DECLARED} == used


@pytest.mark.parametrize(
    "option", [option for option in DECLARED if option not in (HELP, VERSION, SERVICE)], ids=lambda option: option.name
)
def test_every_option_has_its_argument_of_the_right_type(option: Option) -> None:
    default = Arguments._field_defaults[option.name]
    if option.is_switch:
        assert default is False
    elif option.is_repeatable:
        assert default == ()
    elif option.choices:
        assert default in option.choices
    else:
        assert default in ("", None)


def test_words_are_spelled_once_in_a_scope() -> None:
    counted = Counter((scope, words) for verb in CORE for scope in verb.scopes for words in (verb.words, *verb.aliases))
    assert [spelling for spelling, times in counted.items() if times > 1] == []


def test_plugins_add_verbs_and_replace_none() -> None:
    switch = Verb(("switch",), "plugin.switch", "Switch over.")
    other_start = Verb(("start",), "plugin.start", "Start differently.")
    assert commands((switch, other_start)) == (*CORE, switch)
