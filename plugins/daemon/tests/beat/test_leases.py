"""Leases and the watchdog of one node, without any process: hands that write down what they are told, and a clock that is told."""

import pytest
from opensvc_daemon.beat import words
from opensvc_daemon.beat.leases import Leases
from opensvc_daemon.beat.petting import Petting
from opensvc_daemon.heartbeat.tags import tag_of
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.messages import Epoch, Owner
from opensvc_daemon.lease.terms import LeaseTerms
from opensvc_driver_watchdog_device.device import Device

from opensvc_core.api import DriverUnavailable, WatchdogPlace

TERMS = LeaseTerms()
SILENCE = TERMS.granted_for(TERMS.lease)
THREE = Membership.first(Voters(tuple(map(Member, ("n1", "n2", "n3"))), TERMS.lease))
AMPLE = 1000


class Hands:
    """Writes down, in order, what it is told to do."""

    def __init__(self):
        self.done, self.kept, self.fails = [], None, set()
        self.petting = None

    def keep(self, holdings):
        self._do("keep")
        self.kept = holdings

    def stop(self, service):
        self._do("stop", service)

    def arm(self):
        self._do("arm")
        if self.petting:
            self.petting.arm()

    def ask_outside(self, request):
        self._do("ask", request.number)

    def release_outside(self, release):
        self._do("release", release.number)

    def say(self, level, text, service=""):
        self.done.append((level, text))

    def _do(self, *what):
        if what[0] in self.fails:
            raise OSError(f"no {what[0]}")
        self.done.append(what)

    def said(self, *kinds):
        return [each[0] for each in self.done if each[0] in kinds]


@pytest.fixture
def three():
    """The leases of three nodes that know their voters, after their silence."""
    made = {name: Leases(Owner(name, number), TERMS, Hands()) for number, name in enumerate(("n1", "n2", "n3"), 1)}
    for leases in made.values():
        leases.adopt(THREE, 0.0)
    return made


def exchange(nodes, now, *names):
    """All say what they have to say, and hear it, until there is nothing more."""
    names = names or tuple(nodes)
    for _ in range(4):
        for name in names:
            saying = nodes[name].say(THREE.epoch, AMPLE, shows_voters=False)
            for other in names:
                if other != name:
                    nodes[other].heard(name, words.read(words.written(saying)), now)


def test_a_lease_is_asked_for_granted_and_held(three):
    three["n1"].ask("svc1", SILENCE)
    assert three["n1"].state("svc1") == "asked"
    exchange(three, SILENCE)
    assert three["n1"].state("svc1") == "held"
    assert three["n1"]._hands.kept.leases["svc1"].until == pytest.approx(SILENCE + TERMS.held_for(TERMS.lease))


def test_who_has_just_started_grants_nothing(three):
    three["n1"].ask("svc1", SILENCE - 0.1)
    exchange(three, SILENCE - 0.1)
    assert three["n1"].state("svc1") == "refused"
    assert three["n1"].known["svc1"].wait == pytest.approx(0.1, abs=0.01)


def test_it_is_stored_before_it_is_asked_for(three):
    three["n1"].ask("svc1", SILENCE)
    assert three["n1"]._hands.said("arm", "keep", "ask") == ["arm", "keep", "ask"]


def test_what_cannot_be_stored_is_not_asked_for(three):
    leases = three["n1"]
    leases._hands.fails = {"keep"}
    leases.ask("svc1", SILENCE)
    assert not leases.asked.has_news
    assert "can't be stored" in leases._hands.done[-1][1]


def test_without_its_watchdog_nothing_is_asked_for(three):
    leases = three["n1"]
    leases._hands.fails = {"arm"}
    leases.ask("svc1", SILENCE)
    assert leases.state("svc1") == "refused"
    assert leases.known["svc1"].wait == 0
    assert not leases.asked.has_news


def test_the_same_reason_is_said_once(three):
    for tenth in range(20):
        three["n1"].ask("svc1", SILENCE - 5 + tenth / 10)
        exchange(three, SILENCE - 5 + tenth / 10)
    assert len(three["n1"]._hands.said("warning")) == 1


def test_what_is_not_renewed_is_stopped_at_its_time_and_given_back_when_it_is_down(three):
    leases, now = held(three)
    end = now + TERMS.held_for(TERMS.lease)
    while leases.state("svc1") == "held":
        now = leases.deadline()
        leases.tick(now)
    assert end - TERMS.stop_limit <= now < end - TERMS.stop_limit + 0.01
    assert leases._hands.said("stop") == ["stop"]
    leases.released.clear()
    assert not leases.is_idle
    leases.stopped("svc1", now + 1)
    assert leases.is_idle
    assert leases.released.has_news


def test_one_that_is_being_stopped_is_neither_asked_for_nor_released(three):
    leases, now = held(three)
    leases.tick(now + 6)
    leases.ask("svc1", now + 6)
    leases.release("svc1", now + 6)
    assert leases.state("svc1") == "none"
    assert leases.stopping == {"svc1"}
    assert leases._hands.said("release") == []


def test_another_node_gets_it_only_after_the_first_one_has_stopped(three):
    leases, now = held(three)
    grants = now
    stop_at = leases.holders["svc1"].stop_at
    while three["n2"].state("svc1") != "held":
        now += 0.25
        leases.tick(now)
        three["n2"].tick(now)
        three["n2"].ask("svc1", now)
        exchange(three, now, "n2", "n3")
        assert now < 60
    assert stop_at + TERMS.stop_limit < grants + TERMS.granted_for(TERMS.lease) <= now


