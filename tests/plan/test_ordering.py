"""The order in which resources start, and stop in reverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.errors import ConfigError
from opensvc_core.plan.item import Item
from opensvc_core.plan.ordering import START_ORDER, needs, stages, start_order


def item(rid, **more):
    group = more.pop("group", rid.partition("#")[0])
    more["refers_to"] = frozenset(more.get("refers_to", ()))
    return Item(rid, group, more.pop("driver", f"{group}.x"), **more)


def rids(items):
    return [one.rid for one in items]


def test_groups_come_in_their_order_whatever_the_file_says():
    found = start_order(
        [item("task#1"), item("app#1"), item("container#1"), item("fs#1"), item("vg#0", group="disk"), item("ip#0"), item("sync#1")]
    )
    assert rids(found) == ["ip#0", "vg#0", "fs#1", "container#1", "app#1", "task#1"]


def test_names_sort_naturally_inside_a_group():
    assert rids(start_order([item("fs#10"), item("fs#2"), item("fs#1")])) == ["fs#1", "fs#2", "fs#10"]


def test_a_file_system_below_another_one_comes_after_it():
    assert rids(start_order([item("fs#1", occupies="/srv/a/b"), item("fs#2", occupies="/srv/a"), item("fs#3", occupies="/srv/ab")])) == [
        "fs#2",
        "fs#1",
        "fs#3",
    ]


def test_what_refers_to_another_comes_after_it():
    assert rids(start_order([item("disk#0", refers_to=["disk#1"]), item("disk#1")])) == ["disk#1", "disk#0"]


def test_plain_resources_come_before_subsets_and_numbers_order_applications():
    found = start_order([item("app#c", subset="s2"), item("app#a", position=20), item("app#b", position=10), item("app#d", subset="s1")])
    assert rids(found) == ["app#b", "app#a", "app#d", "app#c"]


def test_resources_that_need_each_other_are_an_error_that_names_them():
    with pytest.raises(ConfigError, match=r"fs#1, fs#2 need each other"):
        start_order([item("fs#1", refers_to=["fs#2"]), item("fs#2", refers_to=["fs#1"])])


def test_a_parallel_subset_is_one_stage():
    ordered = start_order([item("app#a"), item("app#d", subset="s1"), item("app#e", subset="s1"), item("app#f", subset="s2")])
    assert [(rids(stage.items), stage.is_parallel) for stage in stages(ordered, {"app:s1": True})] == [
        (["app#a"], False),
        (["app#d", "app#e"], True),
        (["app#f"], False),
    ]


def test_a_subset_may_be_named_by_the_driver():
    ordered = [item("container#1", driver="container.docker", subset="01"), item("container#2", driver="container.docker", subset="01")]
    assert len(stages(ordered, {"container.docker:01": True})) == 1


def test_what_needs_another_one_is_not_started_beside_it():
    ordered = start_order([item("app#a", subset="s"), item("app#b", subset="s", refers_to=["app#a"])])
    assert [rids(stage.items) for stage in stages(ordered, {"app:s": True})] == [["app#a"], ["app#b"]]


NAMES = [f"{group}#{index}" for group in ("ip", "fs", "app") for index in range(3)]
ITEMS = st.lists(
    st.builds(
        item,
        st.sampled_from(NAMES),
        subset=st.sampled_from(["", "s1", "s2"]),
        refers_to=st.lists(st.sampled_from(NAMES), max_size=2),
        occupies=st.sampled_from(["", "/a", "/a/b", "/c"]),
    ),
    unique_by=lambda one: one.rid,
)


@given(ITEMS)
def test_nothing_starts_before_what_it_needs(items):
    try:
        ordered = start_order(items)
    except ConfigError:
        return
    assert sorted(rids(ordered)) == sorted(rids(items))
    for position, one in enumerate(ordered):
        for later in ordered[position + 1 :]:
            assert START_ORDER.index(one.group) <= START_ORDER.index(later.group)
            assert not (one.group == later.group and needs(one, later))


@given(ITEMS, st.booleans())
def test_stages_keep_the_order_and_lose_nothing(items, is_parallel):
    try:
        ordered = start_order(items)
    except ConfigError:
        return
    found = stages(ordered, {"app": is_parallel, "fs:s1": is_parallel})
    assert [one for stage in found for one in stage.items] == ordered
