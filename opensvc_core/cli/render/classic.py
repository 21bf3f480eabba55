"""The classic layout: the status tree of `svcmgr` and the table of `svcmon`, as scripts of older agents read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from opensvc_core.cli.render.colors import PLAIN, Palette, Style
from opensvc_core.model.names import natural
from opensvc_core.model.snapshot import ResourceStatus, ServiceStatus
from opensvc_core.model.status import Status

_AVAIL_ORDER: Final = ("container", "disk", "fs", "share", "ip", "app")
_LAUNCHERS: Final = "app"

# Title in two lines, dashes, width: a line has a blank between two columns, the last one no width.
_COLUMNS: Final = (
    ("service", "type", 7, 7),
    ("container", "type", 9, 9),
    ("container", "status", 9, 9),
    ("ip", "status", 6, 9),
    ("disk", "status", 6, 10),
    ("fs", "status", 6, 10),
    ("share", "status", 6, 10),
    ("app", "status", 6, 10),
    ("hb", "status", 6, 9),
    ("sync", "status", 6, 9),
    ("avail", "status", 6, 10),
    ("overall", "status", 7, 10),
    ("", "frozen", 6, 0),
)
_TABLE_GROUPS: Final = ("container", "ip", "disk", "fs", "share", "app", "hb", "sync")
_Cell = tuple[str, tuple[Style, ...]] | Status


def tree_lines(service: ServiceStatus, palette: Palette = PLAIN) -> list[str]:
    """The status of the local instance as a tree below the service's name: `overall`, `avail`, `sync` and `hb` with their resources."""
    local = service.local
    return [
        _row("overall", "", local.overall, "", palette),
        *_group("|- avail", local.avail, _avail_resources(local.resources), palette),
        *_group("|- sync", local.groups.get("sync", Status.NA), _of_group("sync", local.resources), palette),
        *_group("'- hb", local.groups.get("hb", Status.NA), _of_group("hb", local.resources), palette),
    ]


def monitor_table(services: Sequence[ServiceStatus], palette: Palette = PLAIN) -> str:
    """The table of `svcmon --service=a,b`: three header lines, then a line for each service, in the order given."""
    names = [str(service.path) for service in services]
    widths = [max([7, *map(len, names)]), *(width for *_, width in _COLUMNS)]
    rows = [*_table_header(), *map(_table_row, services)]
    return "\n".join(_table_line(row, widths, palette) for row in rows)


def _avail_resources(resources: Sequence[ResourceStatus]) -> list[ResourceStatus]:
    return sorted((each for each in resources if each.group not in ("sync", "hb")), key=_avail_key)


def _avail_key(resource: ResourceStatus) -> tuple[object, ...]:
    """Sorts by group and rid; the launchers' line is the last one."""
    group = resource.group
    place = _AVAIL_ORDER.index(group) if group in _AVAIL_ORDER else len(_AVAIL_ORDER)
    return resource.rid == _LAUNCHERS, place, group, natural(resource.rid)


def _of_group(group: str, resources: Sequence[ResourceStatus]) -> list[ResourceStatus]:
    return sorted((each for each in resources if each.group == group), key=lambda each: natural(each.rid))


def _group(cell: str, status: Status, resources: Sequence[ResourceStatus], palette: Palette) -> Iterator[str]:
    yield _row(cell, "", status, "", palette)
    bar = "|" if cell.startswith("|") else " "
    for place, resource in enumerate(resources, start=1):
        yield from _resource(bar, resource, palette, is_last=place == len(resources))


def _resource(bar: str, resource: ResourceStatus, palette: Palette, *, is_last: bool) -> Iterator[str]:
    connector = "'-" if is_last else "|-"
    yield _row(f"{bar}  {connector} {resource.rid}", _flags(resource), resource.status, resource.classic_label, palette)
    bars = bar if is_last else f"{bar}  |  |"
    for message in resource.messages:
        for text in message.text.splitlines():
            yield f"{bars:<35}# {text}".rstrip()


def _row(cell: str, flags: str, status: Status, label: str, palette: Palette) -> str:
    return f"{cell:<20} {flags:>4} {palette.status(status, 8)} {label}".rstrip()


def _flags(resource: ResourceStatus) -> str:
    shown = {
        "M": resource.is_monitored,
        "D": resource.is_disabled,
        # what is outside of avail is optional by nature: no news to the reader
        "O": resource.is_optional_declared and resource.group not in ("sync", "hb"),
        "E": resource.is_encap,
    }
    return "".join(letter if is_shown else "." for letter, is_shown in shown.items())


def _table_header() -> list[list[_Cell]]:
    lines = (
        ["service", *(first for first, *_ in _COLUMNS)],
        ["name", *(second for _, second, *_ in _COLUMNS)],
        ["-" * 7, *("-" * dashes for *_, dashes, _ in _COLUMNS)],
    )
    return [[(text, ("bold",)) for text in line] for line in lines]


def _table_row(service: ServiceStatus) -> list[_Cell]:
    local = service.local
    return [
        (str(service.path), ("bold",)),
        (service.env, ()),
        (service.mode, ()),
        *(local.groups.get(group, Status.NA) for group in _TABLE_GROUPS),
        local.avail,
        local.overall,
        (str(local.is_frozen), ("blue",) if local.is_frozen else ()),
    ]


def _table_line(row: Sequence[_Cell], widths: Sequence[int], palette: Palette) -> str:
    return " ".join(_table_cell(cell, width, palette) for cell, width in zip(row, widths, strict=True)).rstrip()


def _table_cell(cell: _Cell, width: int, palette: Palette) -> str:
    if isinstance(cell, Status):
        return palette.status(cell, width)
    text, styles = cell
    return palette.cell(text, width, *styles)
