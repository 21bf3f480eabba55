"""The API over its real sockets: what it answers, refuses and tells."""

import asyncio
import json
import re
import socket
import threading
import time

import pytest
from opensvc_daemon.client import Client, NoDaemon
from opensvc_daemon.listener.metrics import FAMILIES, metrics

from opensvc_core.api import ActionRefused, ConfigError, NoSuchObject, OpensvcError, UsageError
from opensvc_core.system.logfile import append, before
from opensvc_core.testing.waiting import wait_for


def test_the_document_is_told(house):
    assert house.client.get("/v1/status") == house.monitor.document()


def test_a_service_in_a_namespace_is_written_with_escapes(house):
    assert house.client.get("/v1/services/prod%2Fsvc%2Fweb/explain")["reasons"][0]["code"] == "frozen"
    with pytest.raises(NoSuchObject, match="no service 'nosuch'"):
        house.client.get("/v1/services/nosuch/explain")


def test_a_request_is_taken_on_and_keeps_who_asked(house):
    answer = house.client.post("/v1/services/svc1/requests", {"wish": "switch", "to": ["n2"], "confirmed_down": ["n3"]})
    confirmed, (service, wish, to, origin, name) = house.monitor.asked
    assert confirmed == ("confirm_down", "n3")
    assert (service, wish, to, name) == ("svc1", "switch", ["n2"], answer["id"])
    assert origin.startswith("root (pid ")
    assert origin.endswith(" by n1")


def test_the_id_of_a_call_is_that_of_the_request_and_of_the_log(house):
    sent = b"POST /v1/services/svc1/requests HTTP/1.0\r\nHost: x\r\nX-Request-Id: 0123456789abcdef\r\nContent-Length: 16\r\n\r\n"
    answer = house.raw(sent + b'{"wish":"start"}', tls=False)
    assert b"x-request-id: 0123456789abcdef" in answer.lower()
    assert house.monitor.asked[0][-1] == "0123456789abcdef"
    assert [(level, request) for level, _, request in house.log] == [("info", "0123456789abcdef")]
    assert "POST /v1/services/svc1/requests by root" in house.log[0][1]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/node", b'{"do":"freeze"}'),
        ("/v1/node", b'{"do":"drain","node":"n2"}'),
        ("/v1/services/svc1/requests", b'{"wish":"start","confirmed_down":["n3"]}'),
    ],
)
def test_an_order_to_a_node_is_given_the_id_of_its_call(house, path, body):
    head = f"POST {path} HTTP/1.0\r\nHost: x\r\nX-Request-Id: made.by-hand\r\nContent-Length: {len(body)}\r\n\r\n"
    house.raw(head.encode() + body, tls=False)
    assert house.monitor.ids == ["made.by-hand"]
    assert [request for _, _, request in house.log] == ["made.by-hand"]


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ({"wish": "dance"}, UsageError, "no wish is called dance"),
        ({"wish": "switch"}, ActionRefused, "switch needs a node"),
        ({}, UsageError, "wish is missing"),
        ({"wish": 3}, UsageError, "wish: 3 is no text"),
        ({"wish": "start", "too": []}, UsageError, "'too' is not known here"),
        ({"wish": "start", "to": "n2"}, UsageError, "to: 'n2' is no words"),
        ({"wish": "start", "to": ["a\0b"]}, UsageError, "to: "),
        ({"wish": "\ud800"}, UsageError, "wish: "),
    ],
    ids=["unknown", "refused", "missing", "type", "typo", "text", "zero", "half-a-sign"],
)
def test_what_is_wrong_is_told_as_the_core_would(house, body, kind, text):
    with pytest.raises(kind, match=text):
        house.client.post("/v1/services/svc1/requests", body)
    assert house.monitor.asked == []


def test_an_error_of_the_daemon_is_told_by_its_id_and_logged(house):
    with pytest.raises(OpensvcError, match="an error of the daemon, which its log tells under ") as caught:
        house.client.post("/v1/services/svc1/requests", {"wish": "explode"})
    ((level, text, request),) = house.log
    assert (level, text) == ("error", "POST /v1/services/svc1/requests: RuntimeError: a bug")
    assert request in str(caught.value)


@pytest.mark.parametrize("told_by", ["request", "instance"])
def test_waiting_for_a_request_ends_with_it(house, told_by):
    """Of a delete the end is that the last instance goes, wherever it is."""
    name = house.client.post("/v1/services/svc1/requests", {"wish": "start"})["id"]
    assert house.client.get(f"/v1/requests/{name}", wait=0.05)["progress"] == "active"
    threading.Timer(0.1, house.soon, (house.monitor.end, name, told_by)).start()
    begun = time.monotonic()
    assert house.client.get(f"/v1/requests/{name}", wait=60)["progress"] == "done"
    assert time.monotonic() - begun < 30
    with pytest.raises(NoSuchObject, match="no request ffff"):
        house.client.get("/v1/requests/ffff", wait=5)


