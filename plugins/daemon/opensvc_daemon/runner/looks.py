"""Looks: which services are to be looked at, by which worker, and what becomes of a look that hangs."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from opensvc_daemon.clock import now
from opensvc_daemon.runner.crew import Crew, Member
from opensvc_daemon.runner.descendants import kill_with_descendants
from opensvc_daemon.runner.jobs import Tell
from opensvc_daemon.runner.learning import Learning
from opensvc_daemon.runner.loop import Loop, Timer
from opensvc_daemon.runner.worker import READING, MakeNode, Progress, working

# Seconds after which the other services are looked at by another worker.
_PATIENCE: Final = 1.0
# Seconds between looks at what the workers are at, while one is busy.
_CHECK: Final = 0.1
# Workers at the same time, those that hang included.
_MOST: Final = 4
_NOT_OF_A_RESOURCE: Final = "its file, or a plugin,"
# Seconds that an idle worker stays: it takes 10 MB, and another one has looked in 30 ms.
_LINGER: Final = 5.0


class Ticket:
    """A request for looks: `left` are the services that it still waits for; `limit` how long each may take, None: as their drivers say."""

    def __init__(self, do: str, services: Iterable[str], round_: int, tell: Tell, limit: float | None) -> None:
        self.do, self.left, self.round, self.tell, self.limit = do, set(services), round_, tell, limit


class Look:
    """A look at one service that was asked for, for all those tickets."""

    def __init__(self, service: str, ticket: Ticket) -> None:
        self.service, self.do, self.round, self.tickets = service, ticket.do, ticket.round, [ticket]

    @property
    def limit(self) -> float | None:
        """Seconds that it may take, as the least patient of the tickets has it."""
        return min((ticket.limit for ticket in self.tickets if ticket.limit is not None), default=None)


class Hand:
    """A worker, as the runner sees it."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.member: Member | None = None
        self.look: Look | None = None
        self.began = 0.0
        self.is_cold = False
        # the service that it was given up for, and when
        self.given_up: tuple[str, float] | None = None


