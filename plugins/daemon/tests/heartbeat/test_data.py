"""Data: patches come to the same as all of it, what doesn't fit is not applied at all, and sizes have limits."""

import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opensvc_daemon.heartbeat import data as messages
from opensvc_daemon.heartbeat.data import Full, Patch, decoded, encoded
from opensvc_daemon.heartbeat.digests import digest, digested, plain_digest
from opensvc_daemon.heartbeat.errors import Unreadable, Unsendable
from opensvc_daemon.heartbeat.journal import KEPT, journal_of
from opensvc_daemon.heartbeat.replica import Outcome, Replica
from opensvc_daemon.heartbeat.tree import DEEPEST, Drop, Put, alike, applied, canonical, copied, differences, parsed

KEYS = st.sampled_from("abcd") | st.text(st.characters(codec="utf-8"), max_size=3)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, -0.0, 1.0, 1e300])
    | st.text(st.characters(codec="utf-8"), max_size=3)
    | st.lists(st.integers(0, 2) | st.booleans(), max_size=3)
)
TREES = st.dictionaries(KEYS, st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=10), max_size=4)
LIFE, NEXT_LIFE = 7, 8


def travelled(message):
    return decoded(encoded(message))


def nested(depth):
    value = 1
    for _ in range(depth - 1):
        value = {"a": value}
    return value


@settings(deadline=None)
@given(TREES, TREES)
@example({"a": 1}, {"a": True})
@example({"a": 0.0}, {"a": -0.0})
@example({"a": {}}, {"a": {"b": {}}})
def test_differences_lead_from_one_tree_to_the_other(old, new):
    before = canonical(old)
    assert canonical(applied(old, differences(old, new))) == canonical(new)
    assert canonical(old) == before


@settings(deadline=None)
@given(TREES)
def test_a_tree_that_stays_the_same_has_no_differences(tree):
    assert differences(tree, copied(tree)) == ()


@settings(deadline=None)
@given(TREES, TREES)
def test_what_travels_arrives(old, new):
    full = Full(3, digest(new), new)
    patch = Patch(2, digest(new), ((), differences(old, new)))
    assert repr(travelled(full)) == repr(Full(3, digest(new), json.loads(canonical(new))))
    assert applied(old, travelled(patch).deltas[1]) == new
    assert (travelled(patch).base, travelled(patch).generation, travelled(patch).digest) == (2, 4, digest(new))


@settings(deadline=None)
@given(st.lists(TREES, min_size=1, max_size=6), st.data())
def test_a_replica_that_lost_any_messages_comes_to_the_journals_data(trees, choice):
    journal, replica = journal_of(trees[0]), Replica()
    for tree in trees[1:]:
        journal = journal.changed(tree)
        message = journal.message(replica.merged(LIFE))
        if message and choice.draw(st.booleans()):
            replica, outcome = replica.received(LIFE, travelled(message))
            assert outcome is Outcome.APPLIED
            assert canonical(replica.data) == canonical(tree)
    if message := journal.message(replica.merged(LIFE)):
        replica, _ = replica.received(LIFE, travelled(message))
    assert canonical(replica.data) == canonical(journal.data)
    assert replica.merged(LIFE) == journal.generation


@given(st.lists(TREES, min_size=2, max_size=5), st.data())
@settings(max_examples=80, deadline=None)
def test_messages_in_any_order_never_make_a_tree_that_was_not_there(trees, choice):
    """All messages that were ever made come in any order, some twice: the replica only goes forward, through trees of the journal."""
    journals = [journal_of(trees[0])]
    for tree in trees[1:]:
        journals.append(journals[-1].changed(tree))
    sent = [journal.message(merged) for journal in journals for merged in range(journal.generation)]
    replica, history = Replica(), {journal.generation: canonical(journal.data) for journal in journals}
    for message in choice.draw(st.lists(st.sampled_from(sent), max_size=12)):
        before = replica
        replica, outcome = replica.received(LIFE, message)
        assert replica.generation >= before.generation
        assert outcome is not Outcome.BROKEN
        assert canonical(replica.data) == history.get(replica.generation, b"{}")
        assert (outcome is Outcome.GAP) <= (replica.merged(LIFE) == 0)
    replica, _ = replica.received(LIFE, Full(journals[-1].generation, journals[-1].own.digest, journals[-1].data))
    assert canonical(replica.data) == canonical(trees[-1])


