"""What the options select."""

import pytest

from opensvc_core.errors import UsageError
from opensvc_core.plan.item import Item
from opensvc_core.plan.selection import Selection, cut, select

ITEMS = [
    Item("ip#0", "ip", "ip.host", tags=frozenset({"A"})),
    Item("vg#0", "disk", "disk.vg"),
    Item("fs#1", "fs", "fs.ext4", tags=frozenset({"A", "B"}), subset="s1"),
    Item("app#web", "app", "app.forking", tags=frozenset({"B"})),
]


def rids(items):
    return [item.rid for item in items]


@pytest.mark.parametrize(
    ("selection", "selected"),
    [
        (Selection(), "ip#0 vg#0 fs#1 app#web"),
        (Selection(rids=("fs#1", "app#web")), "fs#1 app#web"),
        (Selection(rids=("disk",)), "vg#0"),
        (Selection(rids=("vg",)), "vg#0"),
        (Selection(rids=("app.forking",)), "app#web"),
        (Selection(tags=("A",)), "ip#0 fs#1"),
        (Selection(tags=("A", "B")), "ip#0 fs#1 app#web"),
        (Selection(tags=("A+B",)), "fs#1"),
        (Selection(subsets=("s1",)), "fs#1"),
        (Selection(rids=("fs", "app"), tags=("B",), subsets=("s1",)), "fs#1"),
    ],
)
def test_options_intersect(selection, selected):
    assert rids(select(ITEMS, selection)) == selected.split()


@pytest.mark.parametrize("selection", [Selection(rids=("fs#9",)), Selection(tags=("C",)), Selection(rids=("ip",), tags=("B",))])
def test_a_selection_of_nothing_is_told_with_what_there_is(selection):
    with pytest.raises(UsageError, match="the service has ip#0, vg#0, fs#1, app#web"):
        select(ITEMS, selection)


def test_a_barrier_is_included():
    assert rids(cut(ITEMS, "disk", "upto")) == ["ip#0", "vg#0"]
    assert rids(cut(ITEMS[::-1], "fs#1", "downto")) == ["app#web", "fs#1"]
    with pytest.raises(UsageError, match="--upto container"):
        cut(ITEMS, "container", "upto")


def test_any_option_makes_it_a_part_of_the_service():
    assert not Selection().is_scoped
    assert Selection(upto="fs").is_scoped
