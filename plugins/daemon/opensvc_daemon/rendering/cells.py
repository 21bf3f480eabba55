"""Cells: what stands for a node's health, a heartbeat, an instance, in the column of the node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opensvc_daemon.rendering.page import Cell, Piece, words
from opensvc_daemon.rendering.words import AWAITED, HEARD, Data, global_expect

BEATING: Final = words("O", "green")
SILENT: Final = words("X", "red")
NOT_APPLICABLE: Final = words("/", "grey")
STYLES: Final[Mapping[str, str]] = {
    "up": "green",
    "stdby up": "green",
    "down": "red",
    "stdby down": "red",
    "warn": "yellow",
    "n/a": "grey",
    "undef": "grey",
}
_ICONS: Final = {"up": "O", "down": "X", "stdby down": "x", "stdby up": "o", "warn": "!", "n/a": "/"}
_UNITS: Final = "bkmgtpe"


def state(text: str) -> Cell:
    """The state of a thread."""
    return words(text, {"running": "green", "failed": "red"}.get(text, "grey"))


def answers(is_there: bool | None) -> Cell:
    """Whether somebody is heard; None: it is not known."""
    return words("?", "red") if is_there is None else BEATING if is_there else SILENT


def is_reached(node: Data, *, is_me: bool) -> bool:
    """What is known of a node is of now."""
    return is_me or node.get("reach") in HEARD


def node_state(node: Data, *, is_me: bool) -> Cell:
    """The node's state if it is not idle, then `*` where it is frozen; of one that is not heard, that."""
    if not is_reached(node, is_me=is_me):
        return words(node.get("reach", "unknown"), "red")
    found = node.get("state", "")
    return words("" if found == "idle" else found) + (words("*", "blue") if node.get("frozen") else ())


def memory(found: Data | None) -> Cell:
    """`10/98%:3.82g`: used, the limit, the total; `-` where there is none."""
    if not found or not found.get("total"):
        return words("-")
    used, limit = found.get("used_percent", 0), found.get("limit_percent", 0)
    is_over = 0 < limit < used
    return words(f"{used:.0f}/{limit:.0f}%:{size(found['total'])}", *(("red",) if is_over else ()))


def size(count: float) -> str:
    """Bytes with three digits: `3.82g`."""
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    digits = 0 if unit == 0 or count >= 100 else 1 if count >= 10 else 2
    return f"{count:.{digits}f}{_UNITS[unit]}"


def service_state(service: Data) -> Cell:
    """The availability, `!` where overall is warn, `^` where the placement is not optimal."""
    avail = service.get("avail", "undef")
    marks: list[Piece] = [(avail, (STYLES.get(avail, "grey"),))]
    if service.get("overall") == "warn" and avail != "warn":
        marks.append(("!", ("yellow",)))
    if service.get("placement") == "non-optimal":
        marks.append(("^", ("red",)))
    return tuple(marks)


def orchestration(service: Data) -> str:
    """What the cluster does with it, and how many instances run of how many that are expected."""
    orchestrate = service.get("orchestrate", "no")
    kind = "flex" if service.get("topology") == "flex" else "" if orchestrate == "no" else orchestrate
    return f"{kind:<7} {service.get('running', 0)}/{service.get('expected', 1)}"


def instance(service: Data, name: str, node: Data, *, is_me: bool) -> Cell:
    """An instance: its icon, what is to be said of it, what the monitor does with it, what is expected."""
    found = service.get("instances", {}).get(name)
    if found is None:
        return ()
    marks = [_icon(service, found, node, is_known=is_reached(node, is_me=is_me))]
    if node.get("reach") == "gone":  # nothing is there: what was said of it is over
        return tuple(marks)
    if found.get("overall") == "warn" and found.get("avail") != "warn":
        marks.append(("!", ("yellow",)))
    if name in service.get("leaders", ()):
        marks.append(("^", ()))
    if found.get("frozen"):
        marks.append(("*", ("blue",)))
    if found.get("provisioned", True) is False:
        marks.append(("P", ("red",)))
    monitor = found.get("monitor", "idle")
    if monitor != "idle":
        marks.append((f" {monitor}", ("red",) if monitor.endswith("failed") else ()))
    if expect := global_expect(service.get("request")):
        marks.append((f" >{expect}", ()))
    return tuple(marks)


def _icon(service: Data, found: Data, node: Data, *, is_known: bool) -> Piece:
    if node.get("reach") == "gone":
        return "X", ("grey",) if service.get("avail") == "up" else ("red",)
    avail = found.get("avail", "undef")
    if not is_known or avail not in _ICONS:
        return "?", ("grey",) if node.get("state") in AWAITED else ("red",)
    styles = {"up": "green", "warn": "yellow", "n/a": "grey", "stdby down": "red"}
    elsewhere = "grey" if service.get("avail") == "up" else "red"
    return _ICONS[avail], (styles.get(avail, elsewhere),)
