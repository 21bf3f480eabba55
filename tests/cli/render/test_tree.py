"""The instance tree, to the column."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.cli.render.colors import Palette
from opensvc_core.cli.render.tree import instance_tree
from opensvc_core.model.names import ServicePath
from opensvc_core.model.snapshot import InstanceStatus, Provisioned, ResourceStatus, ServiceStatus
from opensvc_core.model.status import Message, Status

GOLDEN = Path(__file__).parent / "golden"
COLORED = Palette(is_enabled=True)
UP, DOWN, WARN, NA = Status.UP, Status.DOWN, Status.WARN, Status.NA
NOT_APPLICABLE = Provisioned.NOT_APPLICABLE


def golden(name):
    return (GOLDEN / f"{name}.txt").read_text()


def uncolored(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def resource(rid, status=UP, label="", **more):
    group = rid.partition("#")[0]
    return ResourceStatus(rid, group, group, status, label, f"classic {label}", **more)


def service(*instances, avail=UP, overall=UP, **more):
    return ServiceStatus(ServicePath.parse("svc1"), avail, overall, instances, **more)


def instance(*resources, node="n1", avail=UP, overall=UP, monitor="idle", **more):
    return InstanceStatus(node, avail, overall, resources=resources, monitor=monitor, **more)


def tutorial(state, *, sync=NA, says=(), provisioned=Provisioned.YES, has_app=False):
    """The tutorial's resources, in no particular order."""
    resources = [
        resource(
            "sync#i0",
            sync,
            "rsync svc config to nodes",
            messages=tuple(Message("info", text) for text in says),
            is_optional=True,
            provisioned=NOT_APPLICABLE,
        ),
        resource("fs#data", state, "ext4 /dev/vgsvc1/data@/svc1/data", provisioned=provisioned),
        resource("fs#app", state, "ext4 /dev/vgsvc1/app@/svc1/app", provisioned=provisioned),
        resource("disk#2", state, "lv vgsvc1/data", provisioned=provisioned),
        resource("disk#1", state, "lv vgsvc1/app", provisioned=provisioned),
        resource("disk#0", state, "vg vgsvc1", provisioned=provisioned),
        resource("ip#0", state, "5.196.34.135/255.255.255.224 br-prd demosvc.opensvc.com", provisioned=provisioned),
    ]
    if has_app:
        resources.append(resource("app#web", state, "forking: weblauncher", provisioned=NOT_APPLICABLE))
    return resources


def stopped(*resources, **more):
    return service(instance(*resources, node="demo1", avail=DOWN, overall=WARN, is_frozen=True, **more), avail=DOWN, overall=WARN)


def started(*resources):
    return service(instance(*resources, node="demo1", is_frozen=True, local_expect="started"))


