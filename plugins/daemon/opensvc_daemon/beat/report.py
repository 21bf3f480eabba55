"""The report: what the monitor is told of all that beat sees, and what people are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, Final

from opensvc_daemon.beat import telling
from opensvc_daemon.beat.door import Door
from opensvc_daemon.beat.leases import Known
from opensvc_daemon.beat.lines import Lines
from opensvc_daemon.beat.talk import Talk
from opensvc_daemon.heartbeat.lateness import Lateness
from opensvc_daemon.heartbeat.views import PeerView

# Seconds between two tells of peers of whom nothing but the moments has changed.
TELL: Final = 1.0
# Lines that are remembered as said.
_KEPT: Final = 100

# Writes a line: level, text, service.
Log = Callable[[str, str, str], None]


class Report:
    """`log` writes what is said while there is no monitor to do so. `door` is set when there is one."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.door: Door | None = None
        self.lateness = Lateness()
        self._said: set[str] = set()
        self._peers: Any = None
        self._told = -inf

    def say(self, level: str, text: str, service: str = "") -> None:
        """A line for people: info, warning or error."""
        line = {"tell": "log", "level": level, "text": text, **({"service": service} if service else {})}
        if not self.tell_once(line):
            self._log(level, text, service)

    def say_once(self, level: str, text: str) -> None:
        """The same, unless it was said before."""
        if text not in self._said:
            self._said = {*self._said, text} if len(self._said) < _KEPT else {text}
            self.say(level, text)

    def tell_once(self, message: Mapping[str, Any]) -> bool:
        """Tell the monitor something that is no state; False: there is none."""
        return self.door is not None and self.door.tell_once(message)

    def begin(self) -> None:
        """Tell all states again."""
        self._peers = None
        if self.door is not None:
            self.door.forget_told()

    def tell(self, talk: Talk | None, views: Mapping[str, PeerView], lines: Lines, leases: Mapping[str, Known], now: float) -> None:
        """Tell the monitor each state that has changed, and now and then the moments."""
        if self.door is None:
            return
        self.door.tell({"tell": "links", "links": telling.links(lines.directions(), views, lines.numbers)})
        self.door.tell({"tell": "leases", "leases": {service: known._asdict() for service, known in leases.items()}})
        if talk is None:
            return
        peers = telling.peers(talk, views, lines.numbers)
        kept = telling.without_moments(peers)
        if kept != self._peers or now - self._told >= TELL:
            self._peers, self._told = kept, now
            told = {name: {**peer, "lateness": self.lateness.of(name)} for name, peer in peers.items()}
            self.door.tell_once({"tell": "peers", "now": now, "peers": told})
