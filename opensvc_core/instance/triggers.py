"""Triggers: the administrator's commands around the steps of an action."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from opensvc_core.config.converters import command_words
from opensvc_core.config.vocabulary import Triggers
from opensvc_core.errors import ConfigError
from opensvc_core.model.operations import Command, Setting


def commands(triggers: Triggers, phase: str, action: str, environment: Mapping[str, str]) -> Iterator[tuple[Command, bool]]:
    """The commands of a phase (`pre`, `post`) of an action, each with whether its failure stops the action."""
    for name, is_blocking in ((phase, False), (f"blocking_{phase}", True)):
        text = triggers.command(name, action)
        if text:
            yield administrators(_argv(text, f"{name}_{action}"), environment, f"{name}_{action}: {text}"), is_blocking


def administrators(argv: Sequence[str], environment: Mapping[str, str], text: str) -> Command:
    """A command of the administrator: in their own language, where the agent's tools have none."""
    return Command(argv, setting=Setting(environment={"LC_ALL": os.environ.get("LC_ALL", ""), **environment}), text=text)


def _argv(text: str, name: str) -> list[str]:
    try:
        return command_words(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no command: {error}", key=name) from error
