"""What a web server is told of services, by the real thing: a node, its actions, and a server of the test."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opensvc_example_webhook.keywords import WebhookKeywords, web_address
from opensvc_example_webhook.posting import post_all

from opensvc_core.api import ActionFailed, Node
from opensvc_core.testing.ports import free_port


class Server(ThreadingHTTPServer):
    """A server that keeps what it is told, and answers with `status`; 0: not until the test ends."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.told: list[dict[str, object]] = []
        self.status, self.has_ended = 204, threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}/hooks?token=secret"

    def end(self) -> None:
        """Let go of who waits for an answer."""
        self.has_ended.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_POST(self) -> None:
        """Keep it."""
        assert (self.path, self.headers["Content-Type"]) == ("/hooks?token=secret", "application/json")
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if not self.server.status:
            self.server.has_ended.wait()
        self.send_response(self.server.status or 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server for one test."""
    server = Server()
    yield server
    server.end()


@pytest.fixture
def node(node_below: Node, server: Server) -> Node:
    """A node that tells the server, with a service."""
    configure(node_below, f"[webhook#1]\nurl = {server.url}\ntimeout = 60s\n")
    node_below.create("web")
    return node_below


def configure(node: Node, text: str) -> None:
    """Write node.conf."""
    node.paths.etc.mkdir(parents=True, exist_ok=True)
    (node.paths.etc / "node.conf").write_text(text)


def start(node: Node) -> str:
    """Start the service; what its log says of the plugin."""
    service = node.service("web")
    said = [event.text for event in service.run(service.plan("start"))]
    return "\n".join(text for text in said if text.startswith("plugin "))


def test_the_end_of_an_action_is_told(node: Node, server: Server) -> None:
    assert start(node) == ""
    (told,) = server.told
    seconds = told.pop("seconds")
    assert isinstance(seconds, float)
    assert told == {"event": "after_action", "node": "n1", "service": "web", "action": "start", "outcome": "done"}


def test_another_status_is_told_once(node: Node, server: Server) -> None:
    service = node.service("web")
    for _ in range(2):
        service.tell_status(service.status())
    assert server.told == [{"event": "status_changed", "node": "n1", "service": "web", "before": "", "after": "n/a"}]


def test_only_what_was_asked_for_is_told(node: Node, server: Server) -> None:
    configure(node, f"[webhook#1]\nurl = {server.url}\nevents = status_changed\n[webhook#2]\nurl@n2 = {server.url}\n")
    assert start(node) == ""
    assert server.told == []


@pytest.mark.parametrize(("status", "reason"), [(500, "answers 500 Internal Server Error"), (302, "answers 302 Found")])
def test_a_refusal_is_a_warning_that_names_no_path(node: Node, server: Server, status: int, reason: str) -> None:
    server.status = status
    assert start(node) == f"plugin opensvc-example-webhook 1.0.0: webhook#1: 127.0.0.1 {reason}"


def test_nobody_is_waited_for_longer_than_was_said(server: Server) -> None:
    server.status = 0
    target = WebhookKeywords({"url": web_address(server.url), "timeout": 0.2})
    began = time.monotonic()
    with pytest.raises(ActionFailed, match=r"^webhook#1: 127\.0\.0\.1 has not answered within 0\.2 s; webhook#2: "):
        post_all([("webhook#1", target), ("webhook#2", target)], {})
    assert time.monotonic() - began < 30


def test_where_nobody_listens_the_others_are_told(node: Node, server: Server) -> None:
    configure(node, f"[webhook#1]\nurl = http://127.0.0.1:{free_port()}/\n[webhook#2]\nurl = {server.url}\n")
    assert "webhook#1: 127.0.0.1: Connection refused" in start(node)
    assert len(server.told) == 1


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("url = ftp://host/", "an address is http://HOST[:PORT][/PATH]"),
        ("url = http://host:99999/", "Port out of range"),
        ("events = before_lunch", "'before_lunch' is no event; events are after_action, status_changed"),
        ("tiemout = 3s", "webhook has no keyword 'tiemout'"),
    ],
)
def test_what_can_not_be_used_is_found(node: Node, key: str, text: str) -> None:
    configure(node, f"[webhook#1]\nurl = http://host/\n{key}\n")
    (found,) = [one for one in node.validate("node") if one.code != "duplicate-key"]
    assert text in found.text
