"""The classic layout, to the column of what older agents print."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.cli.render.classic import monitor_table, tree_lines
from opensvc_core.cli.render.colors import Palette
from opensvc_core.model.names import ServicePath
from opensvc_core.model.snapshot import InstanceStatus, ResourceStatus, ServiceStatus
from opensvc_core.model.status import Message, Status

GOLDEN = Path(__file__).parent / "golden"
COLORED = Palette(is_enabled=True)
UP, DOWN, WARN, NA = Status.UP, Status.DOWN, Status.WARN, Status.NA
CONFIG_SYNC = "rsync svc config to drpnodes, nodes"


def golden(name):
    return (GOLDEN / f"{name}.txt").read_text()


def uncolored(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def resource(rid, status, label="", *messages, group=None, **more):
    group = group or {"vg": "disk"}.get(rid.partition("#")[0], rid.partition("#")[0])
    told = tuple(Message("warn", text) for text in messages)
    return ResourceStatus(rid, group, group, status, f"tree {label}", label, told, **more)


def service(name, avail, overall, resources, groups=None, **more):
    seen = groups if groups is not None else {each.group: each.status for each in resources}
    return ServiceStatus(
        ServicePath.parse(name), avail, overall, (InstanceStatus("n1", avail, overall, groups=seen, resources=tuple(resources)),), **more
    )


def p26(avail, overall, *, vg=UP, rest=UP, app=UP, checkup="", sync=UP, sync_says=(), hb=None, hb_says=()):
    """The tutorial's service; its resources are given in no particular order."""
    resources = [
        resource("app", app, "app", *filter(None, [checkup])),
        resource("ip#0", rest, "p26.opensvc.com@eth0"),
        resource("fs#1", rest, "/dev/mapper/vgsvc1-lvdatasvc1@/svc1/data"),
        resource("fs#0", rest, "/dev/mapper/vgsvc1-lvappsvc1@/svc1/app"),
        resource("sync#i0", sync, CONFIG_SYNC, *sync_says, is_optional=True),
        resource("vg#0", vg, "vgsvc1"),
    ]
    if hb:
        resources.append(resource("hb#0", hb, "hb.openha", *hb_says, is_optional=True))
    return service("p26.opensvc.com", avail, overall, resources)


def registry(state, overall, label, *messages, hb=None):
    volumes = {"lvregistryroot": "", "lvdockerdata": "/dockerdata", "lvregistrydata": "/registrydata"}
    resources = [
        resource("container#1", state, label, *messages),
        resource("vg#1", state, "vgregistry"),
        resource("ip#1", state, "registry.opensvc.com@eth0"),
        resource("sync#i0", UP, CONFIG_SYNC),
    ]
    for index, (volume, directory) in enumerate(volumes.items(), start=1):
        resources.append(resource(f"fs#{index}", state, f"/dev/mapper/vgregistry-{volume}@/opt/registry.opensvc.com{directory}"))
    if hb:
        resources.append(resource("hb#0", hb, "hb.openha"))
    return service("registry.opensvc.com", state, overall, resources)


CONTAINERS = ("c37b83887947", "a189884f060a", "fb2513423499", "3a7e545bced2", "1b6a3d00661e", "173a812f4ed5", "59fca3cd2745")


def busybox(state, overall, *messages, hb=None):
    labels = [f"{each}@opensvc/busybox:date" if state is UP else "b073e328878e" for each in CONTAINERS]
    resources = [
        resource("ip#1", state, "busybox.opensvc.com@eth0"),
        resource("sync#i0", UP, CONFIG_SYNC),
        resource("fs#2", state, "/dev/mapper/vgbusybox-lvbusyboxdata@/opt/busybox.opensvc.com/appdata"),
        resource("fs#1", state, "/dev/mapper/vgbusybox-lvbusyboxroot@/opt/busybox.opensvc.com"),
        resource("vg#1", state, "vgbusybox"),
        *(resource(f"container#{n}", state, label, *messages, subset="01appservers") for n, label in enumerate(labels, start=1)),
    ]
    if hb:
        resources.append(resource("hb#0", hb, "hb.openha"))
    return service("busybox.opensvc.com", state, overall, resources)