def test_orders_to_node_daemon_links_and_looks(house):
    house.client.post("/v1/node", {"do": "freeze"})
    house.client.post("/v1/node", {"do": "drain", "node": "n2"})
    house.client.post("/v1/daemon", {"do": "maintenance"})
    house.client.post("/v1/links/hb%231.rx", {"run": False})
    house.client.post("/v1/refresh", {"services": ["svc1"]})
    house.client.post("/v1/refresh")
    assert house.monitor.asked == [
        ("node", "freeze", "n1"),
        ("node", "drain", "n2"),
        ("stop", "maintenance"),
        ("link", "hb#1.rx", False),
        ("refresh", ["svc1"]),
        ("refresh", None),
    ]


def test_events_come_as_they_happen_and_are_filtered(house):
    found = []

    def read():
        for event in house.client.stream("/v1/events", kind=["instance"], service="svc1"):
            found.append(event["id"])
            if len(found) == 2:
                return

    reader = threading.Thread(target=read)
    reader.start()
    wait_for(lambda: house.monitor.readers)
    for kind, service in (("instance", "svc1"), ("instance", "svc2"), ("node", "svc1"), ("instance", "svc1")):
        house.soon(house.monitor.publish, kind, service)
    reader.join(60)
    assert found == [101, 104]
    wait_for(lambda: not house.monitor.readers)


def test_events_of_a_kind_that_there_is_not_are_refused(house):
    with pytest.raises(UsageError, match="kind: 'bogus' is none of action, config, decision"):
        next(house.client.stream("/v1/events", kind=["request", "bogus"]))


def test_a_reader_that_goes_leaves_nothing_behind(house):
    client = house.client
    stream = client.stream("/v1/events")
    thread = threading.Thread(target=lambda: list(stream))
    thread.start()
    wait_for(lambda: house.monitor.readers)
    client.close()
    thread.join(60)
    assert not thread.is_alive()
    wait_for(lambda: not house.monitor.readers)


def test_a_stream_that_is_closed_before_its_answer_begins_ends_quietly(tmp_path):
    client, found = Client(tmp_path), []
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "api.sock"))
        mute.listen()
        thread = threading.Thread(target=lambda: found.append(list(client.stream("/v1/events"))))
        thread.start()
        connection, _ = mute.accept()
        with connection:
            assert connection.recv(1000).startswith(b"GET /v1/events ")
            client.close()
            thread.join(60)
    assert found == [[]]


def test_a_configuration_is_read_and_written(house):
    config = house.client.get("/v1/services/svc1/config")
    assert config["text"].startswith("[DEFAULT]")
    house.client.put("/v1/services/svc1/config", {"text": "[DEFAULT]\n", "replaces": config["digest"]})
    assert house.monitor.asked == [("config", "svc1", "[DEFAULT]\n", config["digest"])]


def test_a_log_is_told_and_followed_over_a_replaced_file(house):
    file = house.node.paths.log / "svc1.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("one\ntwo\nthree\n")
    assert [line["line"] for line in house.client.stream("/v1/services/svc1/log", lines=2)] == ["two", "three"]
    stream = house.client.stream("/v1/services/svc1/log", lines=1, follow=True)
    assert next(stream) == {"node": "n1", "line": "three"}
    with file.open("a") as more:
        more.write("four\nfi")
        more.flush()
        assert next(stream)["line"] == "four"
        more.write("ve\n")
    assert next(stream)["line"] == "five"
    file.rename(file.with_suffix(".1"))
    file.write_text("six\n")
    assert next(stream)["line"] == "six"
    stream.close()


def test_a_log_goes_on_over_a_file_that_was_put_aside(house):
    file = house.node.paths.log / "svc1.log"
    append(file, "one\ntwo\n")
    stream = house.client.stream("/v1/services/svc1/log", lines=1, follow=True)
    assert next(stream)["line"] == "two"
    append(file, "three\n")
    file.rename(before(file))
    append(file, "four\n")
    assert [next(stream)["line"], next(stream)["line"]] == ["three", "four"]
    stream.close()
    assert [line["line"] for line in house.client.stream("/v1/services/svc1/log", lines=3)] == ["two", "three", "four"]
    file.unlink()
    assert [line["line"] for line in house.client.stream("/v1/services/svc1/log", lines=1)] == ["three"]


