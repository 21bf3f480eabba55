"""Telling: what this node publishes of itself as a tree of JSON, and what peers' trees say, read again.

What comes from a peer is sealed, so it is no forgery; it may be of another version, so what can't be read counts as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple, TypeVar

from opensvc_core.api import Status
from opensvc_daemon.monitor.knowledge import Json, Knowledge, Picture, ServiceFile
from opensvc_daemon.monitor.shown import Shown
from opensvc_daemon.orchestration.requests import Progress, Request, Wish
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import Guard, InstanceView, ServiceView

# What nodes speak with each other, and decide by. 2: orders to nodes are answered; a provision goes through the gates of a start.
PROTOCOL = 2
# The first in which they are.
ANSWERED_ORDERS = 2
_T = TypeVar("_T", bound=Enum)
# The words of the tree for fields of an InstanceView that are plain values.
_PLAIN: Mapping[str, str] = {
    "monitor_generation": "monitor_generation",
    "rank": "rank",
    "frozen": "is_frozen",
    "constraints": "meets_constraints",
    "expects_up": "expects_up",
    "left": "is_left",
    "alone": "is_alone",
    "served": "served",
    "config": "config",
    "failed_action": "failed_action",
    "last_start": "last_start",
}
# What a file says of its service that those need to know who do not have it.
_SHARED = ("topology", "orchestrate", "placement", "priority", "flex_min", "flex_max", "flex_target", "is_disabled")


class _Told(NamedTuple):
    """A branch, and what it was made of."""

    instance: InstanceView | None
    shown: Shown
    messages: Json
    file: ServiceFile | None
    branch: Json

    def is_of(self, *made_of: object) -> bool:
        """Whether it would be the same if it was made again."""
        instance, shown, messages, file = made_of
        is_same = self.shown is shown and self.file is file
        return is_same and self.instance == instance and self.messages == messages


class Branches:
    """The branches of the services as they were told last: those of what has not changed are the same objects again."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}

    def of(self, known: Knowledge) -> Json:
        """All of them."""
        self._told = {path: self._branch(known, path) for path in sorted({*known.instances, *known.files})}
        return {path: told.branch for path, told in self._told.items()}

    def _branch(self, known: Knowledge, path: str) -> _Told:
        instance, file, picture = known.instances.get(path), known.files.get(path), known.pictures.get(path) or Picture()
        made_of = (instance, picture.shown, picture.messages, file)
        before = self._told.get(path)
        if before is not None and before.is_of(*made_of):
            return before
        branch: Json = {"config": _config(file)} if file is not None else {}
        if instance is not None:
            branch["instance"] = instance_tree(instance, picture)
        return _Told(instance, picture.shown, dict(picture.messages), file, branch)


def tree_of(known: Knowledge, branches: Branches | None = None) -> Json:
    """All that this node says of itself; `branches` spares what has not changed."""
    services = (branches or Branches()).of(known)
    node = {
        "state": known.state.value,
        "frozen": known.is_frozen,
        "overloaded": known.is_overloaded,
        "load": known.load,
        "score": known.score,
        "version": PROTOCOL,
        "gone": known.own_gone(),
        "fences": sorted(known.fenceable),
        "arbitrators": {one.name: {"weight": one.weight, "answering": one.is_answering} for one in known.arbitrators},
    }
    return {"node": {**known.facts, **node}, "services": services}


def _config(file: ServiceFile) -> Json:
    fields = file.fields
    shared = {name: fields[name] for name in _SHARED if name in fields}
    guard = {"guard": fields["guard"].value} if "guard" in fields else {}
    return {
        "digest": file.digest,
        "generation": sum(file.generations.values()),
        "generations": dict(file.generations),
        "updated": file.updated,
        "file": file.place,
        "nodes": list(fields.get("nodes", ())),
        "error": file.error,
        **shared,
        **guard,
    }


