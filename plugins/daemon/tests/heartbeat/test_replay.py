"""A life of a peer is believed when it answers a challenge, and each of its beats is new once."""

from hypothesis import given, settings
from hypothesis import strategies as st
from opensvc_daemon.heartbeat.beat import Echo
from opensvc_daemon.heartbeat.replay import WINDOW, Life, Verdict

FIRST, SECOND, THIRD = 101, 102, 103


def believed(incarnation=FIRST, *, counter=1, own=5, life=None):
    """A life that was heard at our beat `own` and echoed the next one."""
    life, verdict = (life or Life()).heard(Echo(incarnation, counter), 0, own)
    assert verdict is Verdict.CHALLENGED
    life, verdict = life.heard(Echo(incarnation, counter + 1), own + 1, own + 1)
    assert verdict is Verdict.NEW
    return life


def verdicts(life, counters, incarnation=FIRST):
    found = []
    for counter in counters:
        life, verdict = life.heard(Echo(incarnation, counter), 0, 9)
        found.append(verdict)
    return found


def test_a_life_is_believed_when_it_echoes_a_beat_that_was_sent_after_it_was_heard():
    life, verdict = Life().heard(Echo(FIRST, 1), 5, 5)
    assert (verdict, life.incarnation, life.challenged) == (Verdict.CHALLENGED, None, Echo(FIRST, 1))
    life, verdict = life.heard(Echo(FIRST, 2), 5, 6)
    assert (verdict, life.incarnation, life.challenged) == (Verdict.CHALLENGED, None, Echo(FIRST, 2))
    life, verdict = life.heard(Echo(FIRST, 3), 6, 6)
    assert (verdict, life.incarnation, life.challenged) == (Verdict.NEW, FIRST, None)


def test_an_echo_of_a_beat_that_we_did_not_send_proves_nothing():
    life, _ = Life().heard(Echo(FIRST, 1), 0, 5)
    assert life.heard(Echo(FIRST, 2), 7, 6)[1] is Verdict.CHALLENGED


def test_within_a_life_each_beat_is_new_once_in_any_order():
    assert verdicts(believed(), [10, 10, 8, 12, 8, 11]) == [
        Verdict.NEW,
        Verdict.DOUBLE,
        Verdict.LATE,
        Verdict.NEW,
        Verdict.DOUBLE,
        Verdict.LATE,
    ]


def test_a_beat_from_before_the_window_is_not_taken():
    assert verdicts(believed(), [100, 100 - WINDOW + 1, 100 - WINDOW]) == [Verdict.NEW, Verdict.LATE, Verdict.OLD]


@settings(deadline=None)
@given(st.lists(st.integers(3, 200) | st.integers(2**63, 2**63 + 100), max_size=80))
def test_no_beat_is_taken_twice_and_none_of_the_window_is_lost(counters):
    life, taken, highest = believed(), {2}, 2
    for counter in counters:
        life, verdict = life.heard(Echo(FIRST, counter), 0, 9)
        expected = (
            Verdict.NEW
            if counter > highest
            else Verdict.OLD
            if counter <= highest - WINDOW
            else Verdict.DOUBLE
            if counter in taken
            else Verdict.LATE
        )
        assert verdict is expected
        taken.add(counter)
        highest = max(highest, counter)
        assert life.highest == highest


def test_a_new_life_takes_the_place_of_the_one_before_which_never_comes_back():
    life = believed(SECOND, own=20, life=believed())
    assert life.incarnation == SECOND
    for answer in (0, 21, 30):
        life, verdict = life.heard(Echo(FIRST, 99), answer, 30)
        assert verdict is Verdict.RETIRED
    assert life == believed(SECOND, own=20, life=believed())


def test_a_late_beat_of_a_life_that_was_never_heard_does_not_push_out_its_successor():
    """The first life heard our beat 19 and died; all its beats are late, and arrive after the second life was believed at 20."""
    life = believed(SECOND, own=20)
    for counter in range(1, 9):
        life, verdict = life.heard(Echo(FIRST, counter), 19, 30)
        assert verdict is Verdict.CHALLENGED
    assert life.incarnation == SECOND


def test_a_node_that_bears_the_name_of_another_does_not_push_it_out_while_it_beats():
    life = believed()
    for round_ in range(10, 30):
        life, verdict = life.heard(Echo(SECOND, round_), round_ - 1, round_)
        assert verdict is Verdict.CHALLENGED
        life, verdict = life.heard(Echo(FIRST, round_), round_ - 1, round_)
        assert verdict is Verdict.NEW
    assert life.incarnation == FIRST


def test_records_of_many_lives_do_not_keep_a_new_one_from_answering():
    life = believed()
    life, _ = life.heard(Echo(SECOND, 1), 0, 10)
    for old in range(1000, 1050):
        life, verdict = life.heard(Echo(old, 5), 3, 10)
        assert verdict is Verdict.CHALLENGED
    life, verdict = life.heard(Echo(SECOND, 2), 11, 11)
    assert (verdict, life.incarnation) == (Verdict.NEW, SECOND)


def test_what_is_remembered_is_bounded():
    life = Life()
    for number in range(1, 3000):
        life, _ = life.heard(Echo(number, 1), 0, number * 2)
    assert len(life.challenges) <= 64
    for number in range(1, 3000):
        life = believed(number, own=number * 2, life=Life(life.incarnation, life.highest, life.window, {}, life.retired))
    assert len(life.retired) <= 1000


@settings(deadline=None)
@given(st.data())
def test_a_record_of_an_earlier_life_is_never_taken_whatever_it_echoes(choice):
    """Lives one after another; a life only echoes what was sent before its end. Then all that they said is played again, in any order."""
    life, own, records = Life(), 1, []
    for incarnation in (FIRST, SECOND, THIRD):
        for counter in range(1, choice.draw(st.integers(3, 8))):
            own += 1
            said, answer = Echo(incarnation, counter), choice.draw(st.integers(max(0, own - 4), own))
            records.append((said, answer))
            life, _ = life.heard(said, answer, own)
    own += 1
    for said, answer in choice.draw(st.lists(st.sampled_from(records), max_size=30)):
        before = life
        life, verdict = life.heard(said, answer, own)
        own += 1
        assert verdict is not Verdict.NEW
        assert life.incarnation == before.incarnation
        assert not verdict.is_believed or said.incarnation == before.incarnation
