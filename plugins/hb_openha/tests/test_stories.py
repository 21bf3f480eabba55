"""Two simulated nodes: the service is never on both while there is a guard, whatever happens."""

import pytest
from opensvc_openha.machine import Work
from opensvc_openha.simulation import TIMEOUT, Settings, World
from opensvc_openha.states import State
from opensvc_openha.stories import story

CHUNK = 100


def told(world):
    return "\n".join(world.log)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("chunk", range(10))
def test_a_thousand_stories_with_the_guard(chunk):
    started = fenced = 0
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        world = story(seed, Settings(links=1 + seed % 3))
        assert not world.doubles, f"seed {seed}:\n{told(world)}"
        started += "STARTING → STARTED" in told(world)
        fenced += "it is fenced before the start" in told(world)
    assert started > CHUNK / 2, "in most stories the service was started"
    assert fenced > CHUNK / 10, "and in some the guard was asked"


def quick(index, work):
    return 0.1, True


def unfrozen(script, **settings):
    """The service is let go on the primary first, some seconds later on the secondary."""
    world = World(1, Settings(**settings))
    world.script = script
    world.nodes[1].state = State.FROZEN_STOP
    world.run(12)
    world.command(1, "unfreeze")
    world.run(15)
    return world


def calm(**settings):
    world = unfrozen(quick, **settings)
    assert [node.state for node in world.nodes] == [State.STARTED, State.STOPPED], told(world)
    return world


def part(world):
    world.cut |= {(sender, link) for sender in range(2) for link in range(world.settings.links)}


def test_the_primary_starts_and_the_secondary_gives_way():
    calm()


def test_the_secondary_takes_over_from_a_node_that_died():
    world = calm(fence_works=1.0)
    world.power_off(0, back_after=500)
    world.run(15 + TIMEOUT + 5 + 5 + 2)
    assert world.nodes[1].state is State.STARTED, told(world)


def test_the_takeover_takes_the_timeout_and_the_grace_period_and_the_start():
    world = calm(is_guarded=False)
    world.power_off(0, back_after=500)
    passes, last_beats, scripts = 4 * 0.55, 0.6, 2 * 0.1
    world.run(15 + TIMEOUT + 5 + passes + last_beats + scripts)
    assert world.nodes[1].state is State.STARTED, told(world)
    assert " b STOPPED → START_READY\n" in told(world)


def test_a_node_that_comes_back_leaves_the_service_where_it_is():
    world = calm(fence_works=1.0)
    world.power_off(0, back_after=20)
    world.run(80)
    assert [node.state for node in world.nodes] == [State.STOPPED, State.STARTED], told(world)


def test_the_network_dead_and_one_link_alive_changes_nothing():
    world = calm(links=2)
    world.cut |= {(0, 0), (1, 0)}
    world.run(60)
    assert [node.state for node in world.nodes] == [State.STARTED, State.STOPPED], told(world)


def test_without_a_guard_a_partition_starts_it_twice_and_the_secondary_stops_it_afterwards():
    world = calm(is_guarded=False)
    part(world)
    world.run(40)
    assert [node.state for node in world.nodes] == [State.STARTED, State.STARTED], told(world)
    world.cut.clear()
    world.run(60)
    assert [node.state for node in world.nodes] == [State.STARTED, State.STOPPED], told(world)


def test_with_a_guard_that_fails_a_partition_starts_nothing():
    world = calm(fence_works=0.0)
    part(world)
    world.run(100)
    assert world.nodes[1].state is not State.STARTED
    assert not world.doubles
    assert "fence failed" in told(world)


def test_a_start_that_fails_is_not_tried_on_the_peer():
    world = unfrozen(lambda index, work: (0.1, work is not Work.START))
    world.run(60)
    assert [node.state for node in world.nodes] == [State.START_FAILED, State.STOPPED], told(world)


def test_a_start_that_hangs_blocks_the_peer():
    world = unfrozen(lambda index, work: (1000.0, True))
    world.run(60)
    assert [node.state for node in world.nodes] == [State.STARTING, State.STOPPED], told(world)


def test_the_service_is_started_where_it_was_before():
    world = World(1)
    world.script = quick
    world.nodes[1].ran_here = True
    for node in world.nodes:
        node.state = State.FROZEN_STOP
    world.run(10)
    part(world)  # neither sees the other in time
    world.command(0, "unfreeze")
    world.command(1, "unfreeze")
    world.run(11.5)
    world.cut.clear()
    world.run(30)
    assert told(world).count("→ START_READY") == 2
    assert world.nodes[1].state is State.STARTED, told(world)


def test_a_state_that_is_garbage_starts_nothing():
    world = World(1)
    world.script = quick
    world.nodes[0].state = None
    world.run(20)
    assert world.nodes[0].state is None
    assert not world.doubles
