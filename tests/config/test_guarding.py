"""Guarding: which guard is believed, and what is said of one that can't work."""

import pytest

from opensvc_core.config.converters import text, words
from opensvc_core.config.document import Document
from opensvc_core.config.findings import Severity
from opensvc_core.config.guarding import doubts, guard_of
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.service import ServiceConfig, World
from opensvc_core.config.validation import validate
from opensvc_core.errors import DriverUnavailable
from opensvc_core.model.names import ServicePath


class Loop(Declares):
    has_data_at_stake = True
    file = Keyword(text, required=True, claims="device", text="The file.")


class Group(Declares):
    has_data_at_stake = stands_on_devices = True
    name = Keyword(text, required=True, scopable=True, claims="device", text="The group.")
    pvs = Keyword(words, default=[], text="Its devices.")


class Volume(Declares):
    has_data_at_stake = stands_on_devices = True
    name = Keyword(text, required=True, text="The volume.")
    vg = Keyword(text, required=True, stands_on=True, text="Its group.")


class Filesystem(Declares):
    has_data_at_stake = stands_on_devices = True
    dev = Keyword(text, required=True, scopable=True, claims="device", text="The device.")
    mnt = Keyword(text, required=True, claims="mount point", text="The mount point.")


class Task(Declares):
    command = Keyword(text, text="The command.")


DRIVERS = {"disk.loop": Loop, "disk.vg": Group, "disk.lv": Volume, "fs.ext4": Filesystem, "task.host": Task}
GROUP = "[disk#1]\ntype = vg\nname = data\n"
RESERVED = f"{GROUP}scsireserv = true\n"
TASK = "[task#1]\ntype = host\ncommand = /bin/true\n"


def declarations(name):
    if name not in DRIVERS:
        raise DriverUnavailable(f"no installed plugin provides {name}")
    return DRIVERS[name]


def config(body, head="orchestrate = ha", *, node="n1", **world):
    facts = {"cluster_nodes": ("n1", "n2", "n3"), **world}
    document = Document.parse(f"[DEFAULT]\nnodes = n1 n2\n{head}\n{body}", path="svc1.conf")
    return ServiceConfig(document, World(node=node, path=ServicePath.parse("svc1"), **facts), declarations)


def filesystem(dev, more="", name="fs#1"):
    return f"[{name}]\ntype = ext4\ndev = {dev}\nmnt = /srv/{name[3:]}\n{more}"


def codes(found):
    return [one.code for one in doubts(found)]


@pytest.mark.parametrize(
    "body",
    [
        RESERVED,
        RESERVED + TASK,
        RESERVED + filesystem("/dev/data/app"),
        RESERVED + filesystem("/dev/mapper/data-app"),
        RESERVED + filesystem("{disk#1.exposed_devs[0]}"),
        RESERVED + filesystem("/dev/{disk#1.name}/app"),
        RESERVED + "[disk#2]\ntype = lv\nname = app\nvg = data\n",
        RESERVED + "[disk#2]\ntype = lv\nname = app\nvg = {disk#1.name}\n" + filesystem("{disk#2.exposed_devs[0]}"),
        filesystem("/dev/sdb1", "scsireserv = true\n"),
        RESERVED + filesystem("/dev/sdb1", "disable = true\n"),
        RESERVED + "[disk#1pr]\nmonitor = true\n",
    ],
)
@pytest.mark.parametrize("word", ["auto", "exclusive"])
def test_a_reservation_below_all_data_is_a_guard(word, body):
    found = config(body, f"orchestrate = ha\nguard = {word}")
    assert (guard_of(found), codes(found)) == ("exclusive", [])


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (filesystem("/dev/sdb1"), "fs#1"),
        (GROUP, "disk#1"),
        (RESERVED + filesystem("/dev/sdb1"), "fs#1"),
        (RESERVED + filesystem("/dev/database/app"), "fs#1"),
        (RESERVED + filesystem("UUID=1234-5678"), "fs#1"),
        (RESERVED + filesystem("/dev/sdb1", "comment = beside {disk#1.name}\n"), "fs#1"),
        (RESERVED + "[disk#2]\ntype = lv\nname = data\nvg = other\n", "disk#2"),
        (RESERVED + "[disk#1pr]\ndisable = true\n", "disk#1"),
        (RESERVED + "[disk#1pr]\noptional = true\n", "disk#1"),
        (RESERVED + "[disk#1pr]\ntags = noaction\n", "disk#1"),
        (RESERVED + "optional = true\n" + filesystem("/dev/data/app"), "fs#1"),
        (RESERVED + "disable = true\n" + filesystem("/dev/data/app"), "fs#1"),
    ],
)
@pytest.mark.parametrize("word", ["auto", "exclusive"])
def test_data_on_a_disk_that_is_not_reserved_has_no_guard(word, body, named):
    found = config(body, f"orchestrate = ha\nguard = {word}")
    (doubt,) = doubts(found)
    assert (guard_of(found), doubt.code, doubt.notice) == ("none", "no-guard", "no guard")
    assert f"the data of {named} would be at stake" in doubt.text


