"""Addresses of peers: resolved beside what sends, kept while a name server is away."""

import subprocess
import sys
import time
from threading import Event

import pytest
from opensvc_heartbeats.addresses import Addresses, literal, plain, resolved

from opensvc_core.testing.waiting import wait_for


class Names:
    """A name server that answers when it is told to."""

    def __init__(self):
        self.answers, self.may_answer, self.asked = {}, Event(), []
        self.may_answer.set()

    def __call__(self, host):
        self.asked.append(host)
        assert self.may_answer.wait(120)
        found = self.answers.get(host)
        if found is None:
            raise OSError(-2, "Name or service not known")
        return found


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def names():
    made = Names()
    yield made
    made.may_answer.set()


def settled(addresses, is_so):
    wait_for(is_so, lambda: (addresses.troubles(), addresses.members()))


def test_an_address_needs_no_name_server(names):
    addresses = Addresses({"n2": "10.0.0.2", "n3": "fd99::3"}, names)
    addresses.refresh()
    assert addresses.of("n2") == ("10.0.0.2",)
    assert addresses.of("n3") == ("fd99::3",)
    assert addresses.members() == {"10.0.0.2", "fd99::3"}
    assert names.asked == []


def test_asking_waits_for_nothing(names):
    names.may_answer.clear()
    names.answers["n2"] = ("10.0.0.2",)
    addresses = Addresses({"n2": "n2"}, names)
    begun = time.monotonic()
    for _ in range(20):
        addresses.refresh()
    assert time.monotonic() - begun < 20
    assert addresses.of("n2") == ()
    names.may_answer.set()
    settled(addresses, lambda: addresses.of("n2") == ("10.0.0.2",))
    assert names.asked == ["n2"]


def test_a_name_that_does_not_resolve_is_told_and_asked_for_again(names):
    clock = Clock()
    addresses = Addresses({"n2": "nosuch"}, names, clock)
    addresses.refresh()
    settled(addresses, addresses.troubles)
    assert addresses.troubles() == {"n2": "the name nosuch does not resolve (Name or service not known)"}
    addresses.refresh()
    assert names.asked == ["nosuch"]
    names.answers["nosuch"] = ("10.0.0.2",)
    clock.now = 3.0
    addresses.refresh()
    settled(addresses, lambda: addresses.of("n2") == ("10.0.0.2",))
    assert addresses.troubles() == {}


def test_the_last_good_address_is_kept(names):
    clock = Clock()
    names.answers["n2"] = ("10.0.0.2",)
    addresses = Addresses({"n2": "n2"}, names, clock)
    assert addresses.wait_for("n2", 60) == ("10.0.0.2",)
    del names.answers["n2"]
    clock.now = 31.0
    addresses.refresh()
    settled(addresses, addresses.troubles)
    assert addresses.of("n2") == ("10.0.0.2",)
    assert "its last address 10.0.0.2 is used" in addresses.troubles()["n2"]


def test_one_name_that_hangs_holds_up_no_other(names):
    def resolve(host):
        return names(host) if host == "slow" else ("10.0.0.3",)

    names.may_answer.clear()
    addresses = Addresses({"n2": "slow", "n3": "quick"}, resolve)
    assert addresses.wait_for("n3", 60) == ("10.0.0.3",)
    with pytest.raises(OSError, match="n2: the name slow is still being resolved"):
        addresses.wait_for("n2", 0.05)


@pytest.mark.parametrize(
    ("host", "found"), [("127.0.0.1", ("127.0.0.1",)), ("::1", ("::1",)), ("n1", ()), ("", ()), ("a..b", ()), ("x" * 300, ())]
)
def test_a_literal_is_told_from_a_name(host, found):
    assert literal(host) == found


def test_an_address_of_the_other_family_is_shown_plain():
    assert plain("::ffff:10.0.0.1") == "10.0.0.1"
    assert plain("fd99::1") == "fd99::1"


def test_names_of_this_host_resolve():
    assert {"127.0.0.1", "::1"} & set(resolved("localhost"))


def test_no_table_of_international_names_is_loaded_for_plain_ones():
    text = (
        "from opensvc_heartbeats.addresses import literal, resolved\nfrom opensvc_heartbeats.sockets import bindable\nimport sys\n"
        "print(literal('127.0.0.1'), resolved('localhost')[:0], bindable('::1', 1), 'encodings.idna' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "('127.0.0.1',) () ('::1', 1, 0, 0) False\n"