def instance_tree(instance: InstanceView, picture: Picture) -> Json:
    """One instance."""
    shown = picture.shown
    return {
        "avail": instance.avail.value,
        "overall": shown.overall or instance.avail.value,
        "monitor": instance.monitor.value,
        "provisioned": "mixed" if instance.is_provisioned and instance.is_incomplete else instance.is_provisioned,
        **{word: getattr(instance, name) for word, name in _PLAIN.items()},
        "request": request_json(instance.request),
        "resources": shown.resources,
        "status_group": shown.groups,
        "messages": [*shown.notices, *picture.messages.values()],
    }


def request_json(request: Request | None) -> Json | None:
    """A request for a tree or a document."""
    if request is None:
        return None
    words = {"wish": request.wish.value, "progress": request.progress.value, "to": list(request.to)}
    removing = {"removing": request.removing} if request.removing else {}
    return {"id": request.id, "sequence": request.sequence, "origin": request.origin, "why": request.why, **removing, **words}


def read_request(told: object) -> Request | None:
    """A request from a tree; None: there is none, or none that this version knows."""
    if not isinstance(told, dict):
        return None
    wish, progress = _word(Wish, told.get("wish")), _word(Progress, told.get("progress"))
    to = told.get("to")
    if wish is None or progress is None or not isinstance(to, list) or not told.get("id"):
        return None
    return Request(
        str(told["id"]),
        wish,
        int(told.get("sequence") or 0),
        str(told.get("origin") or ""),
        tuple(map(str, to)),
        progress,
        str(told.get("why") or ""),
        int(told.get("removing") or 0),
    )


def read_instance(told: Json) -> InstanceView:
    """A peer's instance, without moments. A status that this version does not know counts as active, a state as one that acts."""
    defaults = InstanceView._field_defaults
    plain = {name: type(defaults[name])(told.get(word, defaults[name])) for word, name in _PLAIN.items()}
    return InstanceView(
        avail=_word(Status, told.get("avail")) or Status.UNDEF,
        monitor=_word(MonitorState, told.get("monitor")) or MonitorState.STARTING,
        is_provisioned=told.get("provisioned") is not False,
        is_incomplete=told.get("provisioned") == "mixed",
        request=read_request(told.get("request")),
        **plain,
    )


def read_instances(services: Mapping[str, Json]) -> dict[str, InstanceView]:
    """The instances of a peer's tree; one that can't be read counts as active."""
    return {path: _instance(branch["instance"]) for path, branch in services.items() if isinstance(branch.get("instance"), dict)}


def _instance(told: Json) -> InstanceView:
    try:
        return read_instance(told)
    except (TypeError, ValueError):
        return InstanceView(Status.UNDEF)


def read_state(node: Json) -> NodeState:
    """A peer's state; one that this version does not know counts as init: nothing is assumed of its services."""
    return _word(NodeState, node.get("state")) or NodeState.INIT


def protocol_of(node: Json) -> int:
    """What a peer speaks; of one that has not told it yet, what this node does."""
    told = node.get("version", PROTOCOL)
    return told if isinstance(told, int) else PROTOCOL


def read_fields(config: object) -> Json:
    """What a peer's tree says of a service that has no file here, as fields of a ServiceView."""
    if not isinstance(config, dict):
        return {}
    nodes = config.get("nodes")
    defaults = ServiceView._field_defaults
    found: Json = {name: config[name] for name in _SHARED if type(config.get(name)) is type(defaults[name])}
    guard = _word(Guard, config.get("guard"))
    return found | {"nodes": tuple(map(str, nodes)) if isinstance(nodes, list) else ()} | ({"guard": guard} if guard else {})


def read_generations(told: object) -> dict[str, int]:
    """The edits of a file by node, as a peer tells them."""
    return {str(node): count for node, count in told.items() if isinstance(count, int)} if isinstance(told, dict) else {}


def _word(kind: type[_T], word: object) -> _T | None:
    try:
        return kind(word)
    except ValueError:
        return None
