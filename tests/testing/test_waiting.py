"""What a wait comes to, and what it says when it was in vain."""

import pytest

from opensvc_core.testing.waiting import wait_for


def test_it_gives_what_the_condition_came_to():
    found = [0, "", "here"]
    assert wait_for(lambda: found.pop(0)) == "here"


@pytest.mark.parametrize("what", ["the end of time", lambda: "the end of time"], ids=["a text", "what is told then"])
def test_it_fails_with_what_was_waited_for(what):
    with pytest.raises(AssertionError, match=r"in vain for 0.05 s: the end of time"):
        wait_for(lambda: False, what, seconds=0.05)
