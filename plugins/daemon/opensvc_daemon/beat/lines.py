"""The lines of a node: all its heartbeat links, those that can't be included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from opensvc_daemon.beat.line import Direction, Line
from opensvc_daemon.beat.setup import numbers

if TYPE_CHECKING:
    from threading import Thread

    from opensvc_core.api import HeartbeatLink


class Lines:
    """`news` and `clock` are those of each line."""

    def __init__(self, *, news: Callable[[], None], clock: Callable[[], float]) -> None:
        self._news, self._clock = news, clock
        self.by_name: dict[str, Line] = {}
        self._broken: dict[str, str] = {}
        self._stopped: set[str] = set()

    def configure(self, links: Mapping[str, HeartbeatLink | Exception]) -> None:
        """Have these links: one that is what it was goes on, what was stopped stays so."""
        given = numbers(links)
        self._broken = {name: str(link) for name, link in links.items() if isinstance(link, Exception)}
        self._broken |= {name: "there are 32 heartbeats already" for name in links.keys() - given.keys()}
        wanted = {name: link for name, link in links.items() if name in given and not isinstance(link, Exception)}
        before: list[Thread] = []
        for name, line in list(self.by_name.items()):
            if name not in wanted or wanted[name].configured != line.configured or line.number != given[name]:
                self.by_name.pop(name).close()
                before += line.threads
        for name, link in wanted.items():
            if name not in self.by_name:
                self.by_name[name] = Line(name, given[name], link, news=self._news, clock=self._clock, after=before)
        self._run()

    def run(self, direction: str, *, run: bool) -> bool:
        """Start or stop one direction (`hb#1.rx`); False: there is none of that name."""
        name, _, way = direction.rpartition(".")
        if name not in self.by_name or way not in ("rx", "tx"):
            return False
        if run:
            self._stopped.discard(direction)
        else:
            self._stopped.add(direction)
        self._run()
        return True

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each link in beats."""
        return {name: line.number for name, line in self.by_name.items()}

    def send(self, beat: bytes, now: float, *, is_news: bool, interval: float) -> None:
        """Send a beat: what is news over all of them, else over those whose own interval is over."""
        for line in self.by_name.values():
            if is_news or now - line.sent >= line.link.interval - interval / 2:
                line.send(beat, now)

    def arrivals(self) -> Iterator[tuple[Line, str, bytes]]:
        """What has arrived, each link in its turn, until nothing is left or every queue was emptied once."""
        waiting = {line: len(line.arrived) for line in self.by_name.values()}
        for turn in range(max(waiting.values(), default=0)):
            for line, count in waiting.items():
                if turn < count:
                    yield (line, *line.arrived.popleft())

    def directions(self) -> dict[str, Direction]:
        """How each does."""
        found = {f"{name}.{way}": Direction("failed", "", why) for name, why in self._broken.items() for way in ("rx", "tx")}
        for line in self.by_name.values():
            found |= line.directions()
        return dict(sorted(found.items()))

    def close(self) -> None:
        """End all."""
        for line in self.by_name.values():
            line.close()
        self.by_name.clear()

    def _run(self) -> None:
        for name, line in self.by_name.items():
            line.receive(run=f"{name}.rx" not in self._stopped)
            line.sends = f"{name}.tx" not in self._stopped