def test_a_next_process_goes_on_as_the_same_owner_with_higher_numbers(three):
    leases, now = held(three)
    again = Leases(Owner("n1", 99), LeaseTerms(lease=20.0), Hands())
    again.adopt(THREE, now)
    again.restore(leases._hands.kept, now)
    assert (again.owner, again.terms) == (leases.owner, TERMS)
    again.adopt(THREE, now)
    assert again.state("svc1") == "held"
    again.tick(now + 1)
    assert again.holders["svc1"].number == leases.holders["svc1"].number + 1
    exchange({**three, "n1": again}, now + 1)
    assert again.holders["svc1"].valid_until == pytest.approx(now + 1 + TERMS.held_for(TERMS.lease))


def test_a_beat_says_as_much_as_it_has_room_for(three):
    leases = three["n1"]
    for number in range(100):
        leases.ask(f"svc{number}", SILENCE)
    said, beats = set(), 0
    while leases.asked.has_news:
        saying = leases.say(THREE.epoch, 300, shows_voters=False)
        said |= set(saying.asked)
        beats += 1
    assert said == {tag_of(f"svc{number}") for number in range(100)}
    assert beats == 6


def test_voters_are_shown_where_there_is_room(three):
    assert three["n1"].say(THREE.epoch, 300, shows_voters=True).membership == THREE
    assert three["n1"].say(THREE.epoch, 70, shows_voters=True).membership is None
    assert three["n1"].say(THREE.epoch, 10, shows_voters=True) is None


def test_without_voters_nothing_is_granted():
    leases = Leases(Owner("n1", 1), TERMS, Hands())
    leases.ask("svc1", 0.0)
    assert leases.state("svc1") == "refused"
    leases.heard("n2", words.Saying(Epoch(0, "0" * 16), 7, {tag_of("svc1"): 1}), 0.0)
    assert not leases.has_something_to_say


# -- the watchdog


@pytest.fixture
def watched(three, tmp_path):
    """The leases of n1 with a device that is a file, which tells by its content what was written to it."""
    file = tmp_path / "watchdog"
    file.touch()
    said = []
    petting = Petting(lambda level, text: said.append(text))
    petting.configure(Device(WatchdogPlace("watchdog#1", "n1"), {"dev": str(file), "timeout": 4.0}, ask=lambda _, seconds: seconds))
    three["n1"]._hands.petting = petting
    return three, petting, file, said


def test_the_watchdog_counts_before_anything_is_asked_for_and_rests_when_nothing_is_held(watched):
    three, petting, file, _ = watched
    petting.tick(three["n1"], SILENCE)
    assert not petting.is_armed
    leases, now = held(three)
    assert petting.is_armed
    petting.tick(leases, now)
    assert file.read_bytes() == b"\0"
    leases.release("svc1", now)
    petting.tick(leases, now)
    assert not petting.is_armed
    assert file.read_bytes() == b"\0V"


def test_it_is_petted_four_times_within_its_timeout_while_the_lease_is_renewed(watched):
    three, petting, file, _ = watched
    leases, now = held(three)
    for tenth in range(80):
        leases.tick(now + tenth / 10)
        exchange(three, now + tenth / 10)
        petting.tick(leases, now + tenth / 10)
    assert len(file.read_bytes()) == 8


def test_a_stop_that_hangs_is_ended_by_it_before_the_lease_ends(watched):
    three, petting, file, said = watched
    leases, now = held(three)
    end = leases.holders["svc1"].valid_until
    last, moment = now, now
    while moment < end + 5:
        leases.tick(moment)
        before = len(file.read_bytes())
        petting.tick(leases, moment)
        last = moment if len(file.read_bytes()) > before else last
        moment += 0.05
    assert leases.stopping == {"svc1"}
    assert last + 4 * (1 + TERMS.drift) / (1 - TERMS.drift) <= end
    assert b"V" not in file.read_bytes()
    assert any("not petted any more" in text for text in said)
    leases.stopped("svc1", moment)
    petting.tick(leases, moment)
    assert file.read_bytes().endswith(b"V")


def test_a_watchdog_that_can_not_be_used_refuses_the_lease(three):
    petting = Petting(lambda level, text: None)
    petting.configure(DriverUnavailable("no installed plugin provides watchdog.nosuch"))
    leases = three["n1"]
    leases._hands.petting = petting
    leases.ask("svc1", SILENCE)
    assert leases.state("svc1") == "refused"
    assert any("watchdog.nosuch" in str(one) for one in leases._hands.done)


def test_one_that_is_of_no_use_and_can_not_be_stopped_is_petted_on(three, watched):
    class Unstoppable(Device):
        def disarm(self):
            """Goes on."""

    _, _, file, said = watched
    petting = Petting(lambda level, text: said.append(text))
    timer = Unstoppable(WatchdogPlace("watchdog#1", "n1"), {"dev": str(file)}, ask=lambda _, seconds: seconds + 6)
    petting.configure(timer)
    for _ in range(2):
        with pytest.raises(OSError, match="waits 10 s at least, not 4 s"):
            petting.arm()
    petting.tick(three["n1"], SILENCE)
    assert petting.is_armed
    assert file.read_bytes() == b"\0"
    Device.disarm(timer)


def held(nodes):
    """n1 holds svc1; its leases, and the moment."""
    nodes["n1"].ask("svc1", SILENCE)
    exchange(nodes, SILENCE)
    assert nodes["n1"].state("svc1") == "held"
    return nodes["n1"], SILENCE
