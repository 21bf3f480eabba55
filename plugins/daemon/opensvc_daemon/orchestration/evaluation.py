"""One evaluation of a view: the view, the moment, and what several rules need to know, worked out once."""

from __future__ import annotations

from functools import cached_property

from opensvc_core.api import Status
from opensvc_daemon.orchestration.quorum import Votes, votes
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Request, latest
from opensvc_daemon.orchestration.states import MonitorState
from opensvc_daemon.orchestration.timing import Timer
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach, ServiceView, Settings, View

# What it counts while it is on its way up.
_RISING = frozenset({MonitorState.STARTING, MonitorState.RESTARTING})
_UP = frozenset({Status.UP, Status.NA})
_DOWN = frozenset({Status.DOWN, Status.NA, Status.STDBY_UP, Status.STDBY_DOWN})


class Evaluation:
    """A view at a moment. It lives for one decision and changes nothing but its own notes.

    Attributes:
        slots: how many actions may still begin on this node.
        fenced: the nodes that this decision fences already.
        excluded_nodes: for the nodes looked at so far, why they run no service at all.
    """

    def __init__(self, view: View, now: float) -> None:
        self.view = view
        self.timer = Timer(now)
        self.fenced: set[str] = set()
        self.excluded_nodes: dict[str, tuple[Reason, ...]] = {}
        self._present = {name for name, node in view.nodes.items() if name == view.me or node.reach is Reach.BEATING}
        self.slots = view.settings.max_parallel - self.running

    @property
    def me(self) -> str:
        """This node."""
        return self.view.me

    @property
    def node(self) -> NodeView:
        """This node, seen as one of the nodes."""
        return self.view.nodes[self.view.me]

    @property
    def settings(self) -> Settings:
        """Periods and policies."""
        return self.view.settings

    @cached_property
    def votes(self) -> Votes:
        """How much of the cluster this node can speak for."""
        return votes(self.view)

    @cached_property
    def running(self) -> int:
        """The actions under way on this node."""
        instances = (service.instances.get(self.view.me) for service in self.view.services.values())
        return sum(1 for instance in instances if instance is not None and instance.monitor.is_acting)

    def is_present(self, node: str) -> bool:
        """Whether what we know of a node is what it says now."""
        return node in self._present

    def mine(self, service: ServiceView) -> InstanceView:
        """This node's instance."""
        return service.instances[self.view.me]

    def present(self, service: ServiceView) -> list[tuple[str, InstanceView]]:
        """The instances on nodes that are present."""
        return [(node, instance) for node, instance in service.instances.items() if node in self._present]

    def others(self, service: ServiceView) -> list[str]:
        """The other nodes that may run it: those that its file names, and those that say they have it."""
        return [node for node in dict.fromkeys((*service.nodes, *service.instances)) if node != self.view.me]

    def active(self, service: ServiceView) -> list[str]:
        """The present nodes on which it is, or may be, active."""
        return [node for node, instance in self.present(service) if instance.is_active]

    def seen_up(self, service: ServiceView) -> list[str]:
        """The present nodes on which it was seen to be active. A node that has not looked yet, or could not, says nothing."""
        return [node for node, instance in self.present(service) if instance.avail in {Status.UP, Status.WARN}]

    def risen(self, service: ServiceView) -> list[str]:
        """The present nodes on which it is active, or starting."""
        return [node for node, instance in self.present(service) if instance.is_active or instance.monitor in _RISING]

    def request(self, service: ServiceView) -> Request | None:
        """What people last asked for, where that is still to be done."""
        found = latest(instance.request for instance in service.instances.values())
        return found if found is not None and found.is_active else None

    def is_up(self, name: str) -> bool:
        """Whether a service (`svc`, or `svc@node`) is up on a present node, or has nothing to be up.

        One that does not exist blocks nothing.
        """
        statuses = self._statuses(name)
        return statuses is None or any(status in _UP for status in statuses)

    def is_down(self, name: str) -> bool:
        """Whether a service (`svc`, or `svc@node`) is down on all nodes that are present."""
        return all(status in _DOWN for status in self._statuses(name) or ())

    def _statuses(self, name: str) -> list[Status] | None:
        """What the present instances of `svc` or `svc@node` say; None where there is no such service."""
        path, _, node = name.partition("@")
        service = self.view.services.get(path)
        if service is None:
            return None
        return [instance.avail for place, instance in self.present(service) if node in {"", place}]
