"""Stories: text to values and back."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opensvc_daemon.orchestration.view import Guard
from opensvc_daemon.simulation.events import KINDS
from opensvc_daemon.simulation.faults import FAULTS, beset, story_of
from opensvc_daemon.simulation.happenings import _HAPPEN
from opensvc_daemon.simulation.run import simulate
from opensvc_daemon.simulation.story import parse

TEXT = """# two nodes
cluster seed=7 heartbeat_timeout=15 watchdog=0 lease=12
node n1
node n2 rate=1.004 fence=no  # slow to be fenced
arbitrator a1
service svc1 nodes=n1,n2 guard=fence placement=load_avg has_data_at_stake=no resource=fs#1:exclusive resource=app#1:monitored:restart=2
at 20 crash n1
at 10.5 cut n1 n2 hb#1
calm at 60 for 300
"""


def test_a_story_is_read():
    story = parse(TEXT)
    service = story.setup.services[0]
    assert (story.seed, story.calm, story.patience) == (7, 60.0, 300.0)
    assert story.setup.settings.heartbeat_timeout == 15.0
    assert (story.setup.terms.lease, story.setup.watchdog, story.setup.arbitrators) == (12.0, 0.0, ("a1",))
    assert [(node.rate, node.fence) for node in story.setup.nodes] == [(1.0, True), (1.004, False)]
    assert (service.guard, service.placement, service.has_data_at_stake) == (Guard.FENCE, "load avg", False)
    assert [(one.rid, one.is_exclusive, one.is_monitored, one.restart) for one in service.resources] == [
        ("fs#1", True, False, 0),
        ("app#1", False, True, 2),
    ]
    assert [(one.at, one.kind, one.words) for one in story.events] == [(10.5, "cut", ("n1", "n2", "hb#1")), (20.0, "crash", ("n1",))]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 100_000))
def test_every_story_of_a_seed_is_read_as_it_was_written(seed):
    story = story_of(seed)
    assert parse(str(story)) == story


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("at 5 crash", "crash is written 'crash NODE'"),
        ("at 5 explode n1", "'explode' is nothing that happens; known: boot, crash"),
        ("at soon crash n1", "could not convert string to float: 'soon'"),
        ("nod n3", "a line begins with one of cluster, node"),
        ("node n3 speed=1", "'speed' is not known here; known: name, rate"),
        ("node n3 fence=maybe", "'maybe' is neither yes nor no"),
        ("service svc2", "nodes= is missing"),
        ("service svc2 nodes=n1 guard=dog", "'dog' is not a valid Guard"),
        ("at 5", "something is missing|at 5"),
        ("calm in 5", "it is written 'calm at SECONDS for SECONDS'"),
        ("at 5 heal n1", "heal is written"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(line, told):
    with pytest.raises(ValueError, match=r"line 10: ") as caught:
        parse(f"{TEXT}{line}\n")
    assert any(part in str(caught.value) for part in told.split("|"))


def test_names_have_to_be_known():
    with pytest.raises(ValueError, match="n3 is no node of the story"):
        parse(f"{TEXT}at 5 crash n3\n")
    with pytest.raises(ValueError, match="svc2 is to run on n9, which is no node"):
        parse(f"{TEXT}service svc2 nodes=n9\n")


def test_an_empty_story_is_refused():
    with pytest.raises(ValueError, match="at least one node and one service"):
        parse("# nothing\n")


def test_everything_that_may_be_written_can_happen():
    assert set(_HAPPEN) == set(KINDS)


def test_every_kind_of_fault_is_made_of_known_events():
    setup = story_of(3).setup
    for kind in FAULTS:
        story = beset(setup, 1, 8, [kind])
        assert story.events, kind
        assert parse(str(story)) == story


def test_an_unknown_kind_of_fault_is_refused():
    with pytest.raises(ValueError, match="'earthquake' is no kind of fault; known: crash"):
        beset(story_of(3).setup, 1, 5, ["earthquake"])


def test_the_seeds_tell_of_every_fault_and_every_guard():
    stories = [story_of(seed) for seed in range(150)]
    assert {event.kind for story in stories for event in story.events} >= set(KINDS) - {"shutdown", "hangs"}
    assert {service.guard for story in stories for service in story.setup.services} == set(Guard)


def test_the_story_of_the_how_to_ends_well():
    page = Path(__file__).parents[4] / "docs" / "how-to" / "try-faults.md"
    (text,) = re.findall(r"^```story\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    result = simulate(parse(text))
    assert result.is_ok
    assert [one.node for one in result.history] == ["n1", "n2", "n1"]


def test_what_happens_to_a_cluster_that_is_given():
    setup = parse(TEXT).setup
    told = parse("at 5 crash n1\ncalm at 7\n", setup)
    assert (told.setup, [str(one) for one in told.events], told.calm) == (setup, ["at 5.000 crash n1"], 7.0)
    with pytest.raises(ValueError, match=r"^line 2: "):
        parse("at 5 crash n1\nat 6 crash nowhere else at all\n", setup)
