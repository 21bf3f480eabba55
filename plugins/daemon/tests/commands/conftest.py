"""A stage for commands: a socket that answers as a daemon's API would, with documents that a test has written."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

import pytest


class Api(socketserver.ThreadingUnixStreamServer):
    """Answers are by method and path: a value, or a function of the question's body and parameters, with a code or without.

    `asked` has the questions.
    """

    daemon_threads = True
    request_queue_size = 100

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(str(path), _Handler)
        self.answers, self.asked = {}, []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def end(self):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        place = urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        parameters = {name: values[0] for name, values in parse_qs(place.query).items()}
        key = (self.command, unquote(place.path))
        self.server.asked.append((*key, body or parameters))
        found = self.server.answers.get(key, (404, {"error": f"there is no {key}"}))
        code, value = found if isinstance(found, tuple) else (200, found)
        value = value(body, parameters) if callable(value) else value
        code, value = value if isinstance(value, tuple) else (code, value)
        lines = value if isinstance(value, list) else [value]
        data = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(data)

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


@pytest.fixture
def api(root):
    """The API of the node below `root`."""
    api = Api(root / "run/api.sock")
    yield api
    api.end()


FLAG = "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n"
ASK = "/v1/services/svc1/requests"
NODE = {"reach": "beating", "state": "idle", "score": 70, "load": 0.0, "threads": {"listener": {"state": "running", "detail": ":1214"}}}


def document(**more):
    instances = {"n1": {"avail": "down", "overall": "down", "monitor": "idle"}, "n2": {"avail": "up", "overall": "up", "monitor": "idle"}}
    service = {
        "avail": "up",
        "overall": "up",
        "topology": "failover",
        "placement": "non-optimal",
        "nodes": ["n1", "n2"],
        "instances": instances,
    }
    found = {"version": 1, "me": "n1", "cluster": {"nodes": ["n1", "n2"]}, "nodes": {"n1": NODE, "n2": NODE}, "services": {"svc1": service}}
    return found | more


@pytest.fixture
def node(root, api):
    root.write("etc/svc1.conf", FLAG)
    api.answers["GET", "/v1/status"] = lambda _body, _parameters: document()
    api.answers["POST", ASK] = (202, {"id": "0123456789abcdef"})
    return root


def orders(api):
    return [(path, body) for method, path, body in api.asked if method == "POST"]
