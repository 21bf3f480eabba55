"""The instance tree: a service, its instances and the resources of the local one, as `om … print status` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from opensvc_core.cli.render.colors import PLAIN, Palette, Style
from opensvc_core.model.names import natural
from opensvc_core.model.snapshot import InstanceStatus, Provisioned, ResourceStatus, ServiceStatus
from opensvc_core.model.status import Message, Status

GROUPS: Final = ("ip", "volume", "disk", "fs", "share", "container", "app", "sync", "task")

_NAME_WIDTH: Final = 23
_DEFAULT_PRIORITY: Final = 100
_PROVISIONED_NOTICES: Final = {Provisioned.NO: "not provisioned", Provisioned.PARTLY: "mix provisioned"}
_SERVICE_NOTICE_STYLES: Final[dict[str, Style]] = {"non-optimal placement": "red", "incompatible versions": "red"}


class _Node(NamedTuple):
    """A line of the tree, the lines of text under its label, and the branches below it."""

    name: str
    flags: str = ""
    status: Status | None = None
    label: str = ""
    more: tuple[str, ...] = ()
    branches: tuple[_Node, ...] = ()


_Line = tuple[str, _Node | str]
"""The first cell with its connectors, and what stands right of it: a node's columns, or only a text in the label column."""


def instance_tree(service: ServiceStatus, palette: Palette = PLAIN) -> str:
    """The service with its notices, a line for each instance, and the resources of those whose picture has some, with their messages."""
    lines = list(_lines(_service_node(service, palette), lead="", rest=""))
    width = max(_NAME_WIDTH, *(len(first) for first, _ in lines))
    return "\n".join(_text(first, columns, width, palette) for first, columns in lines)


def _lines(node: _Node, *, lead: str, rest: str) -> Iterator[_Line]:
    """Walks the tree: `lead` stands before the node's own name, `rest` before everything below it."""
    yield lead + node.name, node
    for text in node.more:
        yield rest.rstrip(), text
    for place, branch in enumerate(node.branches, start=1):
        is_last = place == len(node.branches)
        yield from _lines(branch, lead=rest + ("`- " if is_last else "|- "), rest=rest + ("   " if is_last else "|  "))


def _text(first: str, columns: _Node | str, width: int, palette: Palette) -> str:
    if isinstance(columns, str):
        return f"{first:<{width}} {'':8} {'':10} {columns}".rstrip()
    status = f"{'':10}" if columns.status is None else palette.status(columns.status, 10)
    return f"{first:<{width}} {columns.flags:<8} {status} {columns.label}".rstrip()


def _service_node(service: ServiceStatus, palette: Palette) -> _Node:
    notices = [palette.paint(notice, *_styles(_SERVICE_NOTICE_STYLES.get(notice))) for notice in service.notices]
    local = _instance_node(service.local, palette, branches=tuple(_resource_nodes(service.local)))
    peers = [_instance_node(instance, palette, branches=tuple(_resource_nodes(instance))) for instance in service.instances[:-1]]
    return _Node(
        str(service.path),
        status=service.avail,
        label=", ".join(notices),
        more=_offered(service.offers),
        branches=(_Node("instances", branches=(*peers, local)),),
    )


def _offered(commands: Sequence[str]) -> tuple[str, ...]:
    return (f"to mend it{', one of' if len(commands) > 1 else ''}:", *commands) if commands else ()


def _instance_node(instance: InstanceStatus, palette: Palette, branches: tuple[_Node, ...] = ()) -> _Node:
    notices = [palette.paint(text, *_styles(style)) for text, style in _notices(instance)]
    return _Node(instance.node, status=_instance_cell(instance), label=", ".join(notices), branches=branches)


def _instance_cell(instance: InstanceStatus) -> Status:
    """The availability, or `warn` where an instance that is down has something to say."""
    is_alarming = instance.avail is Status.DOWN and _overall(instance) is Status.WARN
    return Status.WARN if is_alarming else instance.avail


def _overall(instance: InstanceStatus) -> Status:
    """The overall status; `warn` also where the instance is down and frozen, so that nobody will start it."""
    return Status.WARN if instance.is_frozen and instance.avail is Status.DOWN else instance.overall


def _notices(instance: InstanceStatus) -> Iterator[tuple[str, Style | None]]:
    if _overall(instance) is Status.WARN:
        yield "warn", "yellow"
    if instance.is_frozen:
        yield "frozen", "blue"
    if instance.is_node_frozen:
        yield "node frozen", "blue"
    if instance.provisioned in _PROVISIONED_NOTICES:
        yield _PROVISIONED_NOTICES[instance.provisioned], "red"
    if instance.priority != _DEFAULT_PRIORITY:
        yield f"p{instance.priority}", None
    yield from _monitor_notices(instance)


def _monitor_notices(instance: InstanceStatus) -> Iterator[tuple[str, Style | None]]:
    if instance.monitor:
        yield instance.monitor, "grey" if instance.monitor == "idle" else None
    if instance.local_expect:
        yield instance.local_expect, "grey"
    if instance.global_expect:
        yield f">{instance.global_expect}", None


def _styles(style: Style | None) -> tuple[Style, ...]:
    return () if style is None else (style,)


def _resource_nodes(instance: InstanceStatus) -> Iterator[_Node]:
    """The resources in order; those of a subset below a line of their own."""
    ordered = sorted(instance.resources, key=_order)
    for (group, subset), members in groupby(ordered, key=_subset_of):
        nodes = tuple(map(_resource_node, members))
        if subset:
            name = f"{group}:{subset}"
            yield _Node(name, label="//" if instance.subsets.get(name) else "", branches=nodes)
        else:
            yield from nodes


def _subset_of(resource: ResourceStatus) -> tuple[str, str]:
    return resource.group, resource.subset


def _order(resource: ResourceStatus) -> tuple[object, ...]:
    """Sorts by group, subset and rid; the sync of the configuration is the last of its group."""
    group = resource.group
    place = GROUPS.index(group) if group in GROUPS else len(GROUPS)
    return place, group, resource.rid == "sync#i0", natural(resource.subset), resource.subset, natural(resource.rid)


def _resource_node(resource: ResourceStatus) -> _Node:
    return _Node(resource.rid, _flags(resource), resource.status, resource.label, tuple(_message_lines(resource.messages)))


def _message_lines(messages: Sequence[Message]) -> Iterator[str]:
    for message in messages:
        for text in message.text.splitlines():
            yield f"{message.level}: {text}"


def _flags(resource: ResourceStatus) -> str:
    """The eight flags `RMDOEPSr`: running, monitored, disabled, optional, encapsulated, provisioned, standby, restarts left."""
    shown = {
        "R": resource.is_running,
        "M": resource.is_monitored,
        "D": resource.is_disabled,
        "O": resource.is_optional,
        "E": resource.is_encap,
    }
    letters = "".join(letter if is_shown else "." for letter, is_shown in shown.items())
    return letters + resource.provisioned.value + ("S" if resource.is_standby else ".") + _restarts(resource.restarts_left)


def _restarts(left: int | None) -> str:
    if left is None:
        return "."
    return str(left) if left < 10 else "+"
