"""Log lines: what an action tells on the terminal while it runs, in the classic form and in that of the tree."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from opensvc_core.model.events import Event, Level

_MARKS: Final = {Level.DEBUG: "  ", Level.INFO: "  ", Level.WARNING: "W ", Level.ERROR: "E "}


class ClassicLog:
    """Writes events as `14:40:06 INFO    SERVICE.RID             message`, a command's output between `output:` and an empty line.

    An `output` event with the field `bare` is written without the announcement and the empty line, one with the field
    `is_kept` not at all: it is in a file that the last line of the command names.
    `clock` turns a moment into the time of day; it is the local time zone's.
    """

    def __init__(self, clock: Callable[[float], time.struct_time] = time.localtime) -> None:
        self._clock = clock
        self._printing = ""

    def lines(self, event: Event) -> list[str]:
        """The lines of an event. Output that comes line by line is one block: the next event of another kind ends it."""
        texts = [] if event.fields.get("is_kept") else (event.classic_text or event.text).rstrip().splitlines()
        if event.name == "output" and texts and not event.fields.get("bare"):
            return self._output(event, [text.rstrip() for text in texts])
        before = self.finish()
        if event.level is Level.DEBUG or not texts:
            return before
        if event.name == "output":
            return [*before, *(text.rstrip() for text in texts)]
        return [*before, *(self._line(event, text) for text in texts)]

    def finish(self) -> list[str]:
        """The empty line that ends a block of output, where one is open."""
        is_open, self._printing = bool(self._printing), ""
        return [""] if is_open else []

    def _output(self, event: Event, texts: list[str]) -> list[str]:
        name = _classic_name(event)
        if name == self._printing:
            return texts
        before, self._printing = self.finish(), name
        return [*before, self._line(event, "output:"), *texts]

    def _line(self, event: Event, text: str) -> str:
        moment = time.strftime("%H:%M:%S", self._clock(event.moment))
        return f"{moment} {event.level.value:<7} {_classic_name(event):<23} {text}".rstrip()


class TreeLog:
    """Writes events indented by two below a header `@ n:NODE o:SERVICE r:RID sc:n`, which comes again when the context changes.

    A command's output stands behind `| `; a warning or an error has `W ` or `E ` before it.
    """

    def __init__(self) -> None:
        self._header = ""

    def finish(self) -> list[str]:
        """Nothing is open in this layout."""
        return []

    def lines(self, event: Event) -> list[str]:
        """The lines of an event, with a header if it is of another context than the one before; none for a `DEBUG` one."""
        body = _tree_body(event)
        if event.level is Level.DEBUG or not body:
            return []
        header = _tree_header(event)
        is_new, self._header = header != self._header, header
        return [header, *body] if is_new else body


def _classic_name(event: Event) -> str:
    name = event.service or event.node
    return (f"{name}.{event.rid}" if event.rid else name).upper()


def _tree_header(event: Event) -> str:
    fields = [f"@ n:{event.node}"]
    if event.service:
        fields.append(f"o:{event.service}")
    if event.rid:
        fields.append(f"r:{event.rid}")
    if event.service:
        fields.append("sc:y" if event.by_scheduler else "sc:n")
    return " ".join(fields)


def _tree_body(event: Event) -> list[str]:
    texts = [text for text in event.text.splitlines() if text.strip()]
    if event.name == "output":
        return [f"  | {text.strip()}" for text in texts]
    return [f"{_MARKS[event.level]}{text}".rstrip() for text in texts]
