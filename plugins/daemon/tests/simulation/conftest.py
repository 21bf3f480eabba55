"""Stories of two nodes and one service, told in a line."""

import pytest
from opensvc_daemon.simulation.run import Telling, simulate
from opensvc_daemon.simulation.story import parse

TWO = "cluster seed=1\nnode n1\nnode n2\narbitrator a1\nservice svc1 nodes=n1,n2 guard={guard} has_data_at_stake={data} {more}\n"


class Told:
    """A story, told with some decision."""

    def story(self, *events, guard="fence", data="yes", more="", calm=200, patience=300):
        lines = [f"at {event}" for event in events]
        return parse(TWO.format(guard=guard, data=data, more=more) + "\n".join([*lines, f"calm at {calm} for {patience}"]))

    def __call__(self, *events, **given):
        return simulate(self.story(*events, **given))

    def until(self, moment, *events, **given):
        """The world at a moment of it."""
        telling = Telling(self.story(*events, **given))
        telling.world.run(moment)
        return telling.world


@pytest.fixture
def told():
    return Told()