def p26_trees(active, peer):
    unsynced = {"sync": DOWN, "sync_says": [f"{peer} need update"]}
    no_daemons = {"hb": WARN, "hb_says": ["open-ha daemons are not running"]}
    return {
        f"classic_{active}_before_first_start": p26(WARN, WARN, rest=DOWN, app=NA, sync=WARN, sync_says=["passive node needs update"]),
        f"classic_{active}_started_without_checkup": p26(UP, WARN, app=NA, checkup="no checkup scripts", **unsynced),
        f"classic_{active}_started_with_launchers": p26(UP, WARN, **unsynced),
        f"classic_{active}_stopped": p26(DOWN, DOWN, vg=DOWN, rest=DOWN, app=NA, **unsynced),
        f"classic_{active}_synced": p26(UP, UP),
        f"classic_{active}_started_on_peer": p26(UP, UP),
        f"classic_{active}_hb_not_running_active": p26(UP, WARN, **no_daemons),
        f"classic_{active}_hb_not_running_passive": p26(DOWN, WARN, vg=DOWN, rest=DOWN, app=NA, **no_daemons),
        f"classic_{active}_hb_started": p26(UP, UP, hb=UP),
    }


NO_DOCKER = "docker daemon is not running"
TREES = {
    **p26_trees("sles", "sles2"),
    **p26_trees("node", "node2"),
    "classic_registry_up": registry(UP, UP, "e9828ec4620a@registry:latest"),
    "classic_registry_down": registry(DOWN, DOWN, "de9a91835513", NO_DOCKER),
    "classic_registry_hb_started": registry(UP, UP, "e9828ec4620a@registry:latest", hb=UP),
    "classic_busybox_up": busybox(UP, UP),
    "classic_busybox_down": busybox(DOWN, DOWN, NO_DOCKER),
    "classic_busybox_hb_started": busybox(UP, UP, hb=UP),
}


@pytest.mark.parametrize("name", TREES)
def test_the_tree_is_that_of_the_tutorials(name):
    seen = TREES[name]

    assert "\n".join([str(seen.path), *tree_lines(seen)]) + "\n" == golden(name)


def test_every_recorded_tree_is_rebuilt():
    assert {path.stem for path in GOLDEN.glob("classic_*.txt")} == set(TREES)


def test_a_service_without_resources_has_three_groups_without_children():
    assert tree_lines(service("empty", NA, NA, [])) == [
        "overall                   n/a",
        "|- avail                  n/a",
        "|- sync                   n/a",
        "'- hb                     n/a",
    ]


def test_groups_stand_in_order_and_the_launchers_last():
    rids = ["task#1", "app", "app#2", "ip#1", "share#1", "fs#10", "fs#2", "disk#1", "container#1", "volume#1"]
    lines = tree_lines(service("s1", UP, UP, [resource(rid, UP) for rid in rids]))

    shown = [line.split()[2] for line in lines if line.startswith("|  ")]
    assert shown == ["container#1", "disk#1", "fs#2", "fs#10", "share#1", "ip#1", "app#2", "task#1", "volume#1", "app"]


@pytest.mark.parametrize(
    ("flag", "shown"),
    [
        ("is_monitored", "M..."),
        ("is_disabled", ".D.."),
        ("is_optional_declared", "..O."),
        ("is_encap", "...E"),
        ("is_optional", "...."),
        ("is_standby", "...."),
    ],
)
def test_a_flag_stands_in_its_place(flag, shown):
    line = tree_lines(service("s1", UP, UP, [resource("fs#1", UP, "label", **{flag: True})]))[2]

    assert line[21:25] == shown


@pytest.mark.parametrize("rid", ["sync#1", "hb#1"])
def test_what_is_outside_of_avail_never_shows_as_optional(rid):
    lines = tree_lines(service("s1", UP, UP, [resource(rid, UP, is_optional_declared=True)]))

    assert all("O" not in line for line in lines)


def test_a_long_rid_pushes_its_own_line_only():
    lines = tree_lines(service("s1", UP, UP, [resource("container#registry", UP, "a"), resource("fs#1", UP, "b")]))

    assert lines[2:4] == ["|  |- container#registry .... up       a", "|  '- fs#1           .... up       b"]


def test_several_messages_stand_one_below_the_other():
    lines = tree_lines(service("s1", DOWN, DOWN, [resource("fs#1", DOWN, "l", "one\ntwo", "three"), resource("ip#1", UP, "l")]))

    assert lines[3:6] == [f"|  |  |{'':28}# {text}" for text in ("one", "two", "three")]