PAUSED = ["paused, service not up"]
TREES = {
    "instances_not_provisioned": stopped(
        *tutorial(DOWN, says=PAUSED, provisioned=Provisioned.NO),
        provisioned=Provisioned.NO,
    ),
    "instances_provisioned": stopped(*tutorial(DOWN, says=PAUSED)),
    "instances_started": started(*tutorial(UP)),
    "instances_started_with_app": started(*tutorial(UP, has_app=True)),
    "instances_stopped": stopped(*tutorial(DOWN, says=PAUSED, has_app=True)),
    "instances_switched": service(
        instance(node="demo1", avail=DOWN, overall=DOWN),
        instance(*tutorial(UP, sync=UP, has_app=True), node="demo2", local_expect="started"),
        notices=("non-optimal placement",),
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_the_tree_is_that_of_the_tutorial(name):
    assert instance_tree(TREES[name]) + "\n" == golden(name)


def test_every_recorded_tree_is_rebuilt():
    assert {path.stem for path in GOLDEN.glob("instances_*.txt")} == set(TREES)


def test_statuses_and_notices_have_the_colours_of_the_tutorial():
    seen = stopped(resource("ip#0", DOWN, "label"), provisioned=Provisioned.NO, local_expect="started")

    shown = re.sub(r"\x1b\[(\d+)m(.*?)\x1b\[0m", r"<\1>\2</>", instance_tree(seen, COLORED))
    assert shown.splitlines() == [
        f"{'svc1':33}<31>down</>",
        "`- instances",
        f"{'   `- demo1':33}<33>warn</>       <33>warn</>, <34>frozen</>, <31>not provisioned</>, <90>idle</>, <90>started</>",
        f"{'      `- ip#0':24}........ <31>down</>       label",
    ]


def test_the_notices_of_a_service_are_red():
    head = instance_tree(service(instance(), notices=("non-optimal placement",)), COLORED).splitlines()[0]

    assert head.endswith("\x1b[31mnon-optimal placement\x1b[0m")


def test_what_mends_a_notice_stands_below_it_ready_to_paste():
    seen = instance_tree(service(instance(), notices=("no guard",), offers=("om svc1 set --kw a=1", "om svc1 set --kw b=2"))).splitlines()

    assert seen[0].endswith(" no guard")
    place = seen[0].index("no guard")
    assert [line[:place].strip() + line[place:] for line in seen[1:4]] == [
        "to mend it, one of:",
        "om svc1 set --kw a=1",
        "om svc1 set --kw b=2",
    ]
    assert seen[4] == "`- instances"


def test_the_notices_of_an_instance_stand_in_order():
    seen = instance(
        overall=WARN,
        is_frozen=True,
        is_node_frozen=True,
        provisioned=Provisioned.PARTLY,
        priority=50,
        monitor="starting",
        local_expect="started",
        global_expect="placed",
    )

    line = instance_tree(service(seen)).splitlines()[2]
    assert line[44:] == "warn, frozen, node frozen, mix provisioned, p50, starting, started, >placed"


def test_groups_stand_in_order():
    rids = ["hb#1", "task#1", "sync#1", "app#1", "container#1", "share#1", "fs#10", "fs#2", "disk#1", "volume#1", "ip#1"]

    shown = rids_of(service(instance(*map(resource, rids))))
    assert shown == [*reversed(rids[1:]), "hb#1"]


def test_the_sync_of_the_configuration_is_the_last_of_its_group():
    seen = instance(*map(resource, ["sync#i0", "sync#web", "sync#1", "task#1"]), resource("sync#b", subset="s1"))

    assert rids_of(service(seen)) == ["sync#1", "sync#web", "sync:s1", "sync#b", "sync#i0", "task#1"]


def rids_of(seen):
    return [re.search(r"[|`]- (\S+)", line)[1] for line in instance_tree(seen).splitlines()[3:]]


def test_the_members_of_a_subset_stand_below_its_line():
    seen = instance(
        resource("app#c", label="c", subset="s1"),
        resource("app#b", label="b", subset="s1", messages=(Message("warn", "slow"),)),
        resource("app#a", label="a"),
        resource("fs#1", label="f", subset="s2"),
        subsets={"app:s1": True, "fs:s2": False},
    )

    assert instance_tree(service(seen)).splitlines()[3:] == [
        "      |- fs:s2",
        "      |  `- fs#1        ........ up         f",
        "      |- app#a          ........ up         a",
        f"      `- app:s1{'':29}//",
        "         |- app#b       ........ up         b",
        f"         |{'':34}warn: slow",
        "         `- app#c       ........ up         c",
    ]


@pytest.mark.parametrize(
    ("more", "flags"),
    [
        ({}, "........"),
        ({"is_running": True}, "R......."),
        ({"is_monitored": True}, ".M......"),
        ({"is_disabled": True}, "..D....."),
        ({"is_optional": True}, "...O...."),
        ({"is_encap": True}, "....E..."),
        ({"provisioned": Provisioned.NO}, ".....P.."),
        ({"provisioned": Provisioned.PARTLY}, ".....p.."),
        ({"provisioned": Provisioned.NOT_APPLICABLE}, "...../.."),
        ({"provisioned": Provisioned.UNKNOWN}, ".....?.."),
        ({"is_standby": True}, "......S."),
        ({"restarts_left": 0}, ".......0"),
        ({"restarts_left": 3}, ".......3"),
        ({"restarts_left": 10}, ".......+"),
    ],
)
def test_a_flag_stands_in_its_place(more, flags):
    line = instance_tree(service(instance(resource("fs#1", **more)))).splitlines()[-1]

    assert line[24:32] == flags


@pytest.mark.parametrize(
    ("avail", "overall", "cell"),
    [(DOWN, WARN, "warn"), (UP, WARN, "up"), (DOWN, DOWN, "down"), (Status.STDBY_DOWN, WARN, "stdby down")],
)
def test_an_instance_shows_its_availability_or_a_warning_where_it_is_down(avail, overall, cell):
    line = instance_tree(service(instance(avail=avail, overall=overall))).splitlines()[2]

    assert line[33:43].rstrip() == cell


def test_a_peer_has_one_line_and_keeps_a_bar_below_it():
    seen = service(instance(node="a"), instance(node="b"), instance(resource("fs#1"), node="c"))

    lines = instance_tree(seen).splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [["|-", "a"], ["|-", "b"], ["`-", "c"], ["`-", "fs#1"]]


def test_a_long_rid_widens_the_first_cell_of_all_lines():
    seen = service(instance(resource("container#registry", label="l")))

    lines = instance_tree(seen).splitlines()
    assert lines[0] == f"{'svc1':37}up"
    assert lines[-1] == "      `- container#registry ........ up         l"


RESOURCES = st.lists(
    st.builds(
        resource,
        st.builds("{}#{}".format, st.sampled_from(["ip", "fs", "app", "sync", "hb"]), st.text("abc019", min_size=1, max_size=25)),
        st.sampled_from(Status),
        st.text("abcXYZ019@/:._-", min_size=1, max_size=30),
        subset=st.sampled_from(["", "s1", "s2"]),
        messages=st.sampled_from([(), (Message("error", "broken"),)]),
    ),
    unique_by=lambda each: each.rid,
    max_size=8,
)


@given(RESOURCES)
def test_columns_hold_for_any_rid_and_label(resources):
    seen = service(instance(*resources))
    lines = instance_tree(seen).splitlines()

    status_column = lines[0].index("up")
    by_rid = {each.rid: each for each in resources}
    for line in lines[3:]:
        name = re.match(r"[ |`-]*(\S*)", line)[1]
        if name in by_rid:
            assert line[status_column : status_column + 11].rstrip() == by_rid[name].status.value
            assert line[status_column + 11 :] == by_rid[name].label
        elif ":" in line and "broken" in line:
            assert line[status_column + 11 :] == "error: broken"


@given(RESOURCES)
def test_every_resource_has_exactly_one_line(resources):
    shown = [name for name in rids_of_any(service(instance(*resources))) if "#" in name]

    assert sorted(shown) == sorted(each.rid for each in resources)


def rids_of_any(seen):
    return [found[1] for line in instance_tree(seen).splitlines()[3:] if (found := re.search(r"[|`]- (\S+)", line))]


@given(RESOURCES)
def test_a_coloured_tree_without_its_colours_is_the_plain_one(resources):
    seen = service(instance(node="peer"), instance(*resources)._replace(overall=WARN, is_frozen=True))

    assert uncolored(instance_tree(seen, COLORED)) == instance_tree(seen)