def test_a_log_of_no_service_is_refused(house):
    with pytest.raises(UsageError):
        list(house.client.stream("/v1/services/..%2f..%2fetc%2fpasswd/log"))
    assert list(house.client.stream("/v1/services/nosuch/log")) == []


def test_a_large_document_comes_in_pieces_and_holds_nobody_up(house):
    instances = {f"n{number}": {"avail": "up", "text": "x" * 200} for number in range(8)}
    house.monitor.extra = {f"s{number}": {"avail": "up", "instances": instances} for number in range(2000)}
    longest = [0.0]

    async def beat():
        while True:
            begun = time.thread_time()  # what others do meanwhile is not counted
            await asyncio.sleep(0)
            longest[0] = max(longest[0], time.thread_time() - begun)

    begun = time.thread_time()
    json.dumps(house.monitor.document())
    whole = time.thread_time() - begun
    house.loop.call_soon_threadsafe(lambda: house.loop.create_task(beat()))
    assert len(house.client.get("/v1/status")["services"]) == 2002
    assert 0 < longest[0] < whole / 3


def test_the_metrics_are_in_the_format_of_prometheus(house):
    text = house.client.get("/metrics")
    lines = text.splitlines()
    assert 'opensvc_instance_status{service="svc1",node="n1",status="up"} 1' in lines
    assert 'opensvc_instance_status{service="svc1",node="n1",status="down"} 0' in lines
    assert 'opensvc_node_reach_seconds{node="n1"} 4.5' in lines
    assert 'opensvc_daemon_restarts_total{node="n1",process="beat"} 1' in lines
    assert 'opensvc_link_beating{link="hb#1.rx",peer="n2"} 1' in lines
    assert 'opensvc_link_beating{link="hb#1.rx",peer="n3"} 0' in lines
    assert 'opensvc_decisions_total{node="n1"} 3' in lines
    assert 'opensvc_actions_done_total{node="n1",of="start"} 2' in lines
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    assert text.endswith("\n")


def test_the_metrics_have_the_labels_that_are_documented(house):
    labels = {f"opensvc_{family.name}": set(family.labels) for family in FAMILIES}
    found = re.findall(r"^(\w+?)(_bucket|_sum|_count)?(?:\{(.*)\})? ", house.client.get("/metrics"), re.MULTILINE)
    assert len(found) > 20
    assert all(set(re.findall(r'(\w+)="', said)) - {"le"} == labels[name] for name, _, said in found)


def test_a_counter_is_exact_when_it_is_high():
    assert 'opensvc_decisions_total{node="n1"} 123456789' in metrics({"me": "n1"}, {"decisions": 123456789}).splitlines()


def test_the_lateness_of_beats_is_a_histogram():
    late = {"counts": [2, 1] + [0] * 12 + [4], "total": 31.5, "worst": 9.0, "p999": None}
    lines = metrics({"me": "n1", "nodes": {"n1": {}, "n2": {"lateness": {"hb#1": late}}}}, {}).splitlines()
    name = "opensvc_heartbeat_lateness_seconds"
    assert f"# TYPE {name} histogram" in lines
    assert [line for line in lines if line.startswith(f'{name}_bucket{{peer="n2",link="hb#1"')][:2] == [
        f'{name}_bucket{{peer="n2",link="hb#1",le="0.001"}} 2',
        f'{name}_bucket{{peer="n2",link="hb#1",le="0.002"}} 3',
    ]
    assert f'{name}_bucket{{peer="n2",link="hb#1",le="+Inf"}} 7' in lines
    assert f'{name}_sum{{peer="n2",link="hb#1"}} 31.5' in lines
    assert f'{name}_count{{peer="n2",link="hb#1"}} 7' in lines


def test_without_a_daemon_the_client_says_so(tmp_path):
    begun = time.monotonic()
    with pytest.raises(NoDaemon, match="it is not running; 'om daemon start' starts it"):
        Client(tmp_path).get("/v1/status")
    assert time.monotonic() - begun < 10


def test_the_codes_of_answers_come_back_as_the_errors_that_they_were(house):
    async def refuse(*_, **__):
        raise ConfigError("no keyword of this name", section="fs#1", key="mmt")

    house.monitor.take_config = refuse
    with pytest.raises(ConfigError, match=r"fs#1\.mmt: no keyword of this name"):
        house.client.put("/v1/services/svc1/config", {"text": ""})


def test_a_listener_that_begins_again_takes_the_place_of_a_killed_one(house):
    house.run(house.listener.stop())
    stale = house.node.paths.run / "api.sock"
    assert not stale.exists()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(stale))
    house.begin()
    assert house.client.get("/v1/alive") == {"node": "n1"}