def test_a_tree_is_coloured_by_status_only():
    line = tree_lines(service("s1", UP, UP, [resource("fs#1", DOWN, "l")]), COLORED)[2]

    assert line == "|  '- fs#1           .... \x1b[31mdown\x1b[0m     l"


TEXTS = st.text("abcXYZ019@/:._-", min_size=1, max_size=30)
RESOURCES = st.lists(
    st.builds(
        resource,
        st.builds(
            "{}#{}".format, st.sampled_from(["container", "vg", "fs", "ip", "app", "sync", "hb"]), st.text("abc019", min_size=1, max_size=8)
        ),
        st.sampled_from(Status),
        TEXTS,
        TEXTS,
    ),
    unique_by=lambda each: each.rid,
    max_size=8,
)


@given(RESOURCES)
def test_columns_hold_for_any_short_rid_and_label(resources):
    short = [each for each in resources if len(each.rid) <= 14]
    lines = tree_lines(service("s1", UP, WARN, short))

    labels = {each.classic_label for each in short} | {f"# {message.text}" for each in short for message in each.messages}
    assert all(line[35:] in labels for line in lines if len(line) > 35 and "stdby down" not in line)
    assert all(line[21:25].strip(".MDOE ") == "" and line[26] != " " for line in lines if "# " not in line)


@given(RESOURCES)
def test_a_coloured_tree_without_its_colours_is_the_plain_one(resources):
    seen = service("s1", UP, WARN, resources)

    assert list(map(uncolored, tree_lines(seen, COLORED))) == tree_lines(seen)


@given(RESOURCES)
def test_no_line_of_a_tree_is_empty_or_ends_with_a_blank(resources):
    assert all(line and line == line.rstrip() for line in tree_lines(service("s1", UP, WARN, resources)))


def row(name, state, *, hb=NA, overall=None):
    groups = {"container": state, "ip": state, "disk": state, "fs": state, "sync": UP}
    if hb is not NA:
        groups["hb"] = hb
    return service(f"{name}.opensvc.com", state, overall or state, [], groups, env="DEV")


def both(*args, **kwargs):
    return [row("registry", *args, **kwargs), row("busybox", *args, **kwargs)]


TABLES = {
    "svcmon_initially_on_deb1": both(UP),
    "svcmon_initially_on_deb2": both(DOWN),
    "svcmon_stopped_on_deb1": both(DOWN, hb=WARN, overall=WARN),
    "svcmon_stopped_on_deb2": both(DOWN, hb=WARN, overall=WARN),
    "svcmon_registry_unfrozen_on_deb1": [row("registry", UP, hb=UP), row("busybox", DOWN, hb=WARN, overall=WARN)],
    "svcmon_registry_unfrozen_on_deb2": [row("registry", DOWN, hb=DOWN), row("busybox", DOWN, hb=WARN, overall=WARN)],
    "svcmon_both_unfrozen_on_deb1": both(UP, hb=UP),
    "svcmon_failed_over_on_deb2": both(UP, hb=UP),
    "svcmon_failback_on_deb1": both(DOWN, hb=DOWN),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_table_is_that_of_the_tutorials(name):
    assert monitor_table(TABLES[name]) + "\n" == golden(name)


def test_every_recorded_table_is_rebuilt():
    assert {path.stem for path in GOLDEN.glob("svcmon_*.txt")} == set(TABLES)


def test_a_table_of_short_names_is_as_wide_as_its_title():
    lines = monitor_table([service("s1", UP, UP, [], {})]).splitlines()

    assert lines[2].startswith("------- ------- ---------")
    assert lines[3].startswith("s1      TST     hosted    n/a       n/a")


def test_a_frozen_service_says_so():
    seen = service("s1", UP, UP, [], {})
    frozen = seen._replace(instances=(seen.local._replace(is_frozen=True),))

    assert monitor_table([frozen]).endswith(" up         up         True")


def test_a_table_without_services_is_its_header():
    assert len(monitor_table([]).splitlines()) == 3


@given(st.lists(st.sampled_from(Status), min_size=8, max_size=8))
def test_a_coloured_table_without_its_colours_is_the_plain_one(statuses):
    groups = dict(zip(("container", "ip", "disk", "fs", "share", "app", "hb", "sync"), statuses, strict=True))
    seen = [service("some.longer.name", UP, WARN, [], groups)]

    assert uncolored(monitor_table(seen, COLORED)) == monitor_table(seen)