def test_a_wish_of_all_is_none_of_what_stands_on_no_devices():
    loop = "[disk#2]\ntype = loop\nfile = /srv/data.img\n"
    assert guard_of(config(GROUP, "orchestrate = ha\nscsireserv = true")) == "exclusive"
    assert guard_of(config(GROUP + loop, "orchestrate = ha\nscsireserv = true")) == "none"


def test_what_nobody_knows_may_be_anything():
    assert guard_of(config(RESERVED + "[fs#9]\ntype = nosuch\n", "orchestrate = ha\nguard = exclusive")) == "none"


def test_exclusive_with_nothing_that_is_reserved_is_no_guard():
    assert guard_of(config(TASK, "orchestrate = ha\nguard = exclusive")) == "none"


def test_each_node_sees_the_devices_that_it_would_use():
    body = RESERVED + filesystem("/dev/data/app", "dev@n2 = /dev/sdb1\n")
    assert guard_of(config(body)) == "exclusive"
    assert guard_of(config(body, node="n2")) == "none"


@pytest.mark.parametrize(
    ("said", "world", "guard"),
    [
        ("guard = auto", {"fenceable": frozenset({"n2"})}, "fence"),
        ("guard = none", {"fenceable": frozenset({"n2"})}, "none"),
        ("guard = exclusive", {"fenceable": frozenset({"n2"})}, "none"),
        ("guard = exclusive\nsplit_policy = accept", {}, "accept"),
        ("guard = lease", {}, "lease"),
        ("split_policy = accept", {}, "accept"),
    ],
)
def test_where_the_disks_are_not_reserved_the_other_guards_count(said, world, guard):
    assert guard_of(config(RESERVED + filesystem("/dev/sdb1"), f"orchestrate = ha\n{said}", **world)) == guard


