"""One evaluation of a view: the view, the moment, and what several rules need to know, worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from opensvc_core.api import Status
from opensvc_daemon.orchestration.quorum import Votes, votes
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Request, latest
from opensvc_daemon.orchestration.states import ACTING, MonitorState
from opensvc_daemon.orchestration.timing import Timer
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach, ServiceView, Settings, View

# What it counts while it is on its way up.
_RISING = frozenset({MonitorState.STARTING, MonitorState.RESTARTING})
_UP = frozenset({Status.UP, Status.NA})
_SEEN_UP = frozenset({Status.UP, Status.WARN})
_DOWN = frozenset({Status.DOWN, Status.NA, Status.STDBY_UP, Status.STDBY_DOWN})


class Evaluation:
    """A view at a moment. It lives for one decision and changes nothing but its own notes.

    Attributes:
        me: this node; `node`: the same, seen as one of the nodes; `settings`: periods and policies.
        slots: how many actions may still begin on this node.
        fenced: the nodes that this decision fences already.
        excluded_nodes: for the nodes looked at so far, why they run no service at all.
        applicable: for the conditions of instances looked at so far, the rules that may exclude one.
    """

    def __init__(self, view: View, now: float) -> None:
        self.view = view
        self.me: str = view.me
        self.node: NodeView = view.nodes[view.me]
        self.settings: Settings = view.settings
        self.timer = Timer(now)
        self.fenced: set[str] = set()
        self.excluded_nodes: dict[str, tuple[Reason, ...]] = {}
        self.applicable: dict[object, Sequence[Any]] = {}
        self._present_of: dict[str, list[tuple[str, InstanceView]]] = {}
        self._others_of: dict[str, list[str]] = {}
        self._asked: dict[str, Request | None] = {}
        self._present = {name for name, node in view.nodes.items() if name == view.me or node.reach is Reach.BEATING}
        mine = [service.instances.get(view.me) for service in view.services.values()]
        self.slots = view.settings.max_parallel - sum(1 for instance in mine if instance is not None and instance.monitor in ACTING)

    @cached_property
    def votes(self) -> Votes:
        """How much of the cluster this node can speak for."""
        return votes(self.view)

    def is_present(self, node: str) -> bool:
        """Whether what we know of a node is what it says now."""
        return node in self._present

    def mine(self, service: ServiceView) -> InstanceView:
        """This node's instance."""
        return service.instances[self.view.me]

    def present(self, service: ServiceView) -> Sequence[tuple[str, InstanceView]]:
        """The instances on nodes that are present."""
        if service.path not in self._present_of:
            self._present_of[service.path] = [(node, one) for node, one in service.instances.items() if node in self._present]
        return self._present_of[service.path]

    def others(self, service: ServiceView) -> Sequence[str]:
        """The other nodes that may run it: those that its file names or has named, and those that say they have it."""
        if service.path not in self._others_of:
            mine = service.instances.get(self.view.me)
            known = dict.fromkeys((*service.nodes, *service.instances, *(mine.named if mine is not None else ())))
            self._others_of[service.path] = [node for node in known if node != self.view.me]
        return self._others_of[service.path]

    def active(self, service: ServiceView) -> list[str]:
        """The present nodes on which it is, or may be, active."""
        return [node for node, instance in self.present(service) if instance.is_active]

    def seen_up(self, service: ServiceView) -> list[str]:
        """The present nodes on which it was seen to be active. A node that has not looked yet, or could not, says nothing."""
        return [node for node, instance in self.present(service) if instance.avail in _SEEN_UP]

    def risen(self, service: ServiceView) -> list[str]:
        """The present nodes on which it is active, or starting."""
        return [node for node, instance in self.present(service) if instance.is_active or instance.monitor in _RISING]

    def request(self, service: ServiceView) -> Request | None:
        """What people last asked for, where that is still to be done."""
        found = self.asked(service)
        return found if found is not None and found.is_active else None

    def asked(self, service: ServiceView) -> Request | None:
        """The same, also where it has ended."""
        if service.path not in self._asked:
            self._asked[service.path] = latest([one.request for one in service.instances.values() if one.request is not None])
        return self._asked[service.path]

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
