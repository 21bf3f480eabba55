"""The conformance suite of heartbeats: a link that keeps its promises passes, and each broken promise is found."""

import socket
import threading
import time
from typing import ClassVar

import pytest

from opensvc_core.api import LARGEST_BEAT, LARGEST_DATA, DataPath, HeartbeatLink, Keyword, text
from opensvc_core.testing import hearing
from opensvc_core.testing.links import DataConformance, made


class Sample(HeartbeatLink, DataPath):
    """Datagrams and messages between the nodes of one process, by unix sockets with abstract names."""

    id = "hb.sample"
    at = Keyword(text, required=True, inherit="", text="Where it listens.")
    is_closed = False

    def __init__(self, place, values):
        super().__init__(place, values)
        self.listening = []

    @property
    def detail(self):
        return self.at

    def path(self, peer="", kind=""):
        return f"\0osvc.{self.of_peer(peer, type(self).at) if peer else self.at}{kind}"

    def send(self, beat):
        self.refuse_closed()
        if len(beat) > LARGEST_BEAT:
            raise ValueError("too large")
        for peer in self.place.peers:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as way:
                way.sendto(beat, self.path(peer))

    def receive(self, deliver, stopped):
        self.hear(socket.SOCK_DGRAM, "", stopped, lambda heard: deliver("unix", heard.recv(LARGEST_BEAT)))

    def receive_data(self, deliver, stopped):
        def take(listener):
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(5)
                message = b"".join(iter(lambda: connection.recv(65536), b""))
                deliver(message)
                connection.send(b"+")

        self.hear(socket.SOCK_STREAM, ".data", stopped, take)

    def hear(self, kind, suffix, stopped, take):
        with socket.socket(socket.AF_UNIX, kind) as heard:
            if not self.is_closed:
                heard.bind(self.path("", suffix))
            if kind == socket.SOCK_STREAM and not self.is_closed:
                heard.listen()
            heard.settimeout(0.05)
            while not (self.is_closed or stopped()):
                try:
                    take(heard)
                except TimeoutError:
                    continue

    def send_data(self, peer, data):
        if peer not in self.place.peers:
            raise ValueError(f"{peer} is no peer")
        if not 0 < len(data) <= LARGEST_DATA:
            raise ValueError("too large or empty")
        self.refuse_closed()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as way:
            way.settimeout(5)
            way.connect(self.path(peer, ".data"))
            way.sendall(data)
            way.shutdown(socket.SHUT_WR)
            if way.recv(1) != b"+":
                raise OSError("not taken")

    def wake(self):
        pass

    def close(self):
        self.is_closed = True

    def refuse_closed(self):
        if self.is_closed:
            raise OSError("closed")


class Cutting(Sample):
    """Cuts what is too long, silently."""

    def send(self, beat):
        super().send(beat[:600])


class Echoing(Sample):
    """Hears itself."""

    def send(self, beat):
        super().send(beat)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
            way.sendto(beat, self.path())


class Waiting(Sample):
    """Waits for who does not listen."""

    def send(self, beat):
        try:
            super().send(beat)
        except ConnectionRefusedError:
            time.sleep(1.2)
            raise


class Complaining(Sample):
    """Is not content to be alone."""

    def send(self, beat):
        if not self.place.peers:
            raise OSError("nobody is there")
        super().send(beat)


class Early(Sample):
    """Opens a socket as soon as it is made."""

    def __init__(self, place, values):
        super().__init__(place, values)
        self.way = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def close(self):
        super().close()
        self.way.close()


class Leaking(Sample):
    """Forgets to close what it listened on."""

    leaked: ClassVar[list] = []

    def receive(self, deliver, stopped):
        self.leaked.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        super().receive(deliver, stopped)


class Stubborn(Sample):
    """Looks whether it is to stop when something arrives."""

    def hear(self, kind, suffix, stopped, take):
        with socket.socket(socket.AF_UNIX, kind) as heard:
            heard.bind(self.path("", suffix))
            if kind == socket.SOCK_STREAM:
                heard.listen()
            heard.settimeout(8)
            while not (self.is_closed or stopped()):
                try:
                    take(heard)
                except TimeoutError:
                    return


class Nervous(Sample):
    """Ends when it is woken, wanted or not."""

    def wake(self):
        self.is_woken = True

    def hear(self, kind, suffix, stopped, take):
        self.is_woken = False
        super().hear(kind, suffix, lambda: stopped() or self.is_woken, take)


class OnceOnly(Sample):
    """Can't receive a second time."""

    def receive(self, deliver, stopped):
        if self.listening:
            raise OSError("was there before")
        self.listening.append(True)
        super().receive(deliver, stopped)


