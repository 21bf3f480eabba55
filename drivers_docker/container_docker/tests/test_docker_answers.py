"""What the answers of a daemon mean; recorded of dockerd 20.10.24, whose interface is 1.41."""

import json
from pathlib import Path

import pytest
from opensvc_driver_container_docker import answers

from opensvc_core.api import Status

RECORDED = Path(__file__).with_name("recorded")


@pytest.fixture
def listed():
    code, body = answers.split((RECORDED / "containers-20.10.24.http").read_bytes())
    assert code == 200
    return answers.containers(body)


def pick(listed, rid, *, is_private=True, path="web"):
    return answers.pick(listed, path=path, rid=rid, name=rid.replace("container#", f"{path}.container."), is_private=is_private)


@pytest.mark.parametrize(
    ("state", "status", "text"),
    [
        ("running", Status.UP, ""),
        ("healthy", Status.UP, ""),
        ("starting", Status.UP, "its health check has not passed yet"),
        ("unhealthy", Status.WARN, "unhealthy: its health check fails"),
        ("paused", Status.WARN, "paused; 'docker unpause' lets it go on"),
        ("restarting", Status.WARN, "restarting: it ends again and again"),
        ("exited", Status.DOWN, "exited, code 3"),
        ("created", Status.DOWN, "created, not running"),
    ],
)
def test_the_states_of_a_container_are_told_apart(listed, state, status, text):
    seen = answers.observed(pick(listed, f"container#{state}"))
    assert (seen.status, [message.text for message in seen.messages]) == (status, [text] if text else [])


@pytest.mark.parametrize(("state", "status"), [("dead", Status.WARN), ("removing", Status.DOWN), ("nosuch", Status.WARN)])
def test_states_that_last_too_short_to_be_recorded(listed, state, status):
    assert answers.observed(listed[0]._replace(state=state)).status is status


def test_a_container_that_is_down_makes_no_warning(listed):
    assert [message.level for message in answers.observed(pick(listed, "container#created")).messages] == ["info"]


def test_a_label_is_twelve_digits_and_the_image(listed):
    found = pick(listed, "container#running")
    assert found.label == f"{found.id[:12]}@opensvc/busybox:date"
    assert found._replace(image="sha256:" + 64 * "a").label == f"{found.id[:12]}@{12 * 'a'}"


def test_a_container_is_found_by_its_labels_whatever_its_name(listed):
    renamed = [one._replace(name="other") for one in listed]
    assert pick(renamed, "container#running").rid == "container#running"


def test_a_container_of_another_service_is_not_ours(listed):
    assert pick(listed, "container#running", path="shop") is None


def test_a_name_alone_is_enough_in_a_daemon_of_the_service_only(listed):
    assert pick(listed, "container#1", path="older").name == "older.container.1"
    assert pick(listed, "container#1", path="older", is_private=False) is None


def test_the_name_wins_where_two_have_the_labels(listed):
    twin = pick(listed, "container#running")._replace(name="left over")
    assert pick([twin, *listed], "container#running").name == "web.container.running"


def test_a_refusal_is_told_in_the_daemon_s_words():
    code, body = answers.split((RECORDED / "no-such-image-20.10.24.http").read_bytes())
    assert (code, answers.reason(body)) == (404, "no such image: nosuch: No such image: nosuch:latest")
    assert answers.reason(b"not json") == "not json"


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n[]"],
    ids=["nothing", "another protocol", "half a head", "half a body"],
)
def test_what_is_no_whole_answer_is_refused(answer):
    with pytest.raises(ValueError, match="the answer"):
        answers.split(answer)


@pytest.mark.parametrize("body", [b"{", b"{}x", b'{"a": 1}', b"[1]", b'[{"Id": "x"}]'])
def test_what_is_no_list_of_containers_is_refused(body):
    with pytest.raises(ValueError):
        answers.containers(body)


def test_fields_that_a_daemon_leaves_out_are_empty():
    (found,) = answers.containers(json.dumps([{"Id": "i", "Names": None, "Image": "a", "State": "dead", "Labels": None}]).encode())
    assert (found.name, found.labels, found.rid) == ("", {}, "")


@pytest.mark.parametrize(
    ("image", "tags", "tagged"),
    [
        ("registry", [], "registry:latest"),
        ("registry:2", [], "registry:2"),
        ("host:5000/registry", [], "host:5000/registry:latest"),
        ("registry@sha256:abc", [], "registry@sha256:abc"),
        ("b073e328878e", ["opensvc/busybox:date"], "opensvc/busybox:date"),
        ("b073e328878e", [], "b073e328878e"),
    ],
)
def test_images_by_repository_and_tag(image, tags, tagged):
    assert answers.tagged(image, tags) == tagged


@pytest.mark.parametrize(
    ("image", "is_id"),
    [("b073e328878e", True), ("sha256:" + 64 * "0", True), ("beef", False), ("busybox", False), ("x/b073e328878e", False)],
)
def test_numbers_of_images(image, is_id):
    assert answers.is_id(image) is is_id
