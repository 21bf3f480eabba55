"""The conformance suite of heartbeats: what every link promises, tried between two nodes that live in one process.

A link's test module subclasses it, and makes the two ends:

    class TestUnicast(LinkConformance):
        def ends(self):
            n1, n2 = ({"addr": address, "interval": 0.2} for address in ("127.0.0.1", "127.0.0.2"))
            return made(UnicastLink, n1, n2)

A link that carries data too subclasses `DataConformance`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import active_count
from typing import Any, Final

import pytest

from opensvc_core.driver.cluster import LARGEST_BEAT, LARGEST_DATA, HeartbeatLink, LinkPlace
from opensvc_core.testing.hearing import (
    SOON,
    Heard,
    begin,
    carried,
    data_of,
    give,
    hearing,
    open_files,
    open_files_settled,
    peer_of,
    quietly,
    taking,
    until,
)
from opensvc_core.testing.judging import kept
from opensvc_core.testing.report import looks_at
from opensvc_core.testing.suite import Trial

# A wake-up, and a beat that is sent, are for at once; on a busy machine that is no less than this.
AT_ONCE: Final = 1.0
# A machine may stand still once: what is for at once is so in one of these tries.
_TRIES: Final = 4
# How long a message may take that nobody takes, in seconds.
_GIVEN_UP: Final = 5.0
_GROUP: Final = 6

Ends = tuple[HeartbeatLink, HeartbeatLink]


def made(cls: type[HeartbeatLink], first: Mapping[str, Any], second: Mapping[str, Any]) -> Ends:
    """A link of the nodes n1 and n2, each with its values of the section."""
    return (
        cls(LinkPlace("hb#1", "n1", "conformance", {"n2": second}), first),
        cls(LinkPlace("hb#1", "n2", "conformance", {"n1": first}), second),
    )


class LinkConformance(Trial):
    """The promises of a link that carries beats."""

    def ends(self) -> Ends:
        """The two ends of a link between n1 and n2, made anew by each call; they can be constructed while others are open."""
        raise NotImplementedError("a conformance suite needs its link: def ends(self) -> (link of n1, link of n2)")

    @pytest.fixture
    def link(self) -> Iterator[Ends]:
        """The two ends, closed after the test."""
        first, second = self.ends()
        yield first, second
        first.close()
        second.close()

    # -- beats

    @looks_at("send", "receive")
    def test_beats_arrive_as_they_were_sent(self, link: Ends) -> None:
        """Both ways, of any bytes, up to the largest."""
        for sender, receiver in (link, link[::-1]):
            with hearing(receiver) as heard:
                begin(sender, heard)
                for beat in (b"\0", os.urandom(700), bytes(range(256)), b"\xff" * LARGEST_BEAT):
                    carried(sender, heard, beat)

    @looks_at("send", "receive")
    def test_only_what_was_sent_is_delivered(self, link: Ends) -> None:
        """No beat is made up, cut, or one's own; the last one sent is the last one heard."""
        first, second = link
        with hearing(first) as own, hearing(second) as heard:
            begin(first, heard)
            sent = [os.urandom(40) for _ in range(10)]
            for beat in sent:
                first.send(beat)
                time.sleep(0.02)
            kept(until(lambda: heard.beats[-1] == sent[-1]), "the last beat sent is heard", f"heard {len(heard.beats)} beats")
            strange = [beat for beat in heard.beats if beat not in sent and not beat.startswith(b"begin")]
            kept(not strange, "only what was sent is heard", f"also {strange}")
            kept(not own.beats, "a node does not hear itself", f"it heard {own.beats}")

    @looks_at("receive")
    def test_the_address_is_told(self, link: Ends) -> None:
        """Each beat comes with a text that says from where."""
        first, second = link
        with hearing(second) as heard:
            begin(first, heard)
            kept(all(isinstance(one, str) and one for one in heard.addresses), "a beat has an address", f"it has {heard.addresses}")

    @looks_at("send")
    def test_to_send_is_not_to_wait(self, link: Ends) -> None:
        """Also where nobody hears it."""
        first, _ = link
        late: list[float] = []
        for number in range(50):
            begun = time.monotonic()
            quietly(first.send, b"beat %d" % number)
            if (seconds := time.monotonic() - begun) >= AT_ONCE:
                late.append(seconds)
            kept(len(late) < _TRIES, "send waits for nothing", f"beats took {late} s to send")

    @looks_at("send")
    def test_too_large_a_beat_is_refused(self, link: Ends) -> None:
        """Rather than cut or sent in pieces."""
        first, second = link
        with hearing(second) as heard:
            begin(first, heard)
            before = len(heard.beats)
            with pytest.raises((ValueError, OSError)):
                first.send(b"x" * (LARGEST_BEAT + 1))
            carried(first, heard, b"after")
            kept(set(heard.beats[before:]) == {b"after"}, "nothing of too large a beat arrives", f"{heard.beats[before:]} did")

    @looks_at("send")
    def test_without_peers_there_is_nobody_to_send_to(self, link: Ends) -> None:
        """And nothing to complain of."""
        first, _ = link
        alone = type(first)(first.place._replace(peers={}), first.values)
        try:
            alone.send(b"beat")
        finally:
            alone.close()

    # -- ends

    @looks_at("__init__")
    def test_to_construct_opens_nothing(self, link: Ends) -> None:
        """No descriptor, no thread: whoever compares configurations makes many."""
        before = open_files(), active_count()
        links = [self.ends() for _ in range(3)]
        # fewer: what an earlier test left has ended meanwhile; more for a moment: it goes on
        is_same = until(lambda: open_files() <= before[0] and active_count() <= before[1])
        after = open_files(), active_count()
        for one in (one for pair in links for one in pair):
            one.close()
        kept(is_same, "to construct a link opens nothing", f"descriptors and threads were {before}, are {after}")

    @looks_at("receive", "wake", "close")
    @pytest.mark.parametrize("how", ["stopped", "closed"])
    def test_receiving_ends_at_once_and_leaves_nothing(self, link: Ends, how: str) -> None:
        """Also while nothing arrives; and what was opened is closed."""
        first, second = link
        with hearing(second) as heard:
            begin(first, heard)
            first.close()
        settled = open_files_settled()
        taken: list[float] = []
        while not taken or (taken[-1] >= AT_ONCE and len(taken) < _TRIES):
            receiver = second if len(taken) == 0 else self.ends()[1]
            with hearing(receiver) as heard:
                time.sleep(0.1)
                taken.append(_ends(heard, receiver.close if how == "closed" else heard.stop))
            kept(heard.error is None, f"receiving ends without an error when it is {how}", f"it raised {heard.error!r}")
            receiver.close()
        kept(taken[-1] < AT_ONCE, f"receiving ends at once when it is {how}", f"it took {taken} s")
        kept(until(lambda: open_files() <= settled), "what was opened to receive is closed", f"{open_files()} descriptors, not {settled}")

    @looks_at("receive", "wake")
    def test_receiving_goes_on_after_a_wake(self, link: Ends) -> None:
        """It looks, and finds that nobody wants it to stop."""
        first, second = link
        with hearing(second) as heard:
            begin(first, heard)
            for number in range(20):
                second.wake()
                carried(first, heard, b"beat %d" % number)

    @looks_at("receive")
    def test_receiving_can_begin_again(self, link: Ends) -> None:
        """After a stop it is as if it were the first time."""
        first, second = link
        for number in range(3):
            with hearing(second) as heard:
                begin(first, heard)
                carried(first, heard, b"beat %d" % number)

    @looks_at("receive")
    def test_what_deliver_raises_ends_receiving(self, link: Ends) -> None:
        """Who receives is told, and all is closed."""
        first, second = link

        def refuse(_address: str, _beat: bytes) -> None:
            raise KeyError("deliver")

        with hearing(second, refuse) as heard:

            def is_ended() -> bool:
                quietly(first.send, os.urandom(8))
                return heard.ended(0.05)

            kept(until(is_ended), "what deliver raises ends it", "it goes on")
            kept(isinstance(heard.error, KeyError), "what deliver raises is what receive raises", f"it raised {heard.error!r}")
        with hearing(second) as heard:
            begin(first, heard)

    @looks_at("close", "send", "receive")
    def test_a_closed_link_stays_closed(self, link: Ends) -> None:
        """It may be closed twice; it sends and receives nothing."""
        first, second = link
        with hearing(second) as heard:
            begin(first, heard)
            first.close()
            first.close()
            with pytest.raises(OSError, match=r"."):
                first.send(b"late")
        with hearing(first) as heard:
            kept(heard.ended(), "a closed link receives nothing", "it receives")

    # -- what is told

    @looks_at("configured")
    def test_what_is_configured_can_be_compared(self, link: Ends) -> None:
        """The same is equal, another value is not."""
        first, second = link
        again = type(first)(first.place, dict(first.values))
        other = type(first)(first.place, {**first.values, "interval": first.interval + 1})
        kept(again.configured == first.configured, "two links of one configuration are equal", "they are not")
        kept(other.configured != first.configured, "links of two configurations are not equal", "they are")
        kept(second.configured != first.configured, "links of two nodes are not equal", "they are")

    @looks_at("detail", "troubles")
    def test_it_says_where_it_is_and_what_is_wrong(self, link: Ends) -> None:
        """In words, at any time."""
        first, second = link
        with hearing(second) as heard:
            begin(first, heard)
            for one in link:
                kept(bool(one.detail) and "\n" not in one.detail, "a link says where it is", f"it says {one.detail!r}")
                told = dict(one.troubles)
                kept(set(told) <= {"", *one.place.peers} and all(told.values()), "troubles are of peers or of the link", f"they are {told}")