class Swallowing(Sample):
    """Ignores what goes wrong with what it delivers."""

    def receive(self, deliver, stopped):
        def quietly(address, beat):
            try:
                deliver(address, beat)
            except KeyError:
                return

        super().receive(quietly, stopped)


class Undead(Sample):
    """Sends after it was closed."""

    def refuse_closed(self):
        pass


class Forgetful(Sample):
    """Does not look at its values."""

    @property
    def configured(self):
        return (self.id, self.place.name)


class Repeating(Sample):
    """Sends each message twice."""

    def send_data(self, peer, data):
        super().send_data(peer, data)
        super().send_data(peer, data)


class Hasty(Sample):
    """Does not wait until a message is taken, and does not notice when it is not."""

    def send_data(self, peer, data):
        if peer not in self.place.peers or not 0 < len(data) <= LARGEST_DATA:
            raise ValueError(f"{peer}: {len(data)}")
        self.refuse_closed()
        threading.Thread(target=self.later, args=(peer, data), daemon=True).start()

    def later(self, peer, data):
        try:
            super().send_data(peer, data)
        except OSError:
            return


class Generous(Sample):
    """Takes anybody for a peer and any size for a message."""

    def send_data(self, peer, data):
        super().send_data("n2", data[:LARGEST_DATA] or b"x")


def ends_of(cls):
    return made(cls, *({"at": f"{cls.__name__}.{threading.get_native_id()}.{node}", "interval": 0.2} for node in ("n1", "n2")))


class TestSample(DataConformance):
    """A link that keeps its promises passes the whole suite."""

    def ends(self):
        return ends_of(Sample)


@pytest.mark.parametrize(
    ("cls", "test", "more", "broken"),
    [
        (Cutting, "test_beats_arrive_as_they_were_sent", (), "each beat arrives as it was sent"),
        (Echoing, "test_only_what_was_sent_is_delivered", (), "a node does not hear itself"),
        (Waiting, "test_to_send_is_not_to_wait", (), "send waits for nothing"),
        (Complaining, "test_without_peers_there_is_nobody_to_send_to", (), "nobody is there"),
        (Early, "test_to_construct_opens_nothing", (), "to construct a link opens nothing"),
        (Leaking, "test_receiving_ends_at_once_and_leaves_nothing", ("stopped",), "what was opened to receive is closed"),
        (Stubborn, "test_receiving_ends_at_once_and_leaves_nothing", ("closed",), "receiving ends"),
        (Nervous, "test_receiving_goes_on_after_a_wake", (), "each beat arrives|Connection refused"),
        (OnceOnly, "test_receiving_can_begin_again", (), "beats are heard"),
        (Swallowing, "test_what_deliver_raises_ends_receiving", (), "what deliver raises ends it"),
        (Undead, "test_a_closed_link_stays_closed", (), "DID NOT RAISE"),
        (Forgetful, "test_what_is_configured_can_be_compared", (), "links of two configurations are not equal"),
        (Repeating, "test_messages_arrive_whole", (1,), "a message arrives once"),
        (Hasty, "test_a_message_that_nobody_takes_is_an_error", (), "DID NOT RAISE"),
        (Generous, "test_who_is_no_peer_is_sent_nothing", (), "Connection refused|DID NOT RAISE"),
        (Generous, "test_a_message_of_a_wrong_size_is_refused", (0,), "Connection refused|DID NOT RAISE"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_broken_promise_is_found(cls, test, more, broken, monkeypatch):
    monkeypatch.setattr(hearing, "SOON", 3.0)  # what is broken is waited for in vain

    class Suite(DataConformance):
        def ends(self):
            return ends_of(cls)

    link = Suite().ends()
    try:
        with pytest.raises((AssertionError, OSError, pytest.fail.Exception), match=broken):
            getattr(Suite(), test)(link, *more)
    finally:
        for one in (*link, *Leaking.leaked):
            one.close()
        Leaking.leaked.clear()


def test_a_link_without_data_is_told_which_suite_it_has():
    class BeatsOnly(HeartbeatLink):
        id = "hb.beatsonly"
        detail = "nowhere"

        def send(self, beat):
            pass

        def receive(self, deliver, stopped):
            pass

        def wake(self):
            pass

        def close(self):
            pass

    class Suite(DataConformance):
        def ends(self):
            return made(BeatsOnly, {}, {})

    with pytest.raises(TypeError, match=r"hb\.beatsonly is no DataPath: its suite is LinkConformance"):
        Suite().test_who_is_no_peer_is_sent_nothing(Suite().ends())
