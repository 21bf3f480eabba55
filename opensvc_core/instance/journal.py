"""The journal of a service: each event goes to its log file and to whoever listens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from opensvc_core.model.events import Event, Level
from opensvc_core.system import logfile
from opensvc_core.system.clock import Clock

Sink = Callable[[Event], None]
_LINE = re.compile(
    r"(?P<when>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d) (?P<level>DEBUG|INFO|WARNING|ERROR) +"
    r"n:(?P<node>\S+)(?: o:(?P<service>\S+))?(?: r:(?P<rid>\S+))? sc:(?P<sc>[yn]) \| (?P<output>\| )?(?P<text>.*)"
)


class Journal:
    """Where events go. A log file that can't be written is told once on the sink, and stops nothing."""

    def __init__(self, file: Path | None, sink: Sink, *, node: str, service: str = "", clock: Clock, by_scheduler: bool = False) -> None:
        self._file, self._sink, self._clock = file, sink, clock
        self._node, self._service, self._by_scheduler = node, service, by_scheduler

    @property
    def is_by_scheduler(self) -> bool:
        """Nobody waits for what is said: the action was begun by a scheduler."""
        return self._by_scheduler

    def say(
        self,
        text: str,
        *,
        rid: str = "",
        level: Level = Level.INFO,
        kept: Level | None = None,
        name: str = "message",
        classic: str = "",
        **fields: Any,
    ) -> None:
        """Record one event; `kept` is its level in the log file, where that is another one than for who listens."""
        event = Event(name, text, self._clock.now(), self._node, self._service, rid, level, classic, self._by_scheduler, fields)
        self._store(event._replace(level=kept or level))
        self._sink(event)

    def of(self, rid: str) -> ResourceLog:
        """The log that a driver is given."""
        return ResourceLog(self, rid)

    def _store(self, event: Event) -> None:
        if self._file is None:
            return
        try:
            logfile.append(self._file, "".join(f"{line}\n" for line in written(event)))
        except OSError as error:
            file, self._file = self._file, None
            self.say(f"the log {file} can't be written: {error.strerror}", level=Level.WARNING)


class ResourceLog:
    """A driver's way to the journal: every line is known to be its resource's."""

    def __init__(self, journal: Journal, rid: str) -> None:
        self._journal, self._rid = journal, rid

    def debug(self, text: str, **fields: Any) -> None:
        self._journal.say(text, rid=self._rid, level=Level.DEBUG, **fields)

    def info(self, text: str, **fields: Any) -> None:
        self._journal.say(text, rid=self._rid, **fields)

    def warning(self, text: str, **fields: Any) -> None:
        self._journal.say(text, rid=self._rid, level=Level.WARNING, **fields)

    def error(self, text: str, **fields: Any) -> None:
        self._journal.say(text, rid=self._rid, level=Level.ERROR, **fields)


def written(event: Event) -> list[str]:
    """The lines of an event in a log file: moment, level, node, service, rid, scheduled or not, text."""
    from datetime import datetime  # noqa: PLC0415 - a status writes no lines

    when = datetime.fromtimestamp(event.moment).astimezone().isoformat(timespec="microseconds")
    place = [f"n:{event.node}", event.service and f"o:{event.service}", event.rid and f"r:{event.rid}"]
    head = f"{when} {event.level.value:<7} {' '.join(filter(None, place))} sc:{'y' if event.by_scheduler else 'n'} | "
    bar = "| " if event.name == "output" else ""
    # an event that only the classic layout prints leaves no line
    return [f"{head}{bar}{line}" for line in event.text.splitlines() or ([] if event.classic_text else [""])]


def read(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a log file, a line each; a line that has another form belongs to nobody and is left out."""
    for line in lines:
        match = _LINE.match(line)
        moment = _moment(match["when"]) if match else None
        if match and moment is not None:
            yield Event(
                "output" if match["output"] else "message",
                match["text"],
                moment,
                match["node"],
                match["service"] or "",
                match["rid"] or "",
                Level(match["level"]),
                by_scheduler=match["sc"] == "y",
            )


def _moment(text: str) -> float | None:
    from datetime import datetime  # noqa: PLC0415

    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
