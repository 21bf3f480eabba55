"""Requirements of steps."""

import pytest

from opensvc_core.model.requirements import parse, unmet
from opensvc_core.model.status import Status


def test_states_are_up_and_standby_up_unless_said_otherwise():
    first, second = parse("ip#0 fs#0(down,stdby down)")
    assert first.states == {Status.UP, Status.STDBY_UP}
    assert second.states == {Status.DOWN, Status.STDBY_DOWN}


@pytest.mark.parametrize("text", ["fs#0(", "fs#0)x(", "fs#0(sideways)", "(up)"])
def test_what_can_not_be_read_is_told(text):
    with pytest.raises(ValueError, match=r"read|sideways"):
        parse(text)


def test_what_is_not_as_required_is_told():
    assert unmet(parse("fs#0"), {"fs#0": Status.UP}) == []
    assert unmet(parse("fs#0"), {"fs#0": Status.DOWN}) == ["requires on resource fs#0 in state stdby up,up, current state down"]
    assert "no such resource" in unmet(parse("fs#9"), {})[0]
