"""Kept: what of an instance outlives the daemon, in a file of the service's state folder, written as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from opensvc_daemon.monitor.telling import read_request, request_json
from opensvc_daemon.monitor.writing import read_json, write_json
from opensvc_daemon.orchestration.requests import Request
from opensvc_daemon.orchestration.view import InstanceView

FILE = "orchestration.json"


class Kept(NamedTuple):
    """`boot` is that of which `expects_up` is true: what was up in an earlier one is not up in this one, but may have left something."""

    expects_up: bool = False
    served: str = ""
    last_start: float = 0.0
    request: Request | None = None
    boot: str = ""
    is_left: bool = False
    named: tuple[str, ...] = ()

    @classmethod
    def of(cls, instance: InstanceView, boot: str) -> Kept:
        """What is to be kept of an instance."""
        return cls(instance.expects_up, instance.served, instance.last_start, instance.request, boot, instance.is_left, instance.named)


def read(folder: Path, boot: str) -> Kept:
    """What was kept; nothing where there is no file, or a damaged one."""
    known = read_json(folder / FILE)
    if not isinstance(known, dict):
        return Kept()
    is_same_boot = known.get("boot") == boot
    return Kept(
        known.get("expects_up") is True and is_same_boot,
        str(known.get("served") or ""),
        float(known.get("last_start") or 0.0),
        read_request(known.get("request")),
        boot,
        known.get("is_left") is True or (known.get("expects_up") is True and not is_same_boot),
        tuple(map(str, known.get("named") or ())),
    )


def write(folder: Path, kept: Kept) -> None:
    """Keep it. Raises OSError."""
    told: dict[str, Any] = {**kept._asdict(), "request": request_json(kept.request)}
    write_json(folder / FILE, told)
