"""`om mon` and the matrix of `svcmon`, to the column, as the tutorials show them."""

import json
import re

import pytest
from opensvc_daemon.rendering.cells import size
from opensvc_daemon.rendering.monitor import matrix, monitor

from opensvc_core.cli.render.colors import Palette

# 000:44-57, on a fresh node.
FRESH = """\
Threads                           demo1
 daemon    running               |
 listener  running :1214
 monitor   running
 scheduler running

Nodes                             demo1
  score                          | 70
   load 15m                      | 0.0
   mem                           | 10/98%:3.82g
   swap                          | -
  state                          |

*/svc/*                            demo1"""
# 000:740-753 in the columns of 000:44-57 (seeds.md, S12); the peer is frozen, as the page has it.
JOINED = """\
Threads                           demo1        demo2
 daemon    running               |
 hb#1.rx   running [::]:10000    | O            /
 hb#1.tx   running               | O            /
 listener  running :1214
 monitor   running
 scheduler running

Nodes                             demo1        demo2
  score                          | 70           70
   load 15m                      | 0.1          0.1
   mem                           | 10/98%:3.82g 10/98%:3.82g
   swap                          | -            -
  state                          |              *

*/svc/*                            demo1        demo2
 svc1      up              1/1   | O^           X"""
# 002:43-52 and 002:106-117.
OLDER = """\
Threads                           node1
 listener  running 0.0.0.0:1214
 monitor   running
 scheduler running

Nodes                             node1
 15m                            | 0.05
 state                          |

Services                          node1"""
OLDER_WITH_HEARTBEAT = """\
Threads                            node1
 hb#1.rx   running 0.0.0.0:10000 | /
 hb#1.tx   running               | /
 listener  running 0.0.0.0:1214
 monitor   running
 scheduler running

Nodes                              node1
 15m                             | 0.05
 state                           |

Services                           node1"""
# 000:747-753.
OLDER_OF_TWO = """\
Nodes                              demo1 demo2
 15m                             | 0.10  0.10
 state                           |       *

Services                           demo1 demo2
 svc1      up              1/1   | O^    X"""
GIB = 1024**3


def threads(address=":1214", **more):
    listener = {"state": "running", "detail": address}
    return {**more, "listener": listener, "monitor": {"state": "running"}, "scheduler": {"state": "running"}}


def node(load=0.0, **more):
    mem = {"used_percent": 10, "limit_percent": 98, "total": int(3.82 * GIB)}
    return {"reach": "beating", "state": "idle", "score": 70, "load": load, "mem": mem, "swap": {"total": 0}, "threads": threads(), **more}


def heartbeat(peer, detail=""):
    return {"state": "running", "detail": detail, "beating": peer}


def document(nodes, services=None, me=None):
    me = me or next(iter(nodes))
    return {"version": 1, "me": me, "cluster": {"name": "default", "nodes": list(nodes)}, "nodes": nodes, "services": services or {}}


def service(avail="up", leaders=("demo1",), **instances):
    return {
        "avail": avail,
        "overall": avail,
        "orchestrate": "no",
        "topology": "failover",
        "running": 1,
        "expected": 1,
        "leaders": list(leaders),
        "instances": {
            name: {"avail": one, "overall": one, "monitor": "idle"} if isinstance(one, str) else one for name, one in instances.items()
        },
    }


def two(services=None, me="demo2", **peer):
    links = {"hb#1.rx": heartbeat({"demo1": True}, "[::]:10000"), "hb#1.tx": heartbeat({"demo1": True})}
    return document({"demo1": node(0.1), "demo2": node(0.1, threads=threads(**links), **peer)}, services, me)


def page(found, **how):
    return monitor(found, Palette().paint, **how)


def cell_of(found, name, column):
    """The cell of a service's row that stands below the name of a node."""
    lines = page(found).splitlines()
    head = next(line for line in lines if line.startswith("*/svc/*"))
    return next(line for line in lines if line.startswith(f" {name} "))[head.index(column) :].rstrip()


def test_a_fresh_node():
    assert page(document({"demo1": node()})) == FRESH


def test_a_heartbeat_without_a_peer_has_no_row_in_om_mon():
    link = {"hb#1.rx": heartbeat({}, "[::]:10000"), "hb#1.tx": heartbeat({})}
    assert page(document({"demo1": node(threads=threads(**link))})) == FRESH


def test_two_nodes_and_a_service():
    assert page(two({"svc1": service(demo1="up", demo2="down")}, frozen=True)) == JOINED


@pytest.mark.parametrize("address", [":1214", "0.0.0.0:1214", "[::]:1214"])
def test_the_matrix_of_the_older_generation(address):
    assert matrix(document({"node1": node(0.05, threads=threads(address))}), Palette().paint) == OLDER


def test_the_matrix_shows_an_address_of_its_own():
    assert "running 10.0.0.1:1214\n" in matrix(document({"node1": node(threads=threads("10.0.0.1:1214"))}), Palette().paint)


def test_the_matrix_shows_heartbeats_from_the_first_on():
    link = {"hb#1.rx": heartbeat({}, "0.0.0.0:10000"), "hb#1.tx": heartbeat({})}
    found = document({"node1": node(0.05, threads=threads("0.0.0.0:1214", **link))})
    assert matrix(found, Palette().paint) == OLDER_WITH_HEARTBEAT