class DataConformance(LinkConformance):
    """The promises of a link that carries data as well."""

    @looks_at("send_data", "receive_data")
    @pytest.mark.parametrize("size", [1, 4096, 70_001, LARGEST_DATA])
    def test_messages_arrive_whole(self, link: Ends, size: int) -> None:
        """When send_data returns, the message is there."""
        for sender, receiver in (link, link[::-1]):
            message = os.urandom(size)
            with taking(receiver) as taken:
                give(sender, peer_of(sender), message)
                kept(
                    taken.settles_on([message]),
                    "a message arrives once, as it was sent",
                    f"{_sizes(taken.messages)} arrived",
                )

    @looks_at("send_data", "receive_data")
    def test_many_messages_at_once_all_arrive(self, link: Ends) -> None:
        """From several threads, both ways."""
        first, second = link
        with taking(first) as back, taking(second) as forth, ThreadPoolExecutor(_GROUP) as group:
            give(first, "n2", b"begin")
            give(second, "n1", b"begin")
            there = [os.urandom(2000) for _ in range(_GROUP)]
            here = [os.urandom(2000) for _ in range(_GROUP)]
            for done in [
                *(group.submit(give, first, "n2", one) for one in there),
                *(group.submit(give, second, "n1", one) for one in here),
            ]:
                done.result()
            kept(until(lambda: set(there) <= set(forth.messages)), "all messages arrive", f"{_sizes(forth.messages)} did")
            kept(until(lambda: set(here) <= set(back.messages)), "all messages arrive", f"{_sizes(back.messages)} did")

    @looks_at("send_data")
    def test_a_message_that_nobody_takes_is_an_error(self, link: Ends) -> None:
        """Within five seconds, and some to spare for a busy machine."""
        first, _ = link
        begun = time.monotonic()
        with pytest.raises(OSError, match=r"."):
            data_of(first).send_data("n2", b"message")
        kept(time.monotonic() - begun < _GIVEN_UP + SOON, "a message is given up after 5 s", f"it took {time.monotonic() - begun:.1f} s")

    @looks_at("send_data")
    @pytest.mark.parametrize("size", [0, LARGEST_DATA + 1])
    def test_a_message_of_a_wrong_size_is_refused(self, link: Ends, size: int) -> None:
        """Before anything is sent."""
        with pytest.raises(ValueError, match=r"."):
            data_of(link[0]).send_data("n2", b"x" * size)

    @looks_at("send_data")
    def test_who_is_no_peer_is_sent_nothing(self, link: Ends) -> None:
        """Nor is one looked for."""
        with pytest.raises(ValueError, match="n9"):
            data_of(link[0]).send_data("n9", b"message")

    @looks_at("receive_data")
    def test_taking_can_begin_again(self, link: Ends) -> None:
        """After a stop it is as if it were the first time, but nothing is taken twice."""
        first, second = link
        for number in range(3):
            with taking(second) as taken:
                give(first, "n2", b"message %d" % number)
                time.sleep(0.1)
            kept(taken.messages == [b"message %d" % number], "each message is taken once", f"{taken.messages} were taken")

    @looks_at("receive_data", "wake", "close")
    @pytest.mark.parametrize("how", ["stopped", "closed"])
    def test_taking_ends_at_once(self, link: Ends, how: str) -> None:
        """Also while nothing arrives."""
        seconds: list[float] = []
        while not seconds or (seconds[-1] >= AT_ONCE and len(seconds) < _TRIES):
            first, second = link if not seconds else self.ends()
            with taking(second) as taken:
                give(first, "n2", b"begin")
                seconds.append(_ends(taken, second.close if how == "closed" else taken.stop))
            kept(taken.error is None, f"taking ends without an error when it is {how}", f"it raised {taken.error!r}")
            first.close()
            second.close()
        kept(seconds[-1] < AT_ONCE, f"taking ends at once when it is {how}", f"it took {seconds} s")

    @looks_at("send_data", "close")
    def test_a_closed_link_sends_no_data(self, link: Ends) -> None:
        """But says so."""
        first, _ = link
        first.close()
        with pytest.raises(OSError, match=r"."):
            data_of(first).send_data("n2", b"message")


def _ends(heard: Heard, end: Callable[[], object]) -> float:
    """How many seconds it takes to end who receives."""
    begun = time.monotonic()
    end()
    kept(heard.ended(), "receiving ends when it is stopped or closed", "it goes on")
    return time.monotonic() - begun


def _sizes(messages: list[bytes]) -> str:
    return f"messages of {[len(message) for message in messages]} bytes"
