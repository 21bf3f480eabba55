"""The network: which message arrives when. Links between two nodes may be cut, slow, lossy or doubling, each direction by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import NamedTuple

from opensvc_daemon.simulation.agenda import Agenda

Way = tuple[str, str, str]  # from, to, link


class Weather(NamedTuple):
    """What becomes of messages on one way. Shares from 0 to 1; seconds. Jitter makes messages overtake each other."""

    is_cut: bool = False
    loss: float = 0.0
    double: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0


FINE = Weather()
CUT = Weather(is_cut=True)
QUICKEST, SLOWEST = 0.0002, 0.004


class Network:
    """All ways between all nodes and arbitrators, over each of the links. `is_steady`: chance has no part in what arrives."""

    def __init__(self, agenda: Agenda, random: Random, links: tuple[str, ...]) -> None:
        self._agenda, self._random, self.links = agenda, random, links
        self._weathers: dict[Way, Weather] = {}
        self.is_steady = True

    @property
    def is_fine(self) -> bool:
        """Everything arrives at once, everywhere."""
        return not self._weathers

    def change(self, start: str, end: str, links: Iterable[str] = (), **weather: float) -> None:
        """Change the weather one way, over some links or all."""
        for link in links or self.links:
            found = self._weathers.get((start, end, link), FINE)._replace(**weather)  # type: ignore[arg-type] # bool or float, by name
            self._weathers[start, end, link] = found
            if found == FINE:
                del self._weathers[start, end, link]
        self.is_steady = all(weather == CUT for weather in self._weathers.values())

    def heal(self) -> None:
        """Fine weather everywhere."""
        self._weathers.clear()
        self.is_steady = True

    def is_open(self, start: str, end: str) -> bool:
        """Whether a message may arrive."""
        return self.is_fine or any(not self._weathers.get((start, end, link), FINE).is_cut for link in self.links)

    def send(self, start: str, end: str, deliver: Callable[[str], None]) -> None:
        """Send over each link; `deliver(link)` happens for each copy that arrives."""
        for link, delay in self._arrivals(start, end):
            self._agenda.after(delay, lambda link=link: deliver(link))  # type: ignore[misc] # mypy knows no default in a lambda

    def _arrivals(self, start: str, end: str) -> Iterator[tuple[str, float]]:
        random = self._random.random
        for link in self.links:
            weather = self._weathers.get((start, end, link), FINE) if self._weathers else FINE
            if weather is FINE:
                yield link, QUICKEST + (SLOWEST - QUICKEST) * random()
                continue
            for _ in range(2 if random() < weather.double else 1):
                if not weather.is_cut and random() >= weather.loss:
                    yield link, QUICKEST + weather.delay + weather.jitter * random()
