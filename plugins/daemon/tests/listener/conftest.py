"""A listener with real sockets on loopback, and a stand-in for the monitor, which remembers what it was asked."""

import asyncio
import json
import socket
import ssl
import tempfile
import threading
from pathlib import Path

import pytest
from opensvc_daemon.client import Client
from opensvc_daemon.listener import gate, members, peers, start
from opensvc_daemon.listener.served import Elsewhere
from opensvc_daemon.trust import contexts, join
from opensvc_daemon.trust.calling import Call
from opensvc_daemon.trust.files import TrustFiles
from opensvc_daemon.trust.membership import secret_of
from opensvc_daemon.trust.places import Place

from opensvc_core.api import ActionRefused, Node, NoSuchObject, UsageError
from opensvc_core.testing.ports import free_port

THREADS = {"hb#1.rx": {"state": "running", "beating": {"n2": True, "n3": False}}, "listener": {"state": "running"}}


class Monitor:
    """The stand-in: a cluster of one service."""

    def __init__(self, me):
        self.me, self.asked, self.ids, self.requests, self.elsewhere = me, [], [], {}, ()
        self.readers, self.last, self.counts, self.extra = [], 100, {"decisions": 3, "actions_done": {"start": 2}}, {}
        self.reach = {}
        self.events = self

    def document(self):
        instance = {"avail": "up", "overall": "up", "frozen": False, "resources": {}}
        return {
            "version": 1,
            "me": self.me,
            "now": 1.0,
            "cluster": {"name": "default", "id": "x", "nodes": [self.me], "quorum": True},
            "nodes": {
                self.me: {"reach": "beating", "reach_seconds": 4.5, "load": 0.5, "daemon": {"restarts": {"beat": 1}}, "threads": THREADS},
                **{name: {"reach": reach} for name, reach in self.reach.items()},
            },
            "services": {
                "svc1": {"avail": "up", "running": 1, "expected": 1, "instances": {self.me: instance}},
                "prod/svc/web": {"avail": "down", "instances": {}},
                **self.extra,
            },
        }

    def explain(self, service):
        if service not in self.document()["services"]:
            raise NoSuchObject(f"no service {service!r}")
        return {"reasons": [{"code": "frozen", "node": "n2", "text": "n2 is frozen"}], "node": self.me}

    async def ask(self, service, wish, to, origin, id=""):  # noqa: A002 - the name in the interface
        if self.elsewhere:
            raise Elsewhere("not here", self.elsewhere)
        if wish == "dance":
            raise UsageError("no wish is called dance")
        if wish == "switch" and not to:
            raise ActionRefused("switch needs a node")
        if wish == "explode":
            raise RuntimeError("a bug")
        self.asked.append((service, wish, list(to), origin, id))
        name = id or "00000000000000aa"
        self.requests[name] = {"id": name, "service": service, "wish": wish, "progress": "active", "why": ""}
        return self.requests[name]

    def request(self, name):
        return self.requests.get(name)

    def end(self, name, told_by="request"):
        self.requests[name] = {**self.requests[name], "progress": "done"}
        self.publish(told_by, self.requests[name]["service"], {"id": name} if told_by == "request" else {})

    async def ask_node(self, what, node, id=""):  # noqa: A002 - as in Served
        self.asked.append(("node", what, node))
        self.ids.append(id)
        return {"node": node, "do": what}

    async def confirm_down(self, node, id=""):  # noqa: A002 - as in Served
        self.asked.append(("confirm_down", node))
        self.ids.append(id)

    async def stop_daemon(self, kind):
        self.asked.append(("stop", kind))

    async def link(self, name, *, run):
        self.asked.append(("link", name, run))

    async def refresh(self, services):
        self.asked.append(("refresh", services))

    def config_of(self, service):
        return "[DEFAULT]\nnodes = n1\n", {self.me: 3}

    async def take_config(self, service, text, *, replaces):
        self.asked.append(("config", service, text, replaces))
        return {self.me: 4}

    async def configuration_changed(self):
        self.asked.append(("changed",))

    def counters(self):
        return self.counts

    def publish(self, kind, service="", data=None):
        self.last += 1
        event = {"id": self.last, "kind": kind, "at": 1.0, "node": self.me, "service": service, "data": data or {}}
        for waiting in self.readers:
            waiting.put_nowait(event)

    async def subscribe(self, *, after=None, kinds=(), services=()):
        waiting = asyncio.Queue()
        self.readers.append(waiting)
        try:
            while True:
                event = await waiting.get()
                if (not kinds or event["kind"] in kinds) and (not services or event["service"] in services):
                    yield event
        finally:
            self.readers.remove(waiting)


