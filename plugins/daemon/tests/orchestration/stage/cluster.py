"""The cluster on the stage: what is true of it, and what each of its nodes knows."""

from __future__ import annotations

from dataclasses import dataclass, field

from opensvc_daemon.orchestration.view import Arbitrator, InstanceView, Lease, NodeView, Reach, ServiceView, Settings, View

NOON = 1000.0
# Every node has acknowledged everything, unless a scenario says otherwise.
GENERATION = 1
AWAKE = float("-inf")


@dataclass
class Stage:
    """A cluster at a moment.

    Attributes:
        services: with the true instances.
        reaches: what one node hears of another one, where that is not what everybody hears: by (hearer, other).
        memories: what a node knew of another one when a cut began: its node and its instances.
        leases: by (service, node).
        woken: since when the loops of nodes run.
        broken: (service, rid) of resources that don't start again.
        failing: (service, node, action) of actions that fail.
        unfenceable: nodes whose fencing fails.
        requests: how many there were.
    """

    now: float = NOON
    settings: Settings = field(default_factory=Settings)
    nodes: dict[str, NodeView] = field(default_factory=dict)
    services: dict[str, ServiceView] = field(default_factory=dict)
    arbitrators: dict[str, Arbitrator] = field(default_factory=dict)
    answers: dict[str, set[str]] = field(default_factory=dict)
    reaches: dict[tuple[str, str], tuple[Reach, float]] = field(default_factory=dict)
    memories: dict[tuple[str, str], tuple[NodeView, dict[str, InstanceView]]] = field(default_factory=dict)
    leases: dict[tuple[str, str], tuple[Lease, float]] = field(default_factory=dict)
    woken: dict[str, float] = field(default_factory=dict)
    broken: set[tuple[str, str]] = field(default_factory=set)
    failing: set[tuple[str, str, str]] = field(default_factory=set)
    unfenceable: set[str] = field(default_factory=set)
    requests: int = 0

    def view(self, me: str) -> View:
        """What a node knows."""
        nodes = {name: self._node(me, name) for name in self.nodes}
        services = {path: self._service(me, service) for path, service in self.services.items()}
        arbitrators = tuple(one._replace(is_answering=me in self.answers.get(name, ())) for name, one in self.arbitrators.items())
        return View(me, nodes, services, arbitrators, self.settings, self.woken.get(me, AWAKE), GENERATION)

    def hears(self, me: str, other: str) -> Reach:
        """What a node hears of another one."""
        return self.reaches[me, other][0] if (me, other) in self.reaches else self.nodes[other].reach

    def alive(self) -> list[str]:
        """The nodes that decide: those that are not said to be silent to everybody."""
        return sorted(name for name, node in self.nodes.items() if node.reach is Reach.BEATING)

    def instance(self, path: str, node: str) -> InstanceView:
        """The true instance."""
        return self.services[path].instances[node]

    def change(self, path: str, node: str, **changes: object) -> None:
        """Change the true instance."""
        service = self.services[path]
        changed = self.instance(path, node)._replace(**changes)  # type: ignore[arg-type]
        self.services[path] = service._replace(instances={**service.instances, node: changed})

    def change_node(self, node: str, **changes: object) -> None:
        """Change what is true of a node."""
        self.nodes[node] = self.nodes[node]._replace(**changes)  # type: ignore[arg-type]

    def cut(self, one: list[str], other: list[str], since: float) -> None:
        """The links between two parts are cut: each remembers the other as it was."""
        for me, peer in [(a, b) for a in one for b in other] + [(b, a) for a in one for b in other]:
            self.reaches[me, peer] = (Reach.SILENT, since)
            instances = {path: s.instances[peer] for path, s in self.services.items() if peer in s.instances}
            self.memories[me, peer] = (self.nodes[peer], instances)

    def heal(self) -> None:
        """All links work again."""
        self.reaches.clear()
        self.memories.clear()

    def _node(self, me: str, name: str) -> NodeView:
        if name == me:
            return self.nodes[name]._replace(reach=Reach.BEATING)
        node = self.memories.get((me, name), (self.nodes[name], {}))[0]
        reach, since = self.reaches.get((me, name), (node.reach, node.reach_since))
        # fencing is what this node knows, not what the other one says
        now = self.nodes[name]
        return node._replace(reach=reach, reach_since=since, fencing=now.fencing, fencing_since=now.fencing_since)

    def _service(self, me: str, service: ServiceView) -> ServiceView:
        known = {node: self._instance(me, node, service) for node in service.instances}
        lease, since = self.leases.get((service.path, me), (Lease.NONE, 0.0))
        return service._replace(instances=known, lease=lease, lease_since=since)

    def _instance(self, me: str, node: str, service: ServiceView) -> InstanceView:
        memory = self.memories.get((me, node))
        return memory[1].get(service.path, service.instances[node]) if memory else service.instances[node]
