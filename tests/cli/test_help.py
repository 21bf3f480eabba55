"""Help pages for every command."""

from __future__ import annotations

import re

import pytest

from opensvc_core.cli.help import show
from opensvc_core.cli.reader import Page
from opensvc_core.cli.table import CORE
from opensvc_core.errors import UsageError
from opensvc_core.model.commandline import Scope, Verb


def text_of(page: Page, capsys: pytest.CaptureFixture[str]) -> str:
    show(page, CORE)
    return capsys.readouterr().out


@pytest.mark.parametrize("verb", CORE, ids=lambda verb: verb.name)
@pytest.mark.parametrize("program", ["om", "svcmgr"])
def test_every_verb_has_its_page(program: str, verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    scope = "node" if verb.scopes == ("node",) else "service"
    text = text_of(Page("nodemgr" if scope == "node" and program == "svcmgr" else program, "help", "", scope, verb.words), capsys)
    assert verb.help in text
    assert [option.flags[0] for option in verb.options if option.flags[0] not in text] == []
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("page", "beginning"),
    [
        (Page("om", "help"), "Usage: om [OPTIONS] COMMAND"),
        (Page("om", "help", "web", "service"), "Usage: om web [OPTIONS] COMMAND"),
        (Page("om", "help", "web", "service", ("start",)), "Usage: om web start [OPTIONS]"),
        (Page("om", "help", "", "service", ("start",)), "Usage: om SERVICE start [OPTIONS]"),
        (Page("om", "help", "", "service", ("node", "freeze")), "Usage: om node freeze [OPTIONS]"),
        (Page("om", "help", "", "cluster", ("set",)), "Usage: om cluster set [OPTIONS]"),
        (Page("svcmgr", "help", "", "service", ("print",)), "Usage: svcmgr print [OPTIONS] COMMAND"),
        (Page("svcmgr", "help", "", "service", ("print_status",)), "Usage: svcmgr print status [OPTIONS]"),
        (Page("svcmgr", "help", "", "service", ("startip",)), "Usage: svcmgr start [OPTIONS]"),
        (Page("web", "help", "web", "service", ("start",)), "Usage: web start [OPTIONS]"),
        (Page("svcmon", "help", "", "global", ("mon",)), "Usage: svcmon [OPTIONS]"),
        (Page("nodemgr", "help", "", "node"), "Usage: nodemgr [OPTIONS] COMMAND"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_page_begins_with_how_the_command_is_written(page: Page, beginning: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert text_of(page, capsys).strip().startswith(beginning)


@pytest.mark.parametrize("scope", ["service", "node", "cluster"])
def test_every_command_of_a_page_is_told_in_a_sentence(scope: Scope, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, commands = text_of(Page("om", "help", "", scope, ()), capsys).partition("Commands:\n")
    assert commands
    assert re.findall(r"^  (\S+)\s*$", commands, re.MULTILINE) == []


def test_older_spellings_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = text_of(Page("svcmgr", "help", "", "service", ("start",)), capsys)
    assert "--subsets" not in text
    assert "startip" not in text_of(Page("svcmgr", "help", "", "service"), capsys)


def test_a_page_of_no_command_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean 'start'"):
        show(Page("svcmgr", "help", "", "service", ("strat",)), CORE)
