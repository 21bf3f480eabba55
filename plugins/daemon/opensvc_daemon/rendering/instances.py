"""Instances: those of a service on the other nodes, from what the daemon knows of the cluster, beside what was seen here."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from opensvc_core.api import InstanceStatus, Message, Provisioned, ResourceStatus, Rid, ServiceStatus, Status
from opensvc_daemon.rendering.words import AWAITED, HEARD, Data, global_expect

_PROVISIONED: Final = {True: Provisioned.YES, False: Provisioned.NO, "mixed": Provisioned.PARTLY}


def with_cluster(status: ServiceStatus, document: Data, *, wanted: str = "") -> ServiceStatus:
    """The status of a service as it was seen here, completed with the cluster's document (`GET /v1/status`).

    Peers come first, sorted, with their resources where `wanted` (names or patterns, comma-separated) names them. What the daemon
    does not know of yet stays as it was seen.
    """
    service: Data = document.get("services", {}).get(str(status.path), {})
    instances: Data = service.get("instances", {})
    me = document.get("me", status.local.node)
    expect = global_expect(service.get("request"))
    nodes: Data = document.get("nodes", {})
    peers = [
        _peer(node, instances[node], nodes.get(node, {}), service, has_resources=_is_wanted(node, wanted))._replace(global_expect=expect)
        for node in sorted(instances)
        if node != me
    ]
    local = status.local
    if me in instances:
        local = local._replace(
            monitor=instances[me].get("monitor", local.monitor),
            local_expect="started" if instances[me].get("expects_up") else "",
            global_expect=expect,
        )
    avail = _avail(service, local, [peer.avail for peer in peers], instances.get(me, {}))
    notices = ("non-optimal placement",) if service.get("placement") == "non-optimal" else ()
    return status._replace(avail=avail, instances=(*peers, local), notices=(*notices, *status.notices))


def _avail(service: Data, local: InstanceStatus, peers: list[Status], known: Data) -> Status:
    """The cluster's own word, unless the daemon has not yet seen what was seen here."""
    if service and known.get("avail") == local.avail.value:
        return _status(service.get("avail"))
    found = {local.avail, *peers} - {Status.NA}
    if service.get("topology") != "flex" and [local.avail, *peers].count(Status.UP) > 1:
        return Status.WARN
    return next(
        (one for one in (Status.UP, Status.WARN, Status.UNDEF, Status.STDBY_UP, Status.STDBY_DOWN, Status.DOWN) if one in found), Status.NA
    )


def _peer(node: str, known: Data, data: Data, service: Data, *, has_resources: bool) -> InstanceStatus:
    reach = data.get("reach", "beating")
    if reach not in HEARD:
        return _away(node, reach, data, service)
    return InstanceStatus(
        node=node,
        avail=_status(known.get("avail")),
        overall=_status(known.get("overall")),
        resources=tuple(_resources(known.get("resources", {}))) if has_resources else (),
        is_frozen=bool(known.get("frozen")),
        is_node_frozen=bool(data.get("frozen")),
        provisioned=_PROVISIONED.get(known.get("provisioned", True), Provisioned.UNKNOWN),
        priority=service.get("priority", 100),
        monitor=known.get("monitor", "no monitor"),
        local_expect="started" if known.get("expects_up") else "",
    )


def _away(node: str, reach: str, data: Data, service: Data) -> InstanceStatus:
    """What was said by a node that is not heard is not of now: nothing is up where it is known to be down, else nobody knows."""
    status = Status.DOWN if reach == "gone" else Status.UNDEF
    why = data["state"] if reach != "gone" and data.get("state") in AWAITED else reach
    return InstanceStatus(
        node=node,
        avail=status,
        overall=status,
        resources=(),
        provisioned=Provisioned.YES,
        priority=service.get("priority", 100),
        monitor=why,
    )


def _resources(found: Data) -> Iterable[ResourceStatus]:
    """The resources as `print status --format json` has them; a key that says nothing is left out there."""
    for rid, data in found.items():
        driver = data.get("type", "")
        provisioned = data.get("provisioned")
        yield ResourceStatus(
            rid=Rid(rid),
            driver=driver,
            group=(driver or rid).partition(".")[0].partition("#")[0],
            status=_status(data.get("status")),
            label=data.get("label", ""),
            classic_label=data.get("label", ""),
            messages=tuple(Message(level, text) for level, _, text in (line.partition(": ") for line in data.get("log", ()))),
            subset=data.get("subset", ""),
            is_monitored=bool(data.get("monitor")),
            is_disabled=bool(data.get("disable")),
            is_optional=bool(data.get("optional")),
            is_encap=bool(data.get("encap")),
            is_standby=bool(data.get("standby")),
            provisioned=_PROVISIONED.get(provisioned.get("state"), Provisioned.UNKNOWN) if provisioned else Provisioned.NOT_APPLICABLE,
            restarts_left=data.get("restart") or None,
        )


def _is_wanted(node: str, wanted: str) -> bool:
    return any(fnmatchcase(node, word.strip().lower()) for word in wanted.split(",") if word.strip())


def _status(word: object) -> Status:
    """A status by its word; one that this version does not know is `undef`."""
    try:
        return Status(word)
    except ValueError:
        return Status.UNDEF