@pytest.mark.parametrize(
    ("head", "body", "world", "expected"),
    [
        ("orchestrate = ha", GROUP, {}, ["no-guard"]),
        ("orchestrate = ha\nguard = none", GROUP, {"fenceable": frozenset({"n2"})}, ["no-guard"]),
        ("orchestrate = ha\nguard = none", RESERVED, {}, ["no-guard"]),
        ("orchestrate = ha", GROUP, {"fenceable": frozenset({"n2"})}, []),
        ("orchestrate = ha\nsplit_policy = accept", GROUP, {}, []),
        ("orchestrate = ha", TASK, {}, []),
        ("orchestrate = start", GROUP, {}, []),
        ("orchestrate = ha\ntopology = flex", GROUP, {}, []),
        ("orchestrate = ha\nnodes = n1", GROUP, {}, []),
        ("orchestrate = ha\nguard = fence", GROUP, {"fenceable": frozenset({"n2"})}, []),
        ("orchestrate = ha\nguard = fence", GROUP, {}, ["no-fencing"]),
        ("orchestrate = ha\nguard = fence", TASK, {"fenceable": frozenset({"n1"})}, ["no-fencing"]),
        ("orchestrate = ha\nnodes = n1 n2 n3", GROUP, {"fenceable": frozenset({"n1", "n2"})}, ["no-fencing"]),
        ("orchestrate = ha\nguard = lease", GROUP, {"has_watchdog": True}, []),
        ("orchestrate = ha\nguard = lease", TASK, {}, []),
        ("orchestrate = ha\nguard = lease", GROUP, {}, ["no-watchdog"]),
        ("guard = lease", GROUP, {}, ["no-watchdog"]),
        ("orchestrate = ha\nguard = lease", GROUP, {"cluster_nodes": ("n1", "n2")}, ["no-watchdog", "no-arbitrator"]),
        ("guard = lease", TASK, {"cluster_nodes": ("n1", "n2")}, ["no-arbitrator"]),
        ("guard = lease", GROUP, {"cluster_nodes": ("n1", "n2"), "arbitrators": 1, "has_watchdog": True}, []),
    ],
)
def test_what_a_takeover_needs_is_missed_from_the_first_day(head, body, world, expected):
    document = config(body, head, **world)
    if "nodes =" in head:
        document = ServiceConfig(Document.parse(f"[DEFAULT]\n{head}\n{body}"), document.world, declarations)
    assert codes(document) == expected
    assert [one.code for one in validate(document)] == expected


def test_a_word_that_is_no_guard_is_told_as_such():
    assert [one.code for one in validate(config(GROUP, "orchestrate = ha\nguard = fences"))] == ["bad-value"]


def test_the_finding_names_the_resources_and_the_ways_out():
    (finding,) = validate(config(GROUP + filesystem("/dev/data/app")))
    assert (finding.severity, finding.line) == (Severity.WARNING, 3)
    assert "the data of disk#1, fs#1 would be at stake" in finding.text
    assert all(word in finding.hint for word in ("fencing", "lease", "'scsireserv = true'", "'split_policy = accept'"))


def test_the_finding_of_a_word_stands_at_the_word():
    (finding,) = validate(config(filesystem("/dev/sdb1"), "orchestrate = ha\nguard = exclusive"))
    assert (finding.line, finding.key, finding.value) == (4, "guard", "exclusive")
    assert "at stake, on no disk that is reserved" in finding.text


ACCEPT = "om svc1 set --kw split_policy=accept"


@pytest.mark.parametrize(
    ("body", "head", "offers"),
    [
        (GROUP + filesystem("/dev/data/app"), "", ("om svc1 set --kw disk#1.scsireserv=true", ACCEPT)),
        (RESERVED + filesystem("/dev/sdb1"), "", ("om svc1 set --kw fs#1.scsireserv=true", ACCEPT)),
        (
            filesystem("/dev/sdb1") + filesystem("/dev/sdc1", name="fs#2"),
            "guard = exclusive\n",
            ("om svc1 set --kw fs#1.scsireserv=true --kw fs#2.scsireserv=true", ACCEPT),
        ),
        ("[disk#0]\ntype = loop\nfile = /srv/a\n" + GROUP, "", (ACCEPT,)),
        (GROUP, "guard = none\n", (ACCEPT,)),
    ],
)
def test_each_line_that_is_offered_mends_it(body, head, offers):
    found = config(body, f"orchestrate = ha\n{head}")
    (doubt,) = doubts(found)
    assert doubt.offers == offers
    for offer in offers:
        document = found.document
        for word in offer.split(" --kw ")[1:]:
            name, _, value = word.partition("=")
            section, _, key = name.rpartition(".")
            document = document.set(section or "DEFAULT", key, value)
        assert codes(ServiceConfig(document, found.world, declarations)) == []