class House:
    """A node below a folder with its listener, in a loop of a thread of its own."""

    def __init__(self, folder, name, cluster=""):
        self.folder, self.name, self.log = folder, name, []
        self.node = Node(folder, nodename=name)
        self.port = free_port()
        etc = folder / "etc"
        etc.mkdir(parents=True)
        (etc / "node.conf").write_text(f"[listener]\naddr = 127.0.0.1\nport = {self.port}\n")
        if cluster:
            (etc / "cluster.conf").write_text(cluster)
        self.monitor = Monitor(name)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.listener = None

    def begin(self):
        log = lambda level, text, request: self.log.append((level, text, request))  # noqa: E731
        self.listener = self.run(start(self.monitor, self.node, log))
        return self

    def run(self, coroutine, timeout=60):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def soon(self, do, *arguments, **named):
        self.loop.call_soon_threadsafe(lambda: do(*arguments, **named))

    @property
    def client(self):
        return Client(self.node.paths.run)

    @property
    def place(self):
        return Place("127.0.0.1", self.port)

    @property
    def trust(self):
        return TrustFiles.below(self.node.paths.var)

    def remote(self, *, of=None, token=""):
        """A call over TCP: with the certificate of a house, or a token, or neither: `(method, path, body) -> (status, answer)`."""
        context = contexts.calling(of.trust) if of else contexts.asking()

        def ask(method, path, body=None):
            call = Call(self.place, context, self.name if of else "", 30)
            try:
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                call.request(method, path, None if body is None else json.dumps(body), headers)
                response = call.getresponse()
                return response.status, json.loads(response.read())
            finally:
                call.close()

        return ask

    def raw(self, data, *, tls=True, wait=30):
        """The bytes that are answered to bytes, until the other end closes."""
        if tls:
            plain = socket.create_connection(self.place, wait)
            sock = contexts.asking().wrap_socket(plain)
        else:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(wait)
            sock.connect(str(self.node.paths.run / "api.sock"))
        found = b""
        with sock:
            try:
                sock.sendall(data)
                while part := sock.recv(65536):
                    found += part
            except (ConnectionError, ssl.SSLError):
                pass
        return found

    def end(self):
        if self.listener:
            self.run(self.listener.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.run_rest()

    def run_rest(self):
        self.loop.run_until_complete(asyncio.sleep(0))  # a connection that was just accepted is its task's, once that has begun
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        if left:
            self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.run_until_complete(self._parted())
        self.loop.close()

    async def _parted(self):
        """Connections of calls that went out wait for the other end's goodbye, which may have ended before."""
        for transport in list(self.loop._transports.values()):
            transport.abort()
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Members and callers have as much time as a busy machine takes; what is never said is limited where a test is of that."""
    monkeypatch.setattr(peers, "_CONNECT", 60.0)
    monkeypatch.setattr(members, "_PUSH", 60.0)
    monkeypatch.setattr(gate, "HANDSHAKE_SECONDS", 60.0)


@pytest.fixture
def open_folder():
    """A folder that other users can reach, as they reach /run; pytest's own are for their owner."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def houses(tmp_path):
    """Make houses: `houses("n1")`; they end with the test."""
    made = []

    def make(name, cluster="", *, begins=True, below=tmp_path):
        house = House(below / f"{name}.{len(made)}", name, cluster)
        made.append(house)
        return house.begin() if begins else house

    yield make
    for house in made:
        house.end()


@pytest.fixture
def house(houses):
    return houses("n1")


PLACES = "[hb#1]\ntype = unicast\n"


@pytest.fixture
def cluster(houses):
    """A first member n1, and two nodes that could join; the cluster's file tells where each of them listens."""
    made = [houses(name, begins=False) for name in ("n1", "n2", "n3")]
    text = "[listener]\naddr = 127.0.0.1\n" + "".join(f"port@{one.name} = {one.port}\n" for one in made)
    (made[0].node.paths.etc / "cluster.conf").write_text(f"[cluster]\nname = blue\nnodes = n1\n\n{text}\n{PLACES}")
    return [one.begin() for one in made]


def joined(new, member, secret=None, **more):
    said = []
    join(new.node, "127.0.0.1", secret or secret_of(member.node), port=member.port, say=said.append, **more)
    return said


def killed(*_, **__):
    """What stands where a process is killed."""
    raise KeyboardInterrupt