@given(TREES, TREES)
def test_a_plain_digest_proves_data_as_well_and_tells_that_the_peer_knows_no_other(old, new):
    replica, outcome = Replica().received(LIFE, Full(1, plain_digest(old), old))
    assert (outcome, replica.is_plain) == (Outcome.APPLIED, True)
    replica, outcome = replica.received(LIFE, Patch(1, plain_digest(new), (differences(old, new),)))
    assert (outcome, canonical(replica.data), replica.is_plain) == (Outcome.APPLIED, canonical(new), True)
    assert replica.received(LIFE, Full(3, plain_digest({"other": 1}), new))[1] is Outcome.BROKEN
    replica, _ = replica.received(LIFE + 1, Full(1, digest(new), new))
    assert not replica.is_plain


@given(TREES, TREES)
def test_what_is_like_another_tree_is_the_same_tree_of_its_parts(tree, other):
    found = alike(tree, other)
    assert canonical(found) == canonical(tree)
    assert alike(tree, copied(tree)) is not tree
    twin = copied(tree)
    assert alike(tree, twin) is twin


def test_a_patch_of_what_is_partly_known_is_applied_from_there():
    """A removal can't be done twice, so the first delta must be left out."""
    replica, _ = Replica().received(LIFE, Full(2, digest({"a": 1}), {"a": 1}))
    patch = Patch(1, digest({"a": 2}), ((Drop(("b",)),), (Put(("a",), 2),)))
    replica, outcome = replica.received(LIFE, patch)
    assert (outcome, replica.generation, replica.data) == (Outcome.APPLIED, 3, {"a": 2})


@pytest.mark.parametrize("change", [Drop(("b",)), Drop(("b", "c")), Put(("b", "c"), 1), Put(("a", "c"), 1), Put((), 1), Drop(())], ids=str)
def test_a_change_that_does_not_fit_its_tree_is_unreadable(change):
    with pytest.raises(Unreadable):
        applied({"a": 1}, [change])


def test_a_gap_asks_for_all_and_keeps_what_is_there():
    first = journal_of({"a": 1, "rest": "x" * 200})
    third = first.changed({"a": 2, "rest": "x" * 200}).changed({"a": 3, "rest": "x" * 200})
    replica, _ = Replica().received(LIFE, first.message(0))
    replica, outcome = replica.received(LIFE, third.message(2))
    assert (outcome, replica.merged(LIFE), replica.data["a"]) == (Outcome.GAP, 0, 1)
    replica, outcome = replica.received(LIFE, third.message(1))
    assert (outcome, replica.data["a"]) == (Outcome.GAP, 1)
    replica, outcome = replica.received(LIFE, third.message(replica.merged(LIFE)))
    assert (outcome, replica.merged(LIFE), replica.data["a"]) == (Outcome.APPLIED, 3, 3)


@pytest.mark.parametrize(
    "message",
    [
        Patch(1, "0" * 64, ((Put(("a",), 2),),)),
        Patch(1, digest({"b": 1}), ((Drop(("a",)), Drop(("b",))),)),
        Patch(1, digest({}), ((Put(("a",), 2), Put(("none", "b"), 2)),)),
        Patch(1, digest({}), ((Put((), 2),),)),
        Patch(1, digest({}), ((Put(("a",), nested(DEEPEST)),),)),
        Full(2, "0" * 64, {"a": 2}),
        Full(2, "0" * 64, nested(DEEPEST + 1)),
    ],
    ids=["another digest", "drops nothing", "no branch", "changes nothing", "too deep", "full, another digest", "full, too deep"],
)
def test_what_does_not_fit_is_not_applied_at_all(message):
    replica, _ = Replica().received(LIFE, Full(1, digest({"a": 1}), {"a": 1}))
    broken, outcome = replica.received(LIFE, travelled(message))
    assert (outcome, broken.data, broken.generation, broken.merged(LIFE)) == (Outcome.BROKEN, {"a": 1}, 1, 0)
    mended, outcome = broken.received(LIFE, Full(1, digest({"a": 1}), {"a": 1}))
    assert (outcome, mended) == (Outcome.APPLIED, replica)


