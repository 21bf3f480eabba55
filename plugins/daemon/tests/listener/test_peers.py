"""Calls between members: passed on once, under one id, by certificates that both sides check."""

import asyncio
import socket
import threading
import time

import pytest
from opensvc_daemon.listener.identity import neighbourhood, plain_address
from opensvc_daemon.trust import join, prepare
from opensvc_daemon.trust.membership import secret_of

from opensvc_core.api import ActionFailed, ActionRefused, NoSuchObject
from opensvc_core.testing.waiting import wait_for


@pytest.fixture
def pair(houses):
    """Two members."""
    first, second = houses("n1", begins=False), houses("n2", begins=False)
    places = f"[listener]\naddr = 127.0.0.1\nport@n1 = {first.port}\nport@n2 = {second.port}\n"
    (first.node.paths.etc / "cluster.conf").write_text(f"[cluster]\nnodes = n1\n{places}")
    first.begin()
    second.begin()
    join(second.node, "127.0.0.1", secret_of(first.node), port=first.port, say=lambda _: None)
    for one in (first, second):
        one.monitor.asked.clear()
        one.monitor.ids.clear()
    return first, second


def orders(house):
    """What a person asks for: that the cluster's file is another one may still come from the join."""
    return [asked for asked in house.monitor.asked if asked != ("changed",)]


def test_an_order_goes_to_who_can_carry_it_under_its_id(pair):
    first, second = pair
    first.monitor.elsewhere = ("n2",)
    answer = first.client.post("/v1/services/svc1/requests", {"wish": "start"})
    ((service, wish, _, origin, name),) = orders(second)
    assert (service, wish, name, origin[:8]) == ("svc1", "start", answer["id"], "node n1 ")
    assert name in {request for _, _, request in first.log} & {request for _, _, request in second.log}


def test_what_a_person_knows_of_a_node_goes_along_under_the_same_id(pair):
    first, second = pair
    first.monitor.elsewhere = ("n2",)
    answer = first.client.post("/v1/services/svc1/requests", {"wish": "start", "confirmed_down": ["n3"]})
    assert orders(first) == [("confirm_down", "n3")] == orders(second)[:1]
    assert first.monitor.ids == second.monitor.ids == [answer["id"]]


def test_an_order_goes_to_the_next_where_the_first_is_away(pair):
    first, second = pair
    first.node.change("cluster", lambda document: document.set("cluster", "nodes", "n1 n2 n3").set("listener", "port@n3", "1"))
    first.run(first.listener.reconfigure())
    first.monitor.elsewhere = ("n3", "n2")
    first.client.post("/v1/services/svc1/requests", {"wish": "start"})
    assert len(orders(second)) == 1


def test_nobody_passes_on_what_was_passed_on(pair):
    first, second = pair
    first.monitor.elsewhere, second.monitor.elsewhere = ("n2",), ("n1",)
    with pytest.raises(ActionFailed, match="n2 was passed this call by another member"):
        first.client.post("/v1/services/svc1/requests", {"wish": "start"})


def test_a_refusal_of_the_other_member_comes_back_as_it_was(pair):
    first, _ = pair
    first.monitor.elsewhere = ("n2",)
    with pytest.raises(ActionRefused, match="switch needs a node"):
        first.client.post("/v1/services/svc1/requests", {"wish": "switch"})


def test_logs_and_events_of_another_member_come_through(pair):
    first, second = pair
    file = second.node.paths.log / "svc1.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("far\n")
    stream = first.client.stream("/v1/services/svc1/log", node="n2", follow=True)
    assert next(stream) == {"node": "n2", "line": "far"}
    with file.open("a") as more:
        more.write("away\n")
    assert next(stream) == {"node": "n2", "line": "away"}
    stream.close()


