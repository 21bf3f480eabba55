"""Two simulated nodes with virtual clocks: the code that decides is the real one, all else is made from a seed or a story."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from opensvc_openha.liveness import Freshness, Hearing
from opensvc_openha.machine import Progress, Stage, View, Work, step
from opensvc_openha.states import State, recovered
from opensvc_openha.viewing import Heard, Said, peer_of

TIMEOUT: Final = 3.0
_SERVICE: Final = "svc"
_BEAT, _PASS = 1.0, 0.5


@dataclass(frozen=True)
class Settings:
    """What is configured, and how fences behave."""

    is_guarded: bool = True
    links: int = 2
    fence_works: float = 0.8


class Node:
    """A node: what survives a power cut (`state`, `ran_here`), what survives the manager's death, and what doesn't."""

    def __init__(self, name: str, *, is_primary: bool, links: int) -> None:
        self.name, self.is_primary = name, is_primary
        self.state: State | None = State.STOPPED
        self.ran_here = self.is_running = False
        self.is_on, self.is_paused, self.has_manager = True, False, True
        self.life = 0  # counts power cycles
        self.links = [Heard(Hearing(TIMEOUT, 0.0, 0.0)) for _ in range(links)]
        self.fresh = [Freshness() for _ in range(links)]
        self.new_manager(0.0)

    def new_manager(self, now: float) -> None:
        """A manager starts; its listeners with it."""
        self.incarnation = b"%s%d,%.2f" % (self.name.encode(), self.life, now)
        self.progress, self.round, self.done = Progress(), 0, None
        self.echo: tuple[bytes, int] = (b"", 0)
        self.links = [Heard(Hearing(TIMEOUT, now, now)) for _ in self.links]
        self.fresh = [Freshness() for _ in self.links]
        self.work = 0  # counts works, so that a late end of an older one is told apart

    done: bool | None


class World:
    """Both nodes, the links between them, and what happens when."""

    def __init__(self, seed: int, settings: Settings = Settings()) -> None:
        self.chance, self.settings, self.now = random.Random(seed), settings, 0.0
        self.nodes = [Node("a", is_primary=True, links=settings.links), Node("b", is_primary=False, links=settings.links)]
        self.cut: set[tuple[int, int]] = set()  # sender, link
        self.loss = 0.0
        self.script: Callable[[int, Work], tuple[float, bool]] = self._usual
        self.log: list[str] = []
        self.doubles = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        for index in range(2):
            self.at(self.chance.random(), self._beat, index)
            self.at(self.chance.random() * _PASS, self._pass, index)

    def at(self, after: float, what: Callable[..., None], *arguments: object) -> None:
        """Have something happen after some seconds."""
        heapq.heappush(self._events, (self.now + after, next(self._number), lambda: what(*arguments)))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until:
            self.now, _, happen = heapq.heappop(self._events)
            happen()
            self.doubles += all(node.is_running for node in self.nodes)
        self.now = until

    def say(self, index: int, text: str) -> None:
        """A line of the story."""
        self.log.append(f"{self.now:7.2f} {self.nodes[index].name} {text}")

    def record(self, index: int, state: State) -> None:
        """Write a state file."""
        node = self.nodes[index]
        self.say(index, f"{node.state} → {state}")
        node.state = state
        node.ran_here = node.ran_here or state is State.STARTED

    # -- what happens by itself

    def _beat(self, index: int) -> None:
        node = self.nodes[index]
        self.at(_BEAT * self.chance.uniform(0.98, 1.02), self._beat, index)
        if not node.is_on or node.is_paused or node.state is None:
            return
        ran = frozenset({_SERVICE}) if node.ran_here else frozenset[str]()
        elapsed, stamp = int(self.now + 1e9), int(self.now * 1e9)
        said = Said({_SERVICE: node.state}, elapsed, node.incarnation, stamp, node.round, *node.echo, ran)
        for link in range(self.settings.links):
            if (index, link) not in self.cut and self.chance.random() >= self.loss:
                self.at(self.chance.choice([0.001, 0.05, 0.6]), self._arrive, 1 - index, link, said, self.nodes[1 - index].life)

    def _arrive(self, index: int, link: int, said: Said, life: int) -> None:
        node = self.nodes[index]
        if not node.is_on or node.life != life:
            return
        if node.is_paused:
            self.at(0.2, self._arrive, index, link, said, life)
            return
        node.fresh[link], is_new = node.fresh[link].next(said.elapsed)
        if is_new:
            heard = node.links[link]
            node.links[link] = replace(heard, hearing=replace(heard.hearing, heard=self.now), said=said, count=heard.count + 1)

    def _pass(self, index: int) -> None:
        node = self.nodes[index]
        self.at(_PASS * self.chance.uniform(0.9, 1.1), self._pass, index)
        if not node.is_on or node.is_paused or not node.has_manager:
            return
        node.links = [replace(link, hearing=replace(link.hearing, looked=self.now)) for link in node.links]
        peer = peer_of(node.links, self.now)
        node.round += 1
        node.echo = (peer.said.incarnation, peer.said.round) if peer.said else (b"", 0)
        theirs = peer.said.states[_SERVICE] if peer.said else State.UNKNOWN
        if theirs is State.STARTED:
            node.ran_here = node.state is State.STARTED
        view = View(
            *(node.state, theirs, node.is_primary, peer.liveness, node.round, peer.answered(node.incarnation), peer.count),
            *(node.ran_here, bool(peer.said and peer.said.ran_here), self.settings.is_guarded, peer.slow),
        )
        node.progress, orders = step(node.progress, view, self.now, done=node.done)
        node.done = None
        for order in orders:
            if order.text:
                self.say(index, order.text.format(service=_SERVICE))
            if order.state is not None:
                self.record(index, order.state)
            if order.work:
                self._begin(index, order.work)

    # -- works

    def _usual(self, index: int, work: Work) -> tuple[float, bool]:
        hangs = self.chance.random() < 0.03
        return self.chance.uniform(0.1, 4) + 1000 * hangs, self.chance.random() < 0.93

    def _begin(self, index: int, work: Work) -> None:
        node = self.nodes[index]
        node.work += 1
        if work is Work.FENCE:
            works = self.chance.random() < self.settings.fence_works
            if works:
                self.at(self.chance.uniform(0.1, 2), self._struck, index, node.life)
            self.at(self.chance.uniform(2, 4), self._ended, index, (node.life, node.work, node.incarnation), works)
            return
        took, succeeds = self.script(index, work)
        node.is_running = node.is_running or work is Work.START
        self.at(took, self._script_ended, index, (node.life, node.work, node.incarnation), work, succeeds)

    def _struck(self, by: int, life: int) -> None:
        # A fence device carries out what it was told, whether or not who told it still lives; before it confirms.
        self.power_off(1 - by)

    def _script_ended(self, index: int, begun: tuple[int, int, bytes], work: Work, succeeds: bool) -> None:
        node = self.nodes[index]
        if node.life == begun[0] and node.is_on and work is Work.STOP and succeeds:
            node.is_running = False
        self._ended(index, begun, succeeds)

    def _ended(self, index: int, begun: tuple[int, int, bytes], succeeds: bool) -> None:
        node = self.nodes[index]
        if (node.life, node.work, node.incarnation) == begun:
            node.done = succeeds

    # -- what is done to nodes

    def power_off(self, index: int, back_after: float = 25.0) -> None:
        """A node dies, and comes back."""
        node = self.nodes[index]
        if node.is_on:
            self.say(index, "is off")
            node.is_on, node.is_running, node.life = False, False, node.life + 1
            self.at(back_after, self.boot, index)

    def boot(self, index: int) -> None:
        """A node is back: the tree's start records STOPPED where the service was not frozen."""
        node = self.nodes[index]
        node.is_on, node.is_paused, node.has_manager = True, False, True
        node.state = node.state if node.state is State.FROZEN_STOP else State.STOPPED
        node.new_manager(self.now)
        self.say(index, f"is back, {node.state}")

    def pause(self, index: int, seconds: float) -> None:
        """A node stands still, as a virtual machine that is moved."""
        self.nodes[index].is_paused = True
        self.at(seconds, self._resume, index)

    def _resume(self, index: int) -> None:
        self.nodes[index].is_paused = False

    def kill_manager(self, index: int, back_after: float) -> None:
        """The manager dies, and a new one takes up what it left."""
        self.nodes[index].has_manager = False
        self.say(index, "has no manager")
        self.at(back_after, self._manage, index, self.nodes[index].life)

    def _manage(self, index: int, life: int) -> None:
        node = self.nodes[index]
        if not node.is_on or node.life != life or node.has_manager:
            return
        is_grace = node.progress.stage in (Stage.GRACE, Stage.FENCING)
        left = recovered(node.state, is_grace=is_grace)
        node.new_manager(self.now)
        node.has_manager = True
        if left is not None:
            self.record(index, left)

    def command(self, index: int, word: str) -> None:
        """What a person asks for: stop, freeze-stop, unfreeze."""
        node = self.nodes[index]
        if not node.is_on or node.is_paused:
            return
        if word == "unfreeze" and node.state is State.FROZEN_STOP:
            self.record(index, State.STOPPED)
        if word == "freeze-stop" and node.state is State.STOPPED and node.progress.stage is Stage.IDLE:
            self.record(index, State.FROZEN_STOP)
        if word == "stop" and node.state is State.STARTED and node.progress.stage is Stage.IDLE:
            self.record(index, State.STOPPING)
            took, succeeds = self.script(index, Work.STOP)
            self.at(took, self._commanded, index, node.life, succeeds)

    def _commanded(self, index: int, life: int, succeeds: bool) -> None:
        node = self.nodes[index]
        if node.life == life and node.is_on and node.state is State.STOPPING:
            node.is_running = node.is_running and not succeeds
            self.record(index, State.STOPPED if succeeds else State.STOP_FAILED)
