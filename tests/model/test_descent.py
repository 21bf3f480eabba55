"""Descent: which of two copies is the newer one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.model.descent import Descent, Relation

FIRST = Descent().edited("n1", "a")


@pytest.mark.parametrize(("one", "other", "relation"), [
    (FIRST, FIRST, Relation.SAME),
    (FIRST.edited("n1", "b"), FIRST, Relation.NEWER),
    (FIRST, FIRST.edited("n2", "b"), Relation.OLDER),
    (FIRST.edited("n1", "b"), FIRST.edited("n2", "c"), Relation.DIVERGED),
    (FIRST.edited("n1", "b"), FIRST.edited("n2", "b"), Relation.SAME),
    (Descent("a", {"n1": 1}), Descent("b", {"n1": 1}), Relation.DIVERGED),
    (Descent(), FIRST, Relation.OLDER),
], ids=["the same", "edited here", "edited there", "edited on both", "the same edit on both", "a lost record", "no record"])  # fmt: skip
def test_two_copies_are_compared(one, other, relation):
    assert one.relation(other) is relation


def test_a_decision_between_diverged_copies_is_newer_than_both():
    one, other = FIRST.edited("n1", "b"), FIRST.edited("n2", "c")
    chosen = one.merged(other).edited("n1", "d")
    assert (chosen.relation(one), chosen.relation(other)) == (Relation.NEWER, Relation.NEWER)


edits = st.lists(st.tuples(st.sampled_from(["n1", "n2", "n3"]), st.sampled_from("abcdef")), max_size=8)


def made(descent, by):
    for node, digest in by:
        descent = descent.edited(node, digest)
    return descent


@given(edits, edits)
def test_a_relation_reads_the_same_from_both_sides(first, second):
    opposite = {Relation.NEWER: Relation.OLDER, Relation.OLDER: Relation.NEWER}
    one, other = made(Descent(), first), made(Descent(), second)
    found = one.relation(other)
    assert other.relation(one) is opposite.get(found, found)


@given(edits, edits)
def test_a_copy_that_was_edited_further_is_never_the_older_one(first, more):
    before = made(Descent(), first)
    after = made(before, more)
    assert after.relation(before) in (Relation.NEWER, Relation.SAME)