def test_a_reader_that_goes_ends_the_stream_on_the_other_member_too(pair):
    first, second = pair
    client = first.client
    stream = client.stream("/v1/events", node="n2")
    thread = threading.Thread(target=lambda: list(stream))
    thread.start()
    wait_for(lambda: second.monitor.readers)
    client.close()
    thread.join(60)
    wait_for(lambda: not second.monitor.readers)


def test_a_reader_that_goes_before_the_other_member_has_answered_leaves_no_connection(pair, monkeypatch):
    first, second = pair
    gone, ask = threading.Event(), first.listener.peers.open

    async def late(*args, **more):
        answer = await ask(*args, **more)
        await asyncio.to_thread(gone.wait, 60)
        while first.listener._local.count:
            await asyncio.sleep(0.01)
        return answer

    monkeypatch.setattr(first.listener.peers, "open", late)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(first.node.paths.run / "api.sock"))
        sock.sendall(b"GET /v1/events?node=n2 HTTP/1.0\r\nHost: n1\r\n\r\n")
        wait_for(lambda: second.monitor.readers)
    gone.set()
    wait_for(lambda: not second.monitor.readers)
    wait_for(lambda: not second.listener._remote.count)


def test_another_member_explains_what_it_sees(pair):
    first, _ = pair
    assert first.client.get("/v1/services/svc1/explain")["node"] == "n1"
    assert first.client.get("/v1/services/svc1/explain", node="n2")["node"] == "n2"


def test_only_members_are_called(pair):
    first, _ = pair
    with pytest.raises(NoSuchObject, match="'n9' is no member of the cluster; members: n1, n2"):
        first.client.get("/v1/status", node="n9")
    with pytest.raises(NoSuchObject, match="is no member"):
        first.client.get("/v1/status", node="127.0.0.1:22")


def test_a_member_that_is_away_is_told(pair):
    first, second = pair
    second.run(second.listener.stop())
    with pytest.raises(ActionFailed, match=r"n2 can't be reached at 127\.0\.0\.1 port"):
        first.client.get("/v1/status", node="n2")
    with pytest.raises(ActionFailed, match="n2 can't be reached"):
        first.run(first.listener.peers.call("n2", "GET", "/v1/alive"))


def test_a_member_with_another_authority_is_told_with_the_way_out(pair):
    first, second = pair
    second.trust.forget()
    prepare(second.node)
    second.run(second.listener.reconfigure())
    with pytest.raises(ActionFailed, match=r"n2 can't be reached.* certificate is of another authority than ours: 'om daemon rejoin'"):
        first.client.get("/v1/status", node="n2")


def test_a_member_that_hangs_is_given_up(pair):
    first, second = pair

    async def hang(_):
        await asyncio.sleep(30)

    second.monitor.refresh = hang
    begun = time.monotonic()
    with pytest.raises(ActionFailed, match=r"n2 did not answer in 0\.3 s"):
        first.run(first.listener.peers.call("n2", "POST", "/v1/refresh", {}, limit=0.3))
    assert time.monotonic() - begun < 20


def test_who_answers_under_another_name_is_not_believed(pair):
    first, second = pair
    first.node.change("cluster", lambda document: document.set("cluster", "nodes", "n1 n2 n3").set("listener", "port@n3", str(second.port)))
    with pytest.raises(ActionFailed, match="n3 can't be reached"):
        first.run(first.listener.peers.call("n3", "GET", "/v1/alive"))


@pytest.mark.parametrize(
    ("given", "plain", "counted"),
    [
        ("10.0.0.2", "10.0.0.2", "10.0.0.2"),
        ("::ffff:10.0.0.2", "10.0.0.2", "10.0.0.2"),
        ("fd99::1:2", "fd99::1:2", "fd99::/64"),
        ("fe80::1%eth0", "fe80::1%eth0", "fe80::/64"),
        ("", "", ""),
    ],
)
def test_addresses_are_written_and_counted_as_people_do(given, plain, counted):
    assert plain_address(given) == plain
    assert neighbourhood(plain) == counted
