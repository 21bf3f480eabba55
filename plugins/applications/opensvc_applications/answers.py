"""Answers: what the end of a check says of the application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opensvc_core.api import CommandResult, Message, Observation, Status

_SHOWN_LINES: Final = 50


def answer(result: CommandResult, timeout: float, retcodes: Mapping[int, Status], *, name: str, shows_output: bool = False) -> Observation:
    """The status that a check's exit code means; `warn` with the reason for any other. `name` is the check's, for messages."""
    if result.code == 124 and result.seconds >= timeout:
        return Status.WARN.because(f"{name}: {result.stderr}")
    output = [line for line in (*result.stdout.splitlines(), *result.stderr.splitlines()) if line.strip()]
    messages = [Message("info", line.strip()) for line in output[:_SHOWN_LINES]] if shows_output else []
    if result.code in retcodes:
        return Observation(retcodes[result.code], tuple(messages))
    # 126 and 127 are told by who was to run it, with the reason
    reason = f": {output[-1]}" if result.code in (126, 127) and output else ""
    return Observation(Status.WARN, (Message("warn", f"{name} reports errors ({result.code}){reason}"), *messages))


def pairs(text: str) -> dict[str, str]:
    """The lines `Name: value` of what an information command prints."""
    parted = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, mark, value in parted if mark and name.strip()}