class Looks:
    """All looks. `seen(service, answer)` is told each answer before those who asked are."""

    def __init__(
        self, loop: Loop, crew: Crew, make_node: MakeNode, learning: Learning, seen: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._loop, self._crew, self._make_node, self._learning, self._seen = loop, crew, make_node, learning, seen
        self._queue: deque[Look] = deque()
        self._hands: list[Hand] = []
        self._rounds = 0
        self._check: Timer | None = None
        self._linger: Timer | None = None

    def ask(self, do: str, services: Sequence[str], tell: Tell, limit: float | None = None) -> None:
        """Look at services (`do` is `status`), or at what they do by schedule (`schedule`)."""
        self._rounds += 1
        ticket = Ticket(do, services, self._rounds, tell, limit)
        if not ticket.left:
            tell(tell="done", code=0, why="")
        waiting = {(look.service, look.do): look for look in self._queue}
        for service in services:
            look = waiting.get((service, do)) or Look(service, ticket)
            if (service, do) in waiting:
                look.tickets.append(ticket)
                look.round = ticket.round
            if len(services) == 1:  # something has happened: before those that are looked at in a row
                self._queue = deque([look, *(other for other in self._queue if other is not look)])
            elif (service, do) not in waiting:
                self._queue.append(look)
        self._go_on()

    def is_asked(self, service: str) -> bool:
        """Whether a look at the service is under way, or will be."""
        return any(look.service == service for look in self._queue) or any(
            hand.look and hand.look.service == service for hand in self._hands
        )

    def end(self) -> None:
        """The workers end, with what they run."""
        for hand in self._hands:
            if hand.member:
                kill_with_descendants(hand.member.pid)

    # -- handing out

    def _go_on(self) -> None:
        while self._queue and (look := self._next()) is not None:
            hand = self._free_hand()
            if hand is None or hand.member is None:
                break
            self._queue.remove(look)
            hand.look, hand.began = look, now()
            hand.progress.note("", look.limit or READING)
            with suppress(OSError):  # one that has just died is told of by its end
                hand.member.channel.send({"do": look.do, "service": look.service, "round": look.round, "limit": look.limit or READING})
        if self._check is None and (self._queue or any(hand.look for hand in self._hands)):
            self._check = self._loop.after(_CHECK, self._look_after)

    def _next(self) -> Look | None:
        """The next one, of a service that nobody is looking at: of one that hangs, another look would hang as well."""
        busy = {hand.look.service for hand in self._hands if hand.look} | {hand.given_up[0] for hand in self._hands if hand.given_up}
        return next((look for look in self._queue if look.service not in busy), None)

    def _free_hand(self) -> Hand | None:
        living = [hand for hand in self._hands if hand.given_up is None]
        if idle := next((hand for hand in living if hand.look is None), None):
            return idle
        return self._hire() if len(living) < _MOST and all(now() - hand.began >= _PATIENCE for hand in living) else None

    def _hire(self) -> Hand | None:
        hand = Hand(Progress())
        try:
            hand.member = self._crew.fork(working(self._make_node, hand.progress), lambda code: self._ended(hand, code))
        except OSError:  # no memory, too many processes: later
            self._check = self._check or self._loop.after(_PATIENCE, self._look_after)
            return None
        self._loop.attend(hand.member.channel.fileno(), lambda: self._read(hand))
        self._hands.append(hand)
        return hand

    # -- answers

    def _read(self, hand: Hand) -> None:
        assert hand.member is not None
        try:
            is_open = hand.member.channel.pull()
        except ConnectionError:
            is_open = False
        if not is_open:
            self._loop.leave(hand.member.channel.fileno())
        for answer in hand.member.channel.pending():
            self._answered(hand, answer)

    def _answered(self, hand: Hand, answer: dict[str, Any]) -> None:
        look, hand.look = hand.look, None
        if look is None:
            return
        hand.is_cold |= self._learning.learn(answer.pop("modules", []))
        self._tell(look, answer)
        self._go_on()
        self._rest()

    def _tell(self, look: Look, answer: dict[str, Any]) -> None:
        self._seen(look.service, answer)
        for ticket in look.tickets:
            if answer["tell"] is not None:
                ticket.tell(**answer)
            ticket.left.discard(look.service)
            if not ticket.left:
                ticket.tell(tell="done", code=0, why="")

    # -- what hangs, what ends

    def _look_after(self) -> None:
        self._check = None
        for hand in self._hands:
            if hand.look is not None and (why := self._overdue(hand, hand.look)):
                self._give_up(hand, hand.look, *why)
        held = {hand.given_up[0] for hand in self._hands if hand.given_up and now() - hand.given_up[1] >= _PATIENCE}
        for look in [look for look in self._queue if look.service in held]:
            self._queue.remove(look)
            self._tell(look, undefined(look, "", "the kernel still holds the process that looked at it before", now()))
        self._go_on()

    def _overdue(self, hand: Hand, look: Look) -> tuple[str, str] | None:
        """The resource that a worker has been looking at for too long, and what to say of it."""
        progress = hand.progress.read()
        if progress is None:
            return None
        rid, limit, since = progress
        if look.limit is not None:
            limit, since = look.limit, hand.began
        if now() - since < limit:
            return None
        return rid, f"{rid or _NOT_OF_A_RESOURCE} did not answer within {limit:g} s"

    def _give_up(self, hand: Hand, look: Look, rid: str, why: str) -> None:
        assert hand.member is not None
        hand.given_up, hand.look = (look.service, now()), None
        kill_with_descendants(hand.member.pid)
        self._tell(look, undefined(look, rid, why, hand.began))

    def _ended(self, hand: Hand, code: int) -> None:
        assert hand.member is not None
        for answer in hand.member.messages():
            self._answered(hand, answer)
        self._loop.leave(hand.member.channel.fileno())
        self._hands.remove(hand)
        look, hand.look = hand.look, None
        if look is not None:
            progress = hand.progress.read()
            rid = progress[0] if progress else ""
            how = f"signal {-code}" if code < 0 else f"code {code}"
            self._tell(
                look, undefined(look, rid, f"{rid or _NOT_OF_A_RESOURCE} has ended the process that looked at it ({how})", hand.began)
            )
        self._go_on()

    def _rest(self) -> None:
        """Keep one idle worker for what comes next, not for ever; one that lacks what was imported since is replaced then."""
        idle = [hand for hand in self._hands if hand.look is None and hand.given_up is None]
        for hand in idle:
            if hand is not idle[0] or hand.is_cold:
                self._dismiss(hand)
        if self._linger:
            self._linger.call_off()
        self._linger = self._loop.after(_LINGER, self._dismiss_idle)

    def _dismiss_idle(self) -> None:
        for hand in self._hands:
            if hand.look is None and hand.given_up is None:
                self._dismiss(hand)

    def _dismiss(self, hand: Hand) -> None:
        assert hand.member is not None
        hand.given_up = ("", now())
        hand.member.signal(signal.SIGKILL)


def undefined(look: Look, rid: str, why: str, began: float) -> dict[str, Any]:
    """What is told of a service that could not be looked at to the end: nobody knows, and that is never `down`."""
    if look.do == "schedule":
        return {"tell": "schedule", "service": look.service, "began": began, "rows": [], "why": why}
    resources = {rid: {"status": "undef", "label": rid, "log": [f"error: {why}"], "watches": []}} if rid else {}
    status = {"version": 1, "path": look.service, "avail": "undef", "overall": "undef", "resources": resources}
    return {"tell": "status", "service": look.service, "began": began, "status": status, "why": why}
