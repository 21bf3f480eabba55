"""A cluster: nodes of a lab with their real daemons, quick heartbeats, and services that write down when they live."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from lab import Lab, Node
from opensvc_daemon.client import Client

from cluster.intervals import PAUSE, Interval, intervals, overlaps, read, signs
from cluster.intervals import alive as alive_in
from cluster.services import Trial
from opensvc_core.errors import OpensvcError
from opensvc_core.testing.waiting import wait_for

SECRET: Final = "00112233445566778899aabbccddeeff"
HEARTBEAT: Final = "[hb#1]\ntype = unicast\n"
# Seconds for what takes a few on a quiet machine.
LIMIT: Final = 120.0
# Seconds in which a daemon answers that is not hung.
CALL: Final = 30.0


class Cluster:
    """Members of one cluster; `lab` may have further nodes, as clients.

    names -- its members: default, all nodes of the lab
    timeout, interval -- seconds, of every heartbeat
    heartbeats -- sections of heartbeats, without those two
    more -- further sections of cluster.conf, and words for its [cluster]: see `configure`
    periods -- keywords of the section [node]
    """

    def __init__(
        self,
        lab: Lab,
        *,
        names: Sequence[str] = (),
        timeout: float = 1.0,
        interval: float = 0.0,
        heartbeats: str = HEARTBEAT,
        cluster: str = "",
        more: str = "",
        **periods: float | str,
    ) -> None:
        self.lab = lab
        self.nodes: list[Node] = [lab[name] for name in names] or lab.nodes
        self.timeout = timeout
        beats = f"interval = {interval or timeout / 5:g}\ntimeout = {timeout:g}\n"
        sections = "".join(f"{section.rstrip()}\n{beats}\n" for section in heartbeats.split("\n\n"))
        names = " ".join(node.name for node in self.nodes)
        words = {"ready_period": 0.3, "maintenance_grace_period": 3, "rejoin_grace_period": 10, **periods}
        node = "".join(f"{key} = {value}\n" for key, value in words.items())
        self.text = f"[cluster]\nname = lab\nsecret = {SECRET}\nnodes = {names}\n{cluster}\n\n[node]\n{node}\n{sections}{more}"
        (lab.shared / "witness").mkdir(exist_ok=True)

    # the whole of it

    def start(self) -> None:
        """Begin all daemons, and wait until each node hears each other one."""
        for node in self.nodes:
            node.write("/etc/opensvc/cluster.conf", self.text, 0o600)
        for process in [node.begin("om daemon start") for node in self.nodes]:
            said, _ = process.communicate(timeout=LIMIT)
            assert process.returncode == 0, said
        self.wait_heard()

    def add(self, trial: Trial, *, up: str = "n1") -> None:
        """Put a service on its nodes, and wait until it is up on one of them: the best."""
        self.put(trial)
        self.wait_alive(up, service=trial.name)
        self.wait_told(trial.name, up)

    def put(self, trial: Trial) -> None:
        """Write a service on its nodes, and say that nothing is to be made for it."""
        for name in trial.nodes.split():
            self.lab[name].write(f"/etc/opensvc/{trial.name}.conf", trial.text)
        for name in trial.nodes.split():
            self.lab[name](f"om {trial.name} set provisioned")

    def wait_heard(self, *nodes: Node) -> None:
        """Wait until some nodes hear each other, and none of them does anything but wait: default, all."""
        heard = nodes or self.nodes
        names = {node.name for node in heard}
        self.wait(lambda: all(names <= self.idle(node) for node in heard), "all hear each other")

    def wait_silent(self, node: Node, name: str) -> None:
        """Wait until a node hears another one no more."""
        self.wait(lambda: self.document(node)["nodes"][name]["reach"] not in ("beating", "heard"), f"{name} is silent for {node.name}")

    def restore(self, *trials: Trial | None, up: str = "n1") -> None:
        """From whatever a test has left: all nodes on and heard, nothing frozen, nothing asked for, the services up on one node."""
        self._repair()
        self.begin()
        wanted = [trial for trial in trials if trial]
        for trial in wanted:
            self._stop_others(trial, up)
        for node in self.nodes:
            if self.document(node)["nodes"][node.name]["frozen"]:
                self.client(node).post("/v1/node", {"do": "thaw"})
        for trial in wanted:
            self._restore(trial, up)

    def begin(self, *nodes: Node) -> None:
        """Power and daemons for some nodes, until they hear each other: default, all."""
        wanted = list(nodes) or self.nodes
        for node in wanted:
            node.power_on()
        for process in [node.begin("om daemon start") for node in wanted if not self.document(node)]:
            said, _ = process.communicate(timeout=LIMIT)
            assert process.returncode == 0, said
        if len(wanted) > 1:
            self.wait_heard(*wanted)

    def _repair(self) -> None:
        """No fault between the nodes."""
        for node in self.nodes:
            if node.is_up:
                node.thaw()
            node.heal()
            node.loss(0)
            node.delay(0)

    def _stop_others(self, trial: Trial, up: str) -> None:
        """One instance at most is left, and it is whole."""
        node, alive = self.lab[up], self.alive(trial.name)
        kept = up if up in alive else next(iter(alive), "")
        for name, one in self.instances(node, trial.name).items():
            if name != kept and one["avail"] in ("up", "warn"):
                self._stop(trial.name, name)

    def _stop(self, service: str, name: str) -> None:
        node = self.lab[name]
        node(f"om {service} stop --local")
        self.wait(lambda: all(self._is_stopped(one, service, name) for one in self.nodes), f"{service} is stopped on {name}")

    def _is_stopped(self, node: Node, service: str, name: str) -> bool:
        found = self.instances(node, service)[name]
        return found["avail"] == "down" and bool(found["frozen"])

    def _restore(self, trial: Trial, up: str) -> None:
        node = self.lab[up]
        found = self.instances(node, trial.name)
        if any(one["monitor"].endswith("failed") for one in found.values()):
            self.ask(node, trial.name, "clear")
        if any(one["frozen"] for one in found.values()):
            self.ask(node, trial.name, "thaw")
        if self.alive(trial.name) != {up}:
            self.ask(node, trial.name, "takeover", up)
        self.wait_alive(up, service=trial.name)
        self.wait_told(trial.name, up)
        for file in self.folder.glob(f"{trial.name}.*"):
            if all(one.end < time.monotonic() - PAUSE for one in read(file)):
                file.unlink()

    def ask(self, node: Node, service: str, wish: str, *to: str) -> None:
        """Ask a node's daemon for something, and see it done; once more where it is refused, as by one that was paused and heard nobody."""
        client, end = self.client(node), time.monotonic() + LIMIT
        found: dict[str, Any] = {}
        while found.get("progress") != "done":
            assert time.monotonic() < end, f"{wish}: {found}\n{self.story(service)}"
            self.wait_heard()
            asked = client.post(f"/v1/services/{service}/requests", {"wish": wish, "to": list(to)})["id"]
            found = client.get(f"/v1/requests/{asked}", wait=LIMIT)

    # what a node says

    def document(self, node: Node) -> dict[str, Any]:
        """The whole cluster as one node knows it, or nothing while its daemon doesn't answer."""
        if node.is_up:
            with suppress(OpensvcError):
                found: dict[str, Any] = self.client(node).get("/v1/status")
                return found
        return {}

    def client(self, node: Node) -> Client:
        """The client of a node's daemon, without the time that a command in the node takes."""
        return Client(Path(f"/proc/{node.pid}/root/run/opensvc"), timeout=CALL)

    def idle(self, node: Node) -> set[str]:
        """The nodes that it hears and that are idle."""
        found = self.document(node).get("nodes", {})
        return {name for name, one in found.items() if one.get("state") == "idle" and (name == node.name or one["reach"] == "beating")}

    def instances(self, node: Node, service: str = "svc1") -> dict[str, dict[str, Any]]:
        """What it knows of the instances of a service, by node."""
        found: dict[str, dict[str, Any]] = self.document(node).get("services", {}).get(service, {}).get("instances", {})
        return found

    def wait_told(self, service: str, *up: str) -> None:
        """Wait until every node says that the service is up on some nodes alone, and idle everywhere."""
        names = set(up)
        self.wait(lambda: all(self._told(node, service) == names for node in self.nodes), f"{service} is told to be up on {names}")

    def _told(self, node: Node, service: str) -> set[str] | None:
        found = self.instances(node, service)
        if not found or any(one.get("monitor") != "idle" for one in found.values()):
            return None
        return {name for name, one in found.items() if one.get("avail") == "up"}

    # what is so

    @property
    def folder(self) -> Path:
        """Where the witnesses write."""
        return self.lab.shared / "witness"

    def intervals(self, service: str = "svc1", **more: float) -> list[Interval]:
        """All times in which it was alive."""
        return intervals(self.folder, service, **more)

    def alive(self, service: str = "svc1") -> set[str]:
        """The nodes on which it is alive now."""
        return alive_in(self.intervals(service))

    def wait_alive(self, *names: str, service: str = "svc1", seconds: float = LIMIT) -> None:
        """Wait until it is alive on some nodes alone."""
        self.wait(lambda: self.alive(service) == set(names), f"{service} is alive on {names}", seconds)

    def stays(self, *names: str, seconds: float, service: str = "svc1") -> None:
        """Fail where it is not alive on some nodes alone for a while: no other one has a sign of life, and these have no other witness.

        What is paused meanwhile, with its whole node or alone, is not dead: it gives a sign again.
        """
        begin = time.monotonic()
        found = self.wait_signs(names, begin, service)
        while (now := time.monotonic()) < begin + seconds:
            assert not self._others(names, begin, service), self.story(service)
            time.sleep(min(0.05, begin + seconds - now))
        assert self.wait_signs(names, begin + seconds, service) == found, self.story(service)
        assert not self._others(names, begin, service), self.story(service)

    def wait_signs(self, names: Sequence[str], since: float, service: str) -> set[Path]:
        """Wait until it has given a sign of life on each of some nodes since a moment; the files of its witnesses."""
        found: dict[str, Path] = {}

        def is_there() -> bool:
            found.update((one.node, one.file) for one in signs(self.folder, service) if one.node in names and one.end >= since)
            return set(found) == set(names)

        self.wait(is_there, f"{service} is alive on {names}")
        return set(found.values())

    def _others(self, names: Sequence[str], since: float, service: str) -> set[str]:
        """Where else it was alive since a moment."""
        return {one.node for one in signs(self.folder, service) if one.node not in names and one.end >= since}

    def audit(self, service: str = "svc1") -> None:
        """Fail where it was alive on two nodes at once."""
        found = overlaps(self.intervals(service))
        assert not found, f"{found}\n{self.story(service)}"

    def wait(self, condition: Callable[[], object], what: str, seconds: float = LIMIT) -> None:
        """Wait until something holds, as told by daemons that do not always answer."""
        wait_for(lambda: _holds(condition), lambda: f"{what}\n{self.story()}", seconds=seconds)

    def story(self, service: str = "svc1") -> str:
        """What each node tells of a service, for who has to find out why a test fails."""
        parts = [str(self.intervals(service))]
        for node in self.nodes:
            if node.is_up:
                log = f"/var/log/opensvc/{service}.log"
                parts += [f"-- {node.name}", node("timeout 5 om mon", code=None).stdout, node.read(log)[-3000:] if node.exists(log) else ""]
        return "\n".join(parts)


def _holds(condition: Callable[[], object]) -> bool:
    # of a daemon that does not answer now there is no document, and nothing in it
    with suppress(LookupError):
        return bool(condition())
    return False


def started(lab: Lab, trial: Trial, **words: Any) -> Cluster:
    """A cluster of these words that runs, with the service up on its first node; its disk is made where it has one."""
    if trial.disk:
        lab.disk(trial.disk, 16)
        lab["n1"](f"mkfs.ext4 -q /run/shared/{trial.disk}")
    made = Cluster(lab, **words)
    made.start()
    made.add(trial)
    return made
