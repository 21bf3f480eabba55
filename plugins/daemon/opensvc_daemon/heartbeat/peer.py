"""A peer: its life, and when it was heard, and known to be alive, over which link."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from opensvc_daemon.heartbeat.beat import Beat, Echo, Seen
from opensvc_daemon.heartbeat.own import Answer
from opensvc_daemon.heartbeat.replay import Life, Verdict
from opensvc_daemon.heartbeat.terms import Terms
from opensvc_daemon.heartbeat.views import Contact, LinkView, PeerView


class Reception(NamedTuple):
    """The highest counter that came over a link, when, and a moment at which the peer is proven by it to have been alive and to hear us."""

    counter: int
    at: float
    proven: float | None


@dataclass(frozen=True)
class Peer:
    """One peer. `since`: when we began to listen to it; `hears`: the links that it says to hear us over; `refusal`: what came under its
    name and could not be read, and when."""

    since: float
    life: Life = field(default_factory=Life)
    receptions: Mapping[int, Reception] = field(default_factory=dict)
    beat: Beat | None = None
    hears: frozenset[int] = frozenset()
    refusal: tuple[str, float] | None = None

    def received(self, link: int, beat: Beat, answer: Answer, own: int, now: float) -> tuple[Peer, Verdict]:
        """What becomes of it by a beat; `own`: our counter."""
        life, verdict = self.life.heard(Echo(beat.incarnation, beat.counter), answer.counter, own)
        if not verdict.is_believed:
            return replace(self, life=life), verdict
        before = self.receptions if life.incarnation == self.life.incarnation else {}
        receptions = _heard(before, link, Reception(beat.counter, now, answer.proven))
        if verdict is not Verdict.NEW:
            return replace(self, life=life, receptions=receptions), verdict
        return replace(self, life=life, receptions=receptions, beat=beat, hears=answer.links), verdict

    def over(self, links: Collection[int], now: float) -> Peer:
        """The same where only some links are left; with none of those that it was heard over, listening begins anew."""
        left = {link: each for link, each in self.receptions.items() if link in links}
        return replace(self, receptions=left, since=self.since if left else now)

    def seen(self, merged: int, now: float, terms: Terms) -> Seen | None:
        """What our next beat says of it; None: no life of it is believed."""
        if self.life.incarnation is None:
            return None
        links = frozenset(link for link in self.receptions if self._is_beating(link, now, terms))
        return Seen(self.life.incarnation, self.life.highest, merged, links)

    def view(self, links: Iterable[int], listening: float | None, now: float, terms: Terms) -> PeerView:
        """What is known of it; `listening`: when we began to listen without a pause, None: we are waking from one."""
        last = max((each.at for each in self.receptions.values()), default=None)
        silent = max(self.since, listening if listening is not None else now, last if last is not None else self.since)
        contact = self._contact(last, silent, now, terms)
        return PeerView(
            contact,
            silent + terms.timeout if contact is Contact.STALE else None,
            last,
            self.beat,
            {link: self._link(link, now, terms) for link in links},
            self._finding(contact, now, terms),
        )

    def _contact(self, last: float | None, silent: float, now: float, terms: Terms) -> Contact:
        if any(self._is_proven(link, now, terms) for link in self.receptions):
            return Contact.BEATING
        if last is not None and now - last < terms.timeout:
            return Contact.ONE_WAY
        return Contact.LISTENING if now - silent < terms.timeout else Contact.STALE

    def _link(self, link: int, now: float, terms: Terms) -> LinkView:
        known = self.receptions.get(link)
        is_two_way = link in self.hears and self._is_proven(link, now, terms)
        return LinkView(known.at if known else None, self._is_beating(link, now, terms), is_two_way)

    def _is_beating(self, link: int, now: float, terms: Terms) -> bool:
        known = self.receptions.get(link)
        return known is not None and now - known.at < terms.timeout

    def _is_proven(self, link: int, now: float, terms: Terms) -> bool:
        known = self.receptions.get(link)
        return known is not None and known.proven is not None and now - known.proven < terms.timeout

    def _finding(self, contact: Contact, now: float, terms: Terms) -> str:
        if contact is Contact.BEATING:
            return ""
        if self.refusal and now - self.refusal[1] < terms.timeout:
            return self.refusal[0]
        return "another life of it was heard and has not answered yet" if self.life.challenges else ""


def _heard(receptions: Mapping[int, Reception], link: int, new: Reception) -> Mapping[int, Reception]:
    """A link is heard by what is newer than all before on it; what it delivers twice says nothing about now."""
    known = receptions.get(link)
    return receptions if known and known.counter >= new.counter else {**receptions, link: new}
