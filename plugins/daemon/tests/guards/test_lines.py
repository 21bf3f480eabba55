"""What stands in a line comes back as it was, and nothing else is taken for it."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_daemon.guards.lines import (
    read_answer,
    read_membership,
    read_release,
    read_request,
    written_answer,
    written_membership,
    written_release,
    written_request,
)
from opensvc_daemon.guards.sealed import Unproven, Way, opened, sealed
from opensvc_daemon.heartbeat.keyring import Secret
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.messages import Answer, Epoch, Owner, Release, Request
from opensvc_daemon.lease.refusals import Code, Refusal

OWNER, EPOCH = Owner("n1", 2**63), Epoch(3, "ab" * 8)
VOTERS = Membership.first(Voters((Member("a", 2), Member("n1"), Member("n2"))))
SECRET = Secret(b"x" * 16)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "write", "read"),
    [
        pytest.param(Request("ns/svc/web", OWNER, 5, EPOCH), written_request, read_request, id="request"),
        pytest.param(Release("web", OWNER, 5), written_release, read_release, id="release"),
        pytest.param(Answer("a", "web", OWNER, 5, EPOCH), written_answer, read_answer, id="granted"),
        pytest.param(Answer("a", "web", OWNER, 5, EPOCH, Refusal(Code.HELD, "no", 2.5)), written_answer, read_answer, id="refused"),
        pytest.param(VOTERS, written_membership, read_membership, id="voters"),
        pytest.param(VOTERS.step(becoming=VOTERS.voters.with_member("n3")), written_membership, read_membership, id="becoming"),
    ],
)
def test_what_is_written_is_read_again(value, write, read):
    assert read(json.loads(json.dumps(write(value)))) == value


@given(anything)
def test_anything_is_refused_or_what_would_be_written(value):
    for read, write in (
        (read_request, written_request),
        (read_release, written_release),
        (read_answer, written_answer),
        (read_membership, written_membership),
    ):
        with suppress(ValueError):
            assert write(read(value)) == value


@pytest.mark.parametrize("read", [read_request, read_release, read_answer, read_membership])
@pytest.mark.parametrize("value", [None, 0, "", {}, [], [""], ["", "", 0], [0, 0, 0, 0], ["", "", 0, "0"], ["", "", 0, 0, 0]])
def test_what_is_none_of_them_is_refused(read, value):
    with pytest.raises(ValueError):
        read(value)


@given(st.binary(max_size=200))
def test_bytes_without_a_seal_are_unproven(data):
    with pytest.raises(Unproven):
        opened((SECRET,), Way.ANSWER, data)


@given(st.dictionaries(st.text(max_size=5), st.integers()), st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_seal_holds_what_was_said_and_breaks_with_a_byte(body, place, change):
    line = sealed(SECRET, Way.QUESTION, body)
    assert opened((SECRET,), Way.QUESTION, line)[0] == body
    broken = bytearray(line)
    broken[place % (len(line) - 1)] ^= change
    with pytest.raises(Unproven):
        assert opened((SECRET,), Way.QUESTION, bytes(broken))[0] == body
        raise Unproven("a change that json does not see, such as the case of an escape")


def test_a_question_is_no_answer():
    with pytest.raises(Unproven):
        opened((SECRET,), Way.ANSWER, sealed(SECRET, Way.QUESTION, {}))