def test_the_matrix_of_two_nodes_is_as_narrow_as_the_page_has_it():
    text = matrix(two({"svc1": service(demo1="up", demo2="down")}, frozen=True), Palette().paint)
    assert text.endswith(OLDER_OF_TWO)


@pytest.mark.parametrize(
    ("instance", "shown"),
    [
        ({"avail": "up", "overall": "warn"}, "O!"),
        ({"avail": "warn", "overall": "warn"}, "!"),
        ({"avail": "up", "overall": "up", "frozen": True}, "O*"),
        ({"avail": "down", "overall": "down", "provisioned": False}, "XP"),
        ({"avail": "stdby up", "overall": "stdby up"}, "o"),
        ({"avail": "stdby down", "overall": "stdby down"}, "x"),
        ({"avail": "n/a", "overall": "n/a"}, "/"),
        ({"avail": "undef", "overall": "undef"}, "?"),
        ({"avail": "down", "overall": "down", "monitor": "start failed"}, "X start failed"),
        ({"avail": "down", "overall": "down", "monitor": "starting", "frozen": True}, "X* starting"),
    ],
)
def test_the_cell_of_an_instance(instance, shown):
    assert cell_of(two({"svc1": service(demo1="up", demo2=instance)}), "svc1", "demo2") == shown


def test_a_request_stands_in_each_cell_as_what_it_makes_of_the_service():
    asked = {**service(demo1="up", demo2="down"), "request": {"wish": "switch", "to": ["demo2"], "progress": "active"}}
    assert cell_of(two({"svc1": asked}), "svc1", "demo2") == "X >placed@demo2"
    asked["request"]["progress"] = "done"
    assert cell_of(two({"svc1": asked}), "svc1", "demo2") == "X"


def test_what_is_known_of_a_silent_node_is_not_shown_as_of_now():
    found = two({"svc1": service(demo1="up", demo2="down")}, me="demo1", reach="silent")
    assert cell_of(found, "svc1", "demo2") == "?"
    found["nodes"]["demo2"]["reach"] = "gone"
    assert cell_of(found, "svc1", "demo2") == "X"
    lines = page(found).splitlines()
    (state,) = [line for line in lines if line.startswith("  state")]
    assert state.endswith("gone")
    found["services"]["svc1"]["instances"]["demo2"] |= {"overall": "warn", "monitor": "start failed"}
    assert cell_of(found, "svc1", "demo2") == "X"


def test_a_service_says_what_is_wrong_with_it():
    odd = {**service(demo1="up", demo2="down"), "overall": "warn", "placement": "non-optimal", "orchestrate": "ha"}
    (line,) = [line for line in page(two({"svc1": odd})).splitlines() if line.startswith(" svc1")]
    assert line.startswith(" svc1      up!^    ha      1/1   | ")


def test_long_names_widen_the_columns_of_all_sections():
    lines = page(two({"a-service-of-some-length": service(demo1="up", demo2="down")})).splitlines()
    assert {line.index("|") for line in lines if "|" in line} == {lines[1].index("|")}
    assert " a-service-of-some-length up " in "\n".join(lines)


def test_what_needs_a_person_is_told_below():
    reasons = [
        {"code": "guard.none", "node": "demo2", "text": "demo2 does not answer and may have it active"},
        {"code": "ready", "text": "no"},
    ]
    text = page(two({"svc1": {**service(demo1="up", demo2="down"), "reasons": [*reasons, *reasons]}}))
    assert text.endswith("\n\n svc1: demo2 does not answer and may have it active")
    assert text.count("demo2 does not answer") == 1


def test_arbitrators_have_a_section():
    votes = {"qd1": {"weight": 1, "answering": True}}
    lines = page(two(arbitrators=votes)).splitlines()
    place = lines.index(next(line for line in lines if line.startswith("Arbitrators")))
    assert re.fullmatch(r" qd1 +\| / +O", lines[place + 1])


def test_many_nodes_are_shown_in_parts_that_fit_the_terminal():
    names = [f"node{number}" for number in range(1, 13)]
    found = document({name: node() for name in names}, {"svc1": service(leaders=(), **dict.fromkeys(names, "up"))})
    lines = page(found, width=100).splitlines()
    assert max(map(len, lines)) <= 100
    heads = [line.split()[1:] for line in lines if line.startswith("Nodes")]
    assert [name for head in heads for name in head] == names
    assert len(heads) > 1


def test_services_can_be_selected():
    both = {"svc1": service(demo1="up", demo2="down"), "web": service(demo1="up", demo2="down")}
    assert " web " not in page(two(both), selector="svc*")


def test_colours_change_no_column():
    found = two({"svc1": service(demo1="up", demo2="down")}, frozen=True)
    colored = monitor(found, Palette(is_enabled=True).paint)
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == page(found)
    assert "\x1b[1mdemo1\x1b[0m" in colored
    assert "\x1b[32mrunning\x1b[0m" in colored
    assert "\x1b[90mX\x1b[0m" in colored


def test_a_document_with_nothing_in_it_is_shown():
    for found in ({}, {"me": "n1"}, document({"n1": {}}, {"svc1": {}})):
        assert page(json.loads(json.dumps(found))).startswith("Threads")


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0b"), (999, "999b"), (1000, "0.98k"), (int(3.82 * GIB), "3.82g"), (16 * GIB, "16.0g"), (125 * GIB, "125g")]
)
def test_sizes_have_three_digits(count, text):
    assert size(count) == text
