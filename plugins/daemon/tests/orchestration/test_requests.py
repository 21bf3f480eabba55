"""The latest of the requests that nodes know."""

from hypothesis import given
from hypothesis import strategies as st
from opensvc_daemon.orchestration.requests import Progress, Request, Wish, latest
from stage.made import requests

known = st.lists(st.none() | requests, max_size=5)


@given(known, known)
def test_it_does_not_matter_in_which_order_nodes_are_heard(one, other):
    assert latest([*one, *other]) == latest([*other, *one])


@given(known, known, known)
def test_it_does_not_matter_who_told_whom_first(one, two, three):
    assert latest([latest([*one, *two]), *three]) == latest([*one, latest([*two, *three])])


@given(known)
def test_hearing_it_again_changes_nothing(found):
    assert latest([latest(found), *found]) == latest(found)


def test_what_one_node_has_ended_has_ended():
    request = Request("r1", Wish.STOP, 4, "a")
    assert latest([request, request.ended(Progress.DONE), request, None]) == request.ended(Progress.DONE)


def test_a_later_request_replaces_one_that_has_ended():
    earlier, later = Request("r1", Wish.STOP, 4, "b").ended(Progress.DONE), Request("r2", Wish.START, 5, "a")
    assert latest([earlier, later]) == later


def test_two_nodes_that_take_requests_at_the_same_time_agree_which_counts():
    one, other = Request("r1", Wish.STOP, 4, "a"), Request("r2", Wish.START, 4, "b")
    assert latest([one, other]) == latest([other, one]) == other


def test_there_may_be_none():
    assert latest([None, None]) is None
