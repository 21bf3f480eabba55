"""The node's pages: what it is, its block devices, its capabilities, as text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from opensvc_core.config.converters import print_duration

_UNITS: Final = "bkmgtpe"


def size_text(size: int) -> str:
    """Bytes in the unit that reads well: `512b`, `64m`, `23.5g`."""
    value, unit = float(size), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    number = f"{value:.0f}" if value >= 100 else f"{value:.1f}".removesuffix(".0")
    return f"{number}{_UNITS[unit]}"


def moment_text(seconds: float) -> str:
    """A moment in UTC: `2026-11-21T07:00:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows in columns, two blanks apart; those in `right` are numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(f"{'  '.join(_cells(row, widths, right)).rstrip()}\n" for row in rows)


def _cells(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> Iterator[str]:
    for place, (text, width) in enumerate(zip(row, widths, strict=True)):
        yield text.rjust(width) if place in right else text.ljust(width)


def asset_text(asset: Mapping[str, Any]) -> str:
    """A line for each fact; what is not known has none."""
    system, cpu, memory, boot = asset["os"], asset["cpu"], asset["memory"], asset["boot"]
    hardware = " ".join(value for value in asset["hardware"].values() if value)
    rows = [
        ("name", asset["name"]),
        ("fqdn", asset["fqdn"]),
        ("env", asset["env"]),
        ("location", ", ".join(asset["location"].values())),
        ("agent", asset["agent"]),
        ("os", system["name"]),
        ("kernel", f"{asset['kernel']} {asset['architecture']}"),
        ("hardware", hardware),
        ("cpu", f"{cpu['count']} x {cpu['model']}" if cpu["model"] else str(cpu["count"])),
        ("memory", f"{size_text(memory['total'])}, swap {size_text(memory['swap']) if memory['swap'] else 'none'}"),
        ("boot", f"{boot['since']}, up {print_duration(boot['uptime'])}, id {boot['id']}"),
        *((f"device {name}", " ".join([*device["addresses"], device["mac"]]).strip()) for name, device in asset["devices"].items()),
    ]
    return table([row for row in rows if row[1]])


def devices_text(devices: Sequence[Mapping[str, Any]]) -> str:
    """The devices as a tree with what stands on what; one with two parents is below each. Then those that are named and not there."""
    rows = [("device", "size", "type", "mounted on", "services")]
    by_parent: dict[str, list[Mapping[str, Any]]] = {}
    for device in devices:
        for parent in device["parents"] or [""]:
            by_parent.setdefault(parent, []).append(device)
    rows += [_device_row(lead, device) for lead, device in _walk(by_parent, "", "")]
    return table(rows, right=(1,))


def _walk(by_parent: Mapping[str, Sequence[Mapping[str, Any]]], parent: str, rest: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The devices below one, each with what stands before its name; `rest` stands before all of them."""
    below = by_parent.get(parent, ())
    for place, device in enumerate(below, start=1):
        own, more = ("", "") if not parent else ("`- ", "   ") if place == len(below) else ("|- ", "|  ")
        yield rest + own, device
        if device["name"]:
            yield from _walk(by_parent, device["name"], rest + more)


def _device_row(lead: str, device: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    size = size_text(device["size"]) if device["name"] else ""
    uses = [f"{use['service']} {use['rid']}{' (made)' if use['made'] else ''}" for use in device["services"]]
    return lead + device["path"].removeprefix("/dev/"), size, device["type"], " ".join(device["mount_points"]), ", ".join(uses)