def test_another_life_begins_with_all_of_its_data():
    replica, _ = Replica().received(LIFE, Full(5, digest({"a": 5}), {"a": 5}))
    assert replica.merged(NEXT_LIFE) == 0
    same, outcome = replica.received(NEXT_LIFE, Patch(5, digest({"a": 6}), ((Put(("a",), 6),),)))
    assert (outcome, same) == (Outcome.GAP, replica)
    replica, outcome = replica.received(NEXT_LIFE, Full(1, digest({"a": 1}), {"a": 1}))
    assert (outcome, replica.merged(NEXT_LIFE), replica.merged(LIFE), replica.data) == (Outcome.APPLIED, 1, 0, {"a": 1})


def test_what_is_known_is_not_applied_again():
    replica, _ = Replica().received(LIFE, Full(5, digest({"a": 5}), {"a": 5}))
    for message in (Full(5, digest({"a": 9}), {"a": 9}), Full(4, digest({"a": 4}), {"a": 4}), Patch(3, "", ((), ()))):
        assert replica.received(LIFE, message) == (replica, Outcome.KNOWN)


def test_a_journal_counts_changes_and_only_those():
    journal = journal_of({"a": 1})
    assert journal.changed({"a": 1}) is journal
    assert journal.changed({"a": 1.0}).generation == 2


def test_a_journal_does_not_see_what_its_caller_does_to_his_data_later():
    own = {"a": [1]}
    journal = journal_of(own)
    own["a"].append(2)
    assert journal.data == {"a": [1]}
    assert journal.changed(own).data == {"a": [1, 2]}


def test_a_peer_is_sent_a_patch_where_that_is_less_and_all_where_it_is_not():
    large = {str(number): number for number in range(1000)}
    journal = journal_of(large).changed({**large, "7": "new"})
    assert journal.message(2) is None
    assert journal.message(1) == Patch(1, journal.own.digest, ((Put(("7",), "new"),),))
    assert isinstance(journal.message(0), Full)
    assert isinstance(journal.message(3), Full)
    assert isinstance(journal.changed({str(number): -number for number in range(1000)}).message(1), Full)


def test_a_journal_keeps_the_deltas_that_some_peer_lacks_and_a_hundred_at_most():
    large = {str(number): number for number in range(1000)}
    journal = journal_of(large)
    for number in range(KEPT + 20):
        journal = journal.changed({**large, "7": f"new {number}"})
    assert len(journal.deltas) == KEPT
    assert isinstance(journal.message(journal.generation - KEPT), Patch)
    assert isinstance(journal.message(journal.generation - KEPT - 1), Full)
    shorter = journal.merged_by([journal.generation - 3, journal.generation, 0])
    assert len(shorter.deltas) == 3
    assert shorter.message(journal.generation - 3) == journal.message(journal.generation - 3)
    assert journal.merged_by([journal.generation]).deltas == ()


@settings(deadline=None)
@given(st.binary(max_size=60) | st.binary(max_size=60).map(zlib.compress))
def test_any_bytes_are_a_message_or_unreadable(packed):
    with suppress(Unreadable):
        assert decoded(packed).generation > 0


ATOMS = st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["full", "patch", "a", ""])
JSON = st.recursive(ATOMS, lambda each: st.lists(each, max_size=4) | st.dictionaries(st.sampled_from("ab"), each, max_size=2))


