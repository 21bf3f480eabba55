from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_openha.states import State, read_state, written
from opensvc_openha.tree import Tree


@pytest.mark.parametrize("state", State)
def test_a_state_is_read_as_it_was_written(state):
    assert read_state(written(state)) is state
    assert len(written(state)) == 2


def test_the_codes_are_those_of_openha():
    assert [(state.value, str(state)) for state in State] == [
        (0, "STOPPED"),
        (1, "STOPPING"),
        (2, "STARTED"),
        (3, "STARTING"),
        (4, "START_FAILED"),
        (5, "STOP_FAILED"),
        (6, "FROZEN_STOP"),
        (7, "START_READY"),
        (8, "UNKNOWN"),
        (9, "FORCE_STOP"),
    ]


def test_only_the_first_byte_counts():
    assert read_state(b"6\n") is State.FROZEN_STOP
    assert read_state(b"2\x00garbage") is State.STARTED


@given(st.binary().filter(lambda content: content[:1] not in [b"%d" % digit for digit in range(10)]))
def test_garbage_is_no_state(content):
    assert read_state(content) is None


def test_a_tree_is_below_ez():
    tree = Tree.of({"EZ": "/cluster"})
    assert tree == Tree.below(Path("/cluster"))
    assert str(tree.state("registry", "deb1")) == "/cluster/services/registry/STATE.deb1"
    assert tree.monitor == Path("/cluster/conf/monitor")


def test_each_part_of_a_tree_may_be_elsewhere():
    tree = Tree.of({"EZ": "/cluster", "EZ_MONITOR": "/etc/ha/monitor", "EZ_VAR": "/var/ha"})
    assert (tree.bin, tree.monitor, tree.options) == (Path("/cluster/bin"), Path("/etc/ha/monitor"), Path("/etc/ha/options"))
    assert (tree.states, tree.proc) == (Path("/var/ha/services"), Path("/var/ha/proc"))


def test_the_later_layout_has_the_places_of_the_file_system_hierarchy():
    tree = Tree.by_hierarchy()
    assert str(tree.bin) == "/usr/lib/openha/bin"
    assert str(tree.state("s", "n")) == "/var/lib/openha/services/s/STATE.n"


def test_a_tree_is_absolute_wherever_somebody_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Tree.of({"EZ": "ha"}) == Tree.below(tmp_path / "ha")
