"""The process: takes what the monitor says and what the links bring, and says, renews, pets and tells what is due.

Each round reads the clock, hears all that has arrived, and then does what is due. A message is counted from a moment read after it arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Final

from opensvc_daemon.beat import words
from opensvc_daemon.beat.keeping import Holdings, LeaseFile, VotersFile
from opensvc_daemon.beat.leases import HELD, Leases
from opensvc_daemon.beat.lines import Lines
from opensvc_daemon.beat.loop import Loop
from opensvc_daemon.beat.outside import Outsiders
from opensvc_daemon.beat.pace import Pace
from opensvc_daemon.beat.petting import Petting
from opensvc_daemon.beat.report import Report
from opensvc_daemon.beat.setup import Setup
from opensvc_daemon.beat.stopper import Stopper
from opensvc_daemon.beat.talk import Life, Pulse, Talk
from opensvc_daemon.beat.voting import Voting
from opensvc_daemon.heartbeat.errors import HeartbeatError
from opensvc_daemon.heartbeat.views import Contact, PeerView
from opensvc_daemon.lease.membership import Membership
from opensvc_daemon.lease.messages import Owner, Release, Request

# Seconds that the last beats have to go out.
LINGER: Final = 0.2


class Process:
    """One life of the beat process.

    Parameters:
        configuration: reads the setup; raises OpensvcError.
        report: how it tells.
    """

    def __init__(
        self,
        owner: Owner,
        loop: Loop,
        stopper: Stopper,
        files: tuple[LeaseFile, VotersFile],
        *,
        configuration: Callable[[], Setup],
        report: Report,
        clock: Callable[[], float],
    ) -> None:
        self.node, self._loop, self._stopper, self._clock = owner.node, loop, stopper, clock
        self._configuration, self.report = configuration, report
        self._lease_file, self._voters_file = files
        self.setup = Setup(owner.node)
        self.lines = Lines(news=loop.wake, clock=clock)
        self.petting = Petting(self.report.say)
        self.outsiders = Outsiders(owner.node, news=loop.wake)
        self.leases = Leases(owner, self.setup.lease_terms, self)
        self.voting = Voting(owner.node, None, self._adopt)
        self.talk: Talk | None = None
        self.pulse, self._pulsed, self._begun = Pulse(), -inf, -inf
        self.pace = Pace()
        self._contacts: dict[str, PeerView] = {}
        self._leaves: float | None = None
        self._is_called_off = False

    # -- its life

    def start(self) -> None:
        """Go on with what an earlier process held."""
        self._read()
        holdings = self._lease_file.read()
        if holdings is None:
            return
        now = self._clock()
        self.leases.restore(holdings, now)
        if self.leases.membership is not None:
            self.leases.adopt(self.leases.membership, now)
        held = [service for service, known in self.leases.known.items() if known.state == HELD]
        if held:
            self.report.say("warning", f"begins again while it holds leases: {', '.join(held)}")
            self._rearm()

    @property
    def is_done(self) -> bool:
        """It was told to leave, and nothing keeps it."""
        is_kept = not self.leases.is_idle or self._has_lease_news or self.petting.is_armed
        return self._leaves is not None and not is_kept and self._clock() >= self._leaves

    def call_off(self) -> None:
        """Leave with the next turn. For signals."""
        self._is_called_off = True
        self._loop.wake()

    def leave(self) -> None:
        """End when nothing is held any more; from now on no beats go out but the last ones."""
        if self._leaves is None:
            now = self._clock()
            self._leaves = now + LINGER
            self._speak(now, is_news=True)
            self.pace.want_news()

    def close(self) -> None:
        """Free what it has."""
        self.lines.close()
        if self.report.door is not None:
            self.report.door.close()

    # -- a round

    def round(self) -> None:
        """Do what is due, and wait for what comes next."""
        self.turn()
        self._loop.wait(self.deadline() - self._clock())

    def turn(self) -> None:
        """Do what is due."""
        now = self._clock()
        if self._is_called_off:
            self._is_called_off = False
            self.leave()
        if self.talk is not None:
            self.talk.tick(now)
        self._hear()
        self._hear_outside()
        now = self._clock()
        self._refresh(now)
        self._keep_leases(now)
        if self.pace.is_due(now, has_news=self._has_news(now)):
            self._speak(now, is_news=self._has_news(now))
        if now - self._pulsed < self.setup.terms.timeout:  # a monitor that is silent would only have its socket filled
            self.report.tell(self.talk, self._contacts, self.lines, self.leases.known, now)

    def deadline(self) -> float:
        """When the next turn is due, if nothing comes before it."""
        now = self._clock()
        moments = [
            self.pace.due(has_news=self._has_news(now)),
            self.leases.deadline(),
            self._stopper.deadline(),
            self.petting.deadline(),
            inf if self._leaves is None or self._leaves < now else self._leaves,
            self.talk.changes(now) if self.talk else inf,
        ]
        return min(moments)

    def _hear(self) -> None:
        if self.talk is None:
            return
        for line, address, data in self.lines.arrivals():
            now = self._clock()
            heard = self.talk.hear(line.number, data, now)
            if heard.is_idle:
                line.gate.was_bad(address)
            else:
                line.gate.was_good(address)
            if heard.is_twin and now - self._begun > self.setup.terms.timeout:  # else it may be of our life before
                self.report.say_once("error", f"another node speaks under the name {self.node}, or this one has begun twice")
            if heard.life:
                self.report.lateness.heard(heard.node, line.name, heard.life, line.link.interval, now)
            if heard.is_new:
                self._heed(heard.node, heard.lease, now)
            elif heard.is_strange:
                self.pace.want_soon(now, self.setup.terms.interval)

    def _hear_outside(self) -> None:
        for name, said in self.outsiders.arrivals():
            self.voting.heard(name, said.epoch, None)
            if said.why:
                self.report.say_once("warning", f"arbitrator {name}: {said.why}")
            for answer in said.answers:
                self.leases.answered_outside(answer, self._clock())

    def _heed(self, node: str, lease: Any, now: float) -> None:
        """What a peer says of leases."""
        try:
            saying = words.read(lease)
        except HeartbeatError as error:
            self.report.say_once("warning", f"{node}: {error}")
            return
        if saying is not None:
            self.voting.heard(node, saying.epoch, saying.membership)
            self.leases.heard(node, saying, now)

    def _refresh(self, now: float) -> None:
        self._contacts = self.talk.view(now) if self.talk else {}
        if self.talk is not None and self.talk.replaced():
            self.report.say_once("info", "all nodes use the new secret: cluster.secret may be set to what cluster.next_secret says")
        if self.talk is not None and self.talk.peers.is_overtaken:
            self._be_overtaken("peers have heard beats of this life that it did not send")

    def _be_overtaken(self, why: str) -> None:
        self.report.say("error", f"a new life has to begin: {why}")
        self.talk = None
        self.report.tell_once({"tell": "overtaken"})

    def _keep_leases(self, now: float) -> None:
        self.voting.drive(self._beating() | self.outsiders.answering, now)
        self.leases.tick(now)
        for service, code in self._stopper.tick(now):
            if code == 0:
                self.report.say("info", "stopped, as its lease has ended", service)
                self.leases.stopped(service, self._clock())
            else:
                self.report.say("error", f"the stop after the end of its lease has failed ({code}); it is tried again", service)
        self.petting.tick(self.leases, self._clock())

    def _beating(self) -> set[str]:
        return {name for name, view in self._contacts.items() if view.contact is Contact.BEATING}

    # -- to say

    def _speaks(self, now: float) -> bool:
        """Whether beats go out: the monitor of this node is alive, and says so."""
        is_here = self._leaves is None or now < self._leaves
        return self.talk is not None and is_here and now - self._pulsed < self.setup.terms.timeout

    @property
    def _has_lease_news(self) -> bool:
        return self.talk is not None and self.leases.has_something_to_say

    def _has_news(self, now: float) -> bool:
        return self._has_lease_news or (self.pace.has_news and self._speaks(now))

    def _speak(self, now: float, *, is_news: bool) -> None:
        """Send a beat; or, while the monitor is silent, what is to be said of leases."""
        self.pace.spoke(now, self.setup.terms.interval)
        if self.leases.membership is not None:
            self.outsiders.teach(self.leases.membership, self.voting.knows)
        if self.talk is None:
            return
        try:
            data = self._beat(self.talk, now) if self._speaks(now) else self._aside(self.talk)
        except HeartbeatError as error:
            self.report.say_once("error", f"no beat: {error}")
            return
        if data:
            self.lines.send(data, now, is_news=is_news, interval=self.setup.terms.interval)

    def _beat(self, talk: Talk, now: float) -> bytes:
        return talk.beat(self.pulse, self._lease(talk.room(self.pulse, now)), now)

    def _aside(self, talk: Talk) -> bytes:
        """Nothing where nothing is to be said."""
        if self.leases.is_idle and not self.leases.has_something_to_say:
            return b""
        return talk.aside(self._lease(talk.room_aside()))

    def _lease(self, room: int) -> Any:
        shows_voters = any(self.voting.is_behind(name) for name in self._beating())
        saying = self.leases.say(self.voting.epoch, room, shows_voters=shows_voters)
        return () if saying is None else words.written(saying)

    # -- what the monitor wants

    def begin(self, life: Life) -> None:
        """A new life: of the configuration as it is now."""
        self._leaves, self.talk = None, None
        self.report.begin()
        self._read()
        now = self._clock()
        if self.setup.keyring is not None:
            self.talk = Talk(self.setup, self.setup.keyring, self.lines.numbers, life, now)
        self.pulse, self._pulsed, self._begun = Pulse(), now, now
        self.pace.want_news()

    def configure(self) -> None:
        """Go on with the configuration as it is now."""
        before = self.setup
        self._read()
        if self.talk is None or self.setup.keyring is None or self.setup.cluster != before.cluster:
            if self.setup.keyring is not None or self.talk is not None:
                self._be_overtaken("the cluster or its secret is another one")
            return
        self.talk.configure(self.setup, self.setup.keyring, self.lines.numbers, self._clock())
        self.pace.want_news()

    def feel(self, pulse: Pulse) -> None:
        """The monitor is alive; what it says anew goes out at once."""
        now = self._clock()
        was_silent = now - self._pulsed >= self.setup.terms.timeout
        if pulse != self.pulse or was_silent:
            self.pace.want_news()
        if was_silent:
            self.report.begin()
        self.pulse, self._pulsed = pulse, now

    def ask(self, service: str) -> None:
        """Have the lease of a service."""
        self.leases.ask(service, self._clock())

    def release(self, service: str) -> None:
        """Give it back."""
        self.leases.release(service, self._clock())

    def _read(self) -> None:
        """Take the configuration as it is now; the earlier one stays where it can't be read."""
        try:
            setup = self._configuration()
        except Exception as error:  # noqa: BLE001 - whatever a file or a plugin does, leases go on
            self.report.say("error", f"the configuration can't be used: {error}")
            return
        for finding in setup.findings:
            self.report.say_once("warning", finding)
        if setup.id != self.setup.id:
            self._join(setup)
        self.setup = setup
        self._stopper.limit = setup.lease_terms.stop_limit
        self.outsiders.configure(setup.arbitrators)
        self.voting.configure(setup.voters, setup.lease_terms, [place.name for place in setup.arbitrators])
        self.leases.configure(setup.lease_terms)
        self.petting.configure(setup.watchdog)
        self.lines.configure(setup.links)

    def _join(self, setup: Setup) -> None:
        """Another cluster has other voters."""
        self.leases.forget_voters()
        try:
            known = self._voters_file.read(setup.id)
        except ValueError as error:
            self.report.say("error", str(error))
            known = None
        self.voting = Voting(self.node, known, self._adopt)
        if known is not None:
            self.leases.adopt(known, self._clock())

    def _adopt(self, membership: Membership) -> bool:
        """Store a list of voters, then count by it; False: it can't be stored."""
        try:
            self._voters_file.write(self.setup.id, membership)
        except OSError as error:
            self.report.say_once("error", f"the list of voters can't be stored, the earlier one holds: {error}")
            return False
        self.leases.adopt(membership, self._clock())
        self.pace.want_news()
        return True

    # -- hands of the leases

    def say(self, level: str, text: str, service: str = "") -> None:
        """See `Hands`."""
        self.report.say(level, text, service)

    def keep(self, holdings: Holdings) -> None:
        """See `Hands`."""
        self._lease_file.write(holdings)

    def stop(self, service: str) -> None:
        """See `Hands`."""
        self._stopper.begin(service)

    def ask_outside(self, request: Request) -> None:
        """See `Hands`."""
        self.outsiders.ask(request)

    def release_outside(self, release: Release) -> None:
        """See `Hands`."""
        self.outsiders.release(release)

    def arm(self) -> None:
        """See `Hands`."""
        self.petting.arm()

    def _rearm(self) -> None:
        try:
            self.petting.arm()
        except OSError as error:
            self.report.say("error", f"the watchdog can't be used: {error}")
