"""conf/monitor, conf/services, conf/nodes and conf/options."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_openha import monitor, options, services
from opensvc_openha.links import Kind, Sealing, framing
from opensvc_openha.options import Options, Split
from opensvc_openha.services import Service

from opensvc_core.errors import ConfigError

DOCKER = """\
deb1.opensvc.com	net	eth1	239.131.50.10	5010	10
deb1.opensvc.com	net	eth2	239.131.50.11	5011	10
deb2.opensvc.com	net	eth1	239.131.50.12	5012	10
deb2.opensvc.com	net	eth2	239.131.50.13	5013	10
deb1.opensvc.com	dio	/dev/mapper/disk.hb.0	0	10
deb2.opensvc.com	dio	/dev/mapper/disk.hb.0	10	10
"""
LUN = "/dev/mapper/14f504e46494c45526967724d32682d553243692d4f336a4c"
GETTING_STARTED = f"""\
sles1 net eth0 239.131.50.10 1234 10
sles1 dio {LUN} 0 10
sles2 net eth0 239.131.50.10 4321 10
sles2 dio {LUN} 2 10
"""


def test_the_lines_of_the_docker_tutorial_are_read():
    found = monitor.parse(DOCKER)
    assert not found.problems
    assert [(link.node[:4], link.kind, link.where, link.place, link.timeout) for link in found.links] == [
        ("deb1", Kind.NET, "eth1:239.131.50.10", 5010, 10),
        ("deb1", Kind.NET, "eth2:239.131.50.11", 5011, 10),
        ("deb2", Kind.NET, "eth1:239.131.50.12", 5012, 10),
        ("deb2", Kind.NET, "eth2:239.131.50.13", 5013, 10),
        ("deb1", Kind.DIO, "/dev/mapper/disk.hb.0:0", 0, 10),
        ("deb2", Kind.DIO, "/dev/mapper/disk.hb.0:10", 10, 10),
    ]
    assert "\n".join(map(monitor.canonical, found.links)) + "\n" == DOCKER


def test_a_node_sends_by_its_own_lines_and_listens_to_the_others():
    found = monitor.parse(DOCKER)
    assert [link.arguments(listens=False) for link in found.sent_by("deb1.opensvc.com")] == [
        ("heartd", "eth1", "239.131.50.10", "5010"),
        ("heartd", "eth2", "239.131.50.11", "5011"),
        ("heartd_dio", "/dev/mapper/disk.hb.0", "0"),
    ]
    assert [link.arguments(listens=True) for link in found.heard_by("deb1.opensvc.com")] == [
        ("heartc", "eth1", "239.131.50.12", "5012", "10"),
        ("heartc", "eth2", "239.131.50.13", "5013", "10"),
        ("heartc_dio", "/dev/mapper/disk.hb.0", "10", "10"),
    ]


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        pytest.param(DOCKER, [9384, 9384, 9384, 9384, 3240, 3240], id="10-blocks"),
        pytest.param(GETTING_STARTED, [9384, 504, 9384, 504], id="2-blocks"),
        pytest.param("a dio /dev/d 0 9\nb dio /dev/d 19 9", [9384, 9384], id="19-blocks"),
        pytest.param("a dio /dev/d 100 9\nb dio /dev/d 94 9", [2856, 2856], id="6-blocks-downward"),
        pytest.param("a dio /dev/d 0 9\nb dio /dev/e 0 9", [9384, 9384], id="two-disks"),
        pytest.param("a dio /dev/d 0 9 records=504\nb dio /dev/d 19 9 records=504", [504, 504], id="asked"),
        pytest.param("a net eth0 239.1.1.1 5000 9 records=3240", [3240], id="asked-of-a-network"),
    ],
)
def test_the_distance_on_a_disk_or_an_option_selects_the_records(text, sizes):
    found = monitor.parse(text)
    assert not found.problems
    assert [framing(link, found.links).layout.size for link in found.links] == sizes


@pytest.mark.parametrize(
    ("text", "services", "problem"),
    [
        (GETTING_STARTED, ["p26.opensvc.com"] * 16, ""),
        (
            GETTING_STARTED,
            ["p260.opensvc.com"],
            "a record of 504 bytes has room for 15 bytes, this has 16; offsets",
        ),
        (GETTING_STARTED, ["svc"] * 17, "17 services: a record of 504 bytes has room for 16; offsets 19 blocks apart have room"),
        ("sles1 net eth0 239.131.50.10 1234 10", ["p260.opensvc.com"] * 128, ""),
        (
            "sles1 net eth0 239.131.50.10 1234 10",
            ["svc"] * 129,
            "eth0:239.131.50.10: 129 services: a record of 9384",
        ),
        ("sles2 dio /dev/d 0 10\nsles1 dio /dev/e 0 10\nsles2 dio /dev/e 1 10", ["p260.opensvc.com"], "/dev/e:0: service p260"),
    ],
)
def test_services_that_a_record_has_no_room_for_are_told_of(text, services, problem):
    found = monitor.parse(text).room_problem("sles1", services)
    assert problem in found
    assert bool(problem) is bool(found)


@pytest.mark.parametrize("line", ["deb2 dio /dev/d 10 {}", "deb2 net eth1 239.131.50.12 5012 {}"])
def test_a_listener_is_known_by_its_place_whatever_its_timeout(line):
    boards = {monitor.parse(line.format(timeout)).links[0].board(listens=True) for timeout in (10, 20)}
    assert len(boards) == 1


def test_a_trailer_is_written_where_it_has_room():
    def frames(text):
        found = monitor.parse(text)
        return framing(found.links[0], found.links)

    assert (frames("a dio /dev/d 0 9\nb dio /dev/d 1 9").has_trailer, frames("a dio /dev/d 0 9\nb dio /dev/d 1 9").blocks) == (False, 1)
    assert (frames("a dio /dev/d 0 9\nb dio /dev/d 2 9").has_trailer, frames("a dio /dev/d 0 9\nb dio /dev/d 2 9").blocks) == (True, 2)
    assert (frames("a dio /dev/d 0 9\nb dio /dev/d 19 9").has_trailer, frames("a dio /dev/d 0 9\nb dio /dev/d 19 9").blocks) == (True, 19)


def test_comments_and_empty_lines_are_passed_over():
    assert monitor.parse(f"# a comment\n\n  {GETTING_STARTED}\n   # more\n").problems == ()


def test_options_stand_at_the_end_of_a_line():
    (link,) = monitor.parse("a unicast eth0 10.0.0.2 5000 9 key=/etc/key auth=accept").links
    assert (link.sealing, link.key) == (Sealing.ACCEPT, "/etc/key")
    (link,) = monitor.parse("a unicast eth0 10.0.0.2 5000 9 key=/etc/key").links
    assert link.sealing is Sealing.REQUIRE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "conf/monitor:1: the type of heartbeat is missing"),
        ("a token eth0 1 2 3", "conf/monitor:1: 'token' is no type of heartbeat; types are net, unicast, dio and disk"),
        ("a net eth0 239.1.1.1 5000", "conf/monitor:1: 5 words, where a line of this type has 6: NODE net INTERFACE GROUP PORT TIMEOUT"),
        ("a dio /dev/d 0 10 3", "conf/monitor:1: 6 words, where a line of this type has 5"),
        ("a net eth0 10.0.0.1 5000 10", "10.0.0.1 is no multicast group"),
        ("a unicast eth0 239.0.0.1 5000 10", "239.0.0.1 is no address of a node"),
        ("a net eth0 here 5000 10", "'here' is no IPv4 address"),
        ("a net eth0 239.1.1.1 0 10", "port '0' has to be a number from 1 to 65535"),
        ("a net eth0 239.1.1.1 5000 1", "timeout '1' has to be a number from 2 to 120 (seconds)"),
        ("a net eth0 239.1.1.1 5000 ten", "timeout 'ten' has to be a number"),
        ("a dio disk 0 10", "device 'disk' is no path"),
        ("a dio /dev/d 4194304 10", "offset '4194304' has to be a number from 0 to 4194303"),
        ("a dio /dev/d -1 10", "offset '-1' has to be"),
        ("a dio /dev/d 0 10\nb dio /dev/d 0 10", "conf/monitor:2: offset 0 of /dev/d is that of line 1 already"),
        ("a net e 239.1.1.1 5000 10\nb net e 239.1.1.2 5000 10", "conf/monitor:2: port 5000 on e is that of line 1 already"),
        (
            "a dio /dev/d 0 10 records=9384\nb dio /dev/d 16 10 records=9384",
            "records of 9384 bytes have no room between the offsets on /dev/d",
        ),
        ("a dio /dev/d 16 10 records=9384\nb dio /dev/d 0 10 records=9384", "have no room"),
        ("a dio /dev/d 0 10 key=/k\nb dio /dev/d 1 10 key=/k", "auth=require has no room between the offsets on /dev/d"),
        ("a dio /dev/d 0 10 auth=require", "auth=require needs key=FILE"),
        ("a dio /dev/d 0 10 auth=maybe", "auth=maybe: one of off, accept, require is needed"),
        ("a dio /dev/d 0 10 records=9000", "records=9000: one of 504, 2856, 3240, 9384 is needed"),
        ("a dio /dev/d 0 10 colour=red", "'colour' is no option; options are records, auth, key"),
        ("a dio /dev/d 0 10 key=k", "key=k: the path of a file is needed"),
    ],
)
def test_a_line_that_is_wrong_is_told_of_and_left_out(text, message):
    found = monitor.parse(text, "conf/monitor")
    assert message in str(found.problems[0])
    assert found.problems[0].line not in [link.line for link in found.links]


def test_one_wrong_line_does_not_spoil_the_others():
    found = monitor.parse("nonsense\n" + DOCKER)
    assert (len(found.links), len(found.problems)) == (6, 1)


@given(st.text())
def test_any_text_is_read(text):
    monitor.parse(text)
    services.parse(text)
    services.parse_nodes(text)


REGISTRY = Service("registry", "/etc/opensvc/registry.cluster", "deb1", "deb2", "/bin/true")


def test_a_service_is_added_and_read():
    text = services.added("", REGISTRY)
    assert text == "registry\t/etc/opensvc/registry.cluster\tdeb1\tdeb2\t/bin/true\n"
    found = services.parse(text)
    assert found.services == (REGISTRY,)
    assert found.named("registry") is REGISTRY or found.named("registry") == REGISTRY
    assert (REGISTRY.peer("deb1"), REGISTRY.peer("deb2"), REGISTRY.peer("deb3")) == ("deb2", "deb1", None)
    assert (found.of("deb2"), found.of("deb3")) == ((REGISTRY,), ())


def test_a_service_is_removed_and_all_else_stays():
    text = "# ours\nother  /x a b /y extra\nregistry /s a b /c"
    assert services.without(text, "registry") == "# ours\nother  /x a b /y extra\n"
    assert services.added(services.without(text, "other"), REGISTRY).splitlines()[1:] == [
        "registry /s a b /c",
        services.added("", REGISTRY).strip(),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("registry /s a b", "services:1: 4 words, where a service has 5: name, script, primary, secondary, check script"),
        ("registry /s a a /c", "services:1: the primary and the secondary node of registry are both a"),
        ("x /s a b /c\nx /t a b /c", "services:2: the service x stands in it twice; the first line counts"),
        ("../x /s a b /c", "services:1: '../x' can't be the name of a service"),
        ("s" * 64 + " /s a b /c", "Error : service name is too long. 64 out of 63"),
    ],
)
def test_a_service_that_is_wrong_is_told_of_and_left_out(text, message):
    assert message in str(services.parse(text, "services").problems[0])


def test_nodes_are_the_first_words():
    assert services.parse_nodes("deb1.opensvc.com\n# no\n\ndeb2.opensvc.com second\n") == ("deb1.opensvc.com", "deb2.opensvc.com")


def test_without_options_all_is_as_in_the_c_implementation():
    assert options.parse("") == Options()
    assert not Options().is_guarded


def test_options_are_read():
    found = options.parse("# guard\nfence /usr/sbin/fence 'node of' x\nfence_timeout\t30\nstart_timeout 600\nsplit keep\n")
    assert found == Options(("/usr/sbin/fence", "node of", "x"), fence_timeout=30, start_timeout=600, split=Split.KEEP)
    assert found.is_guarded


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour red", "options:1: colour: no option has this name; options are fence,"),
        ("stop_timeout soon", "options:1: stop_timeout: 'soon': a number of seconds from 0 (no limit) to 86400 is needed"),
        ("split heal", "options:1: split: 'heal': stop-secondary or keep is needed"),
    ],
)
def test_an_option_that_is_wrong_is_told_of(text, message):
    assert message in str(options.parse(text, "options").problems[0])


@pytest.mark.parametrize("text", ["fence", "fence poweroff", "fence '/unclosed"])
def test_a_guard_that_is_wrong_is_never_left_out_silently(text):
    with pytest.raises(ConfigError, match="options:1: fence"):
        options.parse(text, "options")
