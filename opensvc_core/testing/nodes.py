"""Nodes for tests: made below a folder, and ended with all that was started on them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path

from opensvc_core.errors import OpensvcError
from opensvc_core.instance.node import Node
from opensvc_core.instance.request import Request
from opensvc_core.instance.service import Service
from opensvc_core.model.process import ProcessId
from opensvc_core.registry import DRIVERS, PLUGINS, REFERENCES, Driver, Registry
from opensvc_core.system.entrypoints import EntryPoint, scan

NODENAME = "n1"
# The one driver that only tests have: its start fails, after that of all others.
FAILING = EntryPoint(DRIVERS, "app.failing", "opensvc_core.testing.failing", "opensvc-core")
_GRACE = 1.0
# Seconds that the stop of a service may take at the end of a test.
_PATIENCE = 20.0


def make_node(root: Path, *, more: Sequence[EntryPoint] = (), nodename: str = NODENAME) -> Node:
    """A node below a folder, with the installed plugins, those of `more` in the place of what has their names, and `app.failing`."""
    given = (*more, FAILING)
    taken = {(point.group, point.name) for point in given}
    points = (*given, *(point for point in scan((DRIVERS, PLUGINS, REFERENCES)) if (point.group, point.name) not in taken))
    settings: dict[str, object] = {}
    node = Node(root, nodename=nodename, registry=Registry(settings, entry_points=points))
    settings |= node.announced()
    return node


def entry_point(cls: type[Driver]) -> EntryPoint:
    """That of a driver which only a test has; its module registers it."""
    return EntryPoint(DRIVERS, cls.id, cls.__module__, "tests")


def processes_of(service: Service) -> list[ProcessId]:
    """The living processes that a service has started: those that know its identity, and those in its control group."""
    instance = service.instance()
    known = service.node.host.find_processes({"OPENSVC_SVC_ID": instance.facts.id}) if instance.facts.id else []
    return sorted({*known, *service.node.host.group_processes(instance.facts.cgroup)})


def _stop(service: Service) -> None:
    """Stop it, for as long as that may take: a stop that hangs is what the test is about, perhaps."""
    cancel = threading.Event()
    timer = threading.Timer(_PATIENCE, cancel.set)
    timer.start()
    try:
        service.perform(Request("shutdown"), lambda _event: None, wait_lock=_GRACE, cancel=cancel)
    finally:
        timer.cancel()
        timer.join()


def end_all(node: Node) -> None:
    """Stop every service of a node, and end what is left of them. Nothing is raised: the test has said what there is to say."""
    for service in node.services():
        with contextlib.suppress(OpensvcError, OSError):
            _stop(service)
        with contextlib.suppress(OpensvcError, OSError):
            node.host.end_processes(processes_of(service), grace=_GRACE, tree=True)
    if node.host.groups:
        node.host.groups.end(node.cgroup, _GRACE)
        node.host.groups.remove(node.cgroup)
