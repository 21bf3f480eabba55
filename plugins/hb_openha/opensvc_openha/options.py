"""conf/options: what the manager can do beyond the C implementation; without the file it does none of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum, unique
from typing import Any, Final

from opensvc_core.errors import ConfigError


@unique
class Split(Enum):
    """What is done when a service is seen STARTED on both nodes."""

    STOP_SECONDARY = "stop-secondary"
    KEEP = "keep"


@dataclass(frozen=True)
class Options:
    """`fence` is called with the peer and the service, and its success confirms that the peer is dead. Limits in seconds; 0: none."""

    fence: tuple[str, ...] = ()
    fence_timeout: int = 60
    check_timeout: int = 120
    start_timeout: int = 0
    stop_timeout: int = 0
    split: Split = Split.STOP_SECONDARY
    problems: tuple[ConfigError, ...] = field(default=(), compare=False)

    @property
    def is_guarded(self) -> bool:
        """Whether nothing is started unless the peer agreed, or is confirmed dead."""
        return bool(self.fence)


def _command(value: str) -> tuple[str, ...]:
    words = tuple(shlex.split(value))
    if not words or not words[0].startswith("/"):
        raise ValueError("a command by its full path is needed, as in '/usr/local/sbin/poweroff-peer'")
    return words


def _seconds(value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) <= 86400):
        raise ValueError("a number of seconds from 0 (no limit) to 86400 is needed")
    return int(value)


def _split(value: str) -> Split:
    if value not in {one.value for one in Split}:
        raise ValueError("stop-secondary or keep is needed")
    return Split(value)


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "fence": _command,
    **{name.name: _seconds for name in fields(Options) if name.name.endswith("_timeout")},
    "split": _split,
}


def parse(text: str, path: str = "") -> Options:
    """Read conf/options: on each line a name and a value. Raises ConfigError where `fence` is wrong: a guard is never left out silently."""
    values: dict[str, Any] = {}
    problems: list[ConfigError] = []
    for number, line in enumerate(text.splitlines(), 1):
        name, _, value = line.strip().replace("\t", " ").partition(" ")
        if not name or name.startswith("#"):
            continue
        try:
            if name not in _READERS:
                raise ValueError(f"no option has this name; options are {', '.join(_READERS)}")
            values[name] = _READERS[name](value.strip())
        except ValueError as error:
            problem = ConfigError(f"'{value.strip()}': {error}" if name in _READERS else str(error), path=path, line=number, key=name)
            if name == "fence":
                raise problem from None
            problems.append(problem)
    return Options(**values, problems=tuple(problems))
