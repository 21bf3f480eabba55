"""Whom a rotation of the secret waits for, and whom it does not begin without."""

import pytest
from opensvc_daemon.trust.rotating import Members

from opensvc_core.api import ActionRefused


def told(*reaches):
    """What the daemon tells of n2, one look after the other; the last for good."""
    left = list(reaches)

    def look():
        return {"nodes": {"n2": {"reach": left.pop(0) if len(left) > 1 else left[0]}}}

    return look


def test_a_member_whose_link_begins_anew_is_waited_for():
    Members(told("heard", "silent", "beating"), lambda: ["n2"], 60.0).refuse_silent()


def test_without_one_that_stays_silent_it_does_not_begin():
    with pytest.raises(ActionRefused, match="n2: not heard, and would be left with the old secret"):
        Members(told("silent"), lambda: ["n2"], 0.2).refuse_silent()