@given(st.tuples(st.sampled_from(["full", "patch"]), st.integers(-1, 3) | JSON, st.just("0") | JSON, JSON).map(list) | JSON)
@settings(max_examples=300, deadline=None)
def test_any_json_is_a_message_that_may_be_applied_or_unreadable(value):
    try:
        message = decoded(zlib.compress(json.dumps(value).encode()))
    except Unreadable:
        return
    assert message == travelled(message)
    replica, _ = Replica().received(LIFE, Full(1, digest({"a": {}}), {"a": {}}))
    assert replica.received(LIFE, message)[1] in Outcome


@settings(deadline=None)
@given(TREES, st.data())
def test_a_message_cut_short_is_unreadable(tree, choice):
    packed = encoded(Full(1, digest(tree), tree))
    with pytest.raises(Unreadable):
        decoded(packed[: choice.draw(st.integers(0, len(packed) - 1))])
    with pytest.raises(Unreadable):
        decoded(packed + b"x")


@pytest.mark.parametrize(
    "text",
    [b"NaN", b"[Infinity]", b"1e999", b'"\\ud800"', b"[" * 100_000, b"9" * 5000, b"\xff", b"{", b""],
    ids=["nan", "infinity", "too large", "surrogate", "deep", "long number", "no utf-8", "cut short", "nothing"],
)
def test_json_that_could_not_be_sent_on_is_unreadable(text):
    with pytest.raises(Unreadable):
        parsed(text)


@pytest.mark.parametrize(
    "value",
    [{1: 2}, {"a": float("nan")}, {"a": (1,)}, {"a": "\ud800"}, {"a": b""}, nested(DEEPEST + 1)],
    ids=["key", "nan", "tuple", "surrogate", "bytes", "deep"],
)
def test_what_is_no_json_is_not_sent(value):
    with pytest.raises(Unsendable):
        journal_of(value)


def test_the_deepest_tree_travels_in_full_and_as_a_patch():
    tree = nested(DEEPEST)
    journal = journal_of({"b": "x" * 999}).changed({"b": "x" * 999, **tree})
    for merged in (0, 1):
        replica, _ = Replica().received(LIFE, Full(1, digest({"b": "x" * 999}), {"b": "x" * 999}))
        replica, outcome = replica.received(LIFE, travelled(journal.message(merged)))
        assert (outcome, replica.data) == (Outcome.APPLIED, journal.data)


def test_too_much_data_is_refused_by_sender_and_receiver():
    message = Full(1, "", {"a": "".join(f"{number:x}" for number in range(3000))})
    packed = encoded(message)
    with pytest.raises(Unsendable, match=f"data of {len(packed)} bytes .* is over 1000"):
        encoded(message, largest=1000)
    with pytest.raises(Unreadable, match="is over 1000"):
        decoded(packed, largest=1000)


def test_what_unpacks_to_too_much_is_refused_by_sender_and_receiver():
    bomb = zlib.compress(b" " * (messages.UNPACKED + 1))
    assert len(bomb) < messages.LARGEST
    with pytest.raises(Unreadable, match="unpacks to over"):
        decoded(bomb)
    with pytest.raises(Unsendable, match="unpacked"):
        encoded(Full(1, "", {"a": " " * messages.UNPACKED}))


def test_a_tree_comes_to_the_same_by_whatever_way():
    old = {"node": {"a": 1}, "services": {"s1": {"up": True}, "s2": {"up": {"deep": [1]}}}, "n": 1}
    new = {**old, "services": {**old["services"], "s1": {"up": False}}}
    before = digested(old)
    after = digested(new, before)
    assert after.digest == digest(json.loads(canonical(new))) != before.digest
    assert after.branches["services"].branches["s2"] is before.branches["services"].branches["s2"]
    assert after.branches["node"] is before.branches["node"]


@pytest.mark.parametrize("other", [{"a": {}}, {"a": {"b": 1.0}}, {"a": {"b": {}}}, {"a": [{"b": 1}]}, {}, {"a": {"b": 1}, "c": None}])
def test_another_tree_comes_to_something_else(other):
    assert digest(other) != digest({"a": {"b": 1}})
