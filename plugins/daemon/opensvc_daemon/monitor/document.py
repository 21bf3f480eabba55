"""The cluster document: all that a node knows of the cluster, for people and programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from opensvc_core.api import Status, merge
from opensvc_daemon.monitor.knowledge import Json, Knowledge, Picture
from opensvc_daemon.monitor.telling import instance_tree, request_json, tree_of
from opensvc_daemon.orchestration.candidates import choose
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.keeping import flex_target
from opensvc_daemon.orchestration.orders import Order
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.view import Reach, ServiceView, View

VERSION: Final = 1
_PRESENT: Final = frozenset({Reach.BEATING, Reach.HEARD})
_UP: Final = frozenset({Status.UP, Status.WARN})


class Moment(NamedTuple):
    """What a document is made of. `said`: the last orders of this node, by service."""

    known: Knowledge
    view: View
    now: float
    said: Mapping[str, Sequence[Order]]


def document(moment: Moment) -> Json:
    """The whole of it. What it is made of is never changed afterwards."""
    known, e = moment.known, Evaluation(moment.view, moment.now)
    own = tree_of(known)
    nodes = {known.me: {"reach": Reach.BEATING.value, "reach_seconds": round(moment.now - known.awake_since, 3), **own["node"]}}
    for peer in known.peers.values():
        reach = moment.view.nodes[peer.name].reach
        nodes[peer.name] = {
            "reach": reach.value,
            "reach_seconds": round(moment.now - peer.reach_since, 3),
            "finding": peer.finding,
            "lateness": peer.lateness,
            "secrets": peer.secrets,
            **peer.node,
        }
    cluster = {"name": known.cluster_name, "id": known.cluster_id, "nodes": list(known.members), "quorum": e.votes.is_majority}
    services = {path: service_document(moment, e, path) for path in sorted(moment.view.services)}
    return {"version": VERSION, "me": known.me, "now": moment.now, "cluster": cluster, "nodes": nodes, "services": services}


def service_document(moment: Moment, e: Evaluation, path: str) -> Json:
    """One service over all its nodes."""
    known, service = moment.known, moment.view.services[path]
    present = {node: instance.avail for node, instance in service.instances.items() if _is_present(moment.view, node)}
    up = [node for node, avail in present.items() if avail in _UP]
    wanted = 1 if service.is_failover else flex_target(service)
    avail = avail_of(service, list(present.values()))
    leaders = _leaders(e, service, wanted)
    instances = _instances(known, path)
    return {
        "avail": avail.value,
        "overall": _overall(avail, instances, present).value,
        "placement": _placement(service, up, leaders),
        "topology": service.topology,
        "orchestrate": service.orchestrate,
        "priority": service.priority,
        "guard": service.guard.value,
        "split": service.is_failover and len(up) > 1,
        "running": len(up),
        "expected": wanted,
        "leaders": leaders,
        "nodes": list(service.nodes),
        "instances": instances,
        "request": request_json(e.request(service)),
        "reasons": reasons_of(moment.said.get(path, ())),
    }


def _instances(known: Knowledge, path: str) -> Json:
    found = {peer.name: branch["instance"] for peer in known.peers.values() if (branch := peer.branch(path)) and "instance" in branch}
    if path in known.instances:
        found[known.me] = instance_tree(known.instances[path], known.pictures.get(path) or Picture())
    return found


def reasons_of(orders: Iterable[Order]) -> list[Json]:
    """The reasons of some orders, for a program."""
    return [{"code": reason.code, "node": reason.node, "text": str(reason)} for order in orders for reason in order.reasons]


def _is_present(view: View, node: str) -> bool:
    return node == view.me or (node in view.nodes and view.nodes[node].reach in _PRESENT)


def avail_of(service: ServiceView, found: Sequence[Status]) -> Status:
    """The availability of a service as a whole: up where as many as are wanted are up, in warn where it is neither up nor down."""
    up = sum(1 for one in found if one is Status.UP)
    if any(one is Status.WARN for one in found):
        return Status.WARN
    if not up:
        return merge(found) if found else Status.UNDEF
    least = 1 if service.is_failover else service.flex_min
    most = 1 if service.is_failover else service.flex_max or len(service.nodes)
    return Status.UP if least <= up <= most else Status.WARN


def _overall(avail: Status, instances: Mapping[str, Any], present: Mapping[str, Status]) -> Status:
    """In warn where an instance that is heard is, whatever the service as a whole is."""
    overall = [instances[node].get("overall") for node in present if node in instances]
    return Status.WARN if Status.WARN.value in overall else avail


def _leaders(e: Evaluation, service: ServiceView, wanted: int) -> list[str]:
    """The nodes where placement wants it; with nobody able to, where it would."""
    candidates = choose(e, service).candidates or ranked(e.view, service, [node for node in service.nodes if node in e.view.nodes])
    return list(candidates[:wanted])


def _placement(service: ServiceView, up: Sequence[str], leaders: Sequence[str]) -> str:
    if not up or service.placement == "none":
        return "n/a"
    return "optimal" if set(leaders) <= set(up) else "non-optimal"
