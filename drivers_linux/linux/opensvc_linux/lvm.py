"""Volume groups and logical volumes, as one LVM report tells all of them (lvmreport(7), `lvm fullreport`)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from opensvc_core.api import ActionFailed, CommandResult, Context
from opensvc_linux import devices

_FIELDS: Final = {
    "vg": "vg_name,vg_uuid,vg_tags,vg_missing_pv_count,vg_exported,vg_systemid,vg_lock_type",
    "pv": "pv_name,pv_uuid,pv_missing",
    "lv": "lv_name,lv_path,lv_active,lv_device_open,lv_suspended,lv_skip_activation,lv_health_status",
    "pvseg": "pv_name",
    "seg": "lv_name,devices",
}
# What else lvm.conf could have it print: 0 and 1 for words, and lists cut by something else than commas.
_PLAIN: Final = 'report{binary_values_as_numeric=0 list_item_separator=","}'
# Groups that this host may not use are wanted as well, to say why.
REPORT: Final = (
    *("lvm", "fullreport", "--reportformat", "json", "--foreign", "--shared", "--config", _PLAIN),
    *(word for name, fields in _FIELDS.items() for word in ("--configreport", name, "-o", fields)),
)
_TIMEOUT: Final = 20.0
# What LVM says that has no right to device-mapper; it ends with 0 then, and shows no volume as active.
_REFUSED: Final = re.compile(r"(?:device-mapper|/dev/mapper/control): .*(?:Permission denied|Operation not permitted)")
# Said of a volume whose `active` is `unknown`.
UNKNOWN: Final = "LVM does not ask the kernel what is active: global/activation = 0 in the host's lvm.conf"


class Volume(NamedTuple):
    """A logical volume.

    `path` is empty for what has no device of its own (a thin pool). `active` is LVM's word: `active`, nothing, or `unknown`; under
    clvmd `locally`, `local exclusive`, and for what only other nodes have `remotely`, `remote exclusive`.
    `is_skipped`: an activation of the group leaves it out (a thin snapshot). `devices` are the paths below it.
    """

    name: str
    path: str = ""
    active: str = ""
    is_open: bool = False
    is_suspended: bool = False
    is_skipped: bool = False
    health: str = ""
    devices: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        """The kernel has it."""
        return self.active.startswith(("active", "local"))


class Group(NamedTuple):
    """A volume group. `devices` are the paths of its physical volumes, `missing` the identities of those that can't be found."""

    name: str
    uuid: str = ""
    tags: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    is_exported: bool = False
    system_id: str = ""
    lock_type: str = ""
    devices: tuple[str, ...] = ()
    volumes: tuple[Volume, ...] = ()

    def volume(self, name: str) -> Volume | None:
        """The volume of this name."""
        return next((volume for volume in self.volumes if volume.name == name), None)


def name_of_lvm(value: str) -> str:
    """A name that LVM takes for a group or a volume (lvm(8), VALID NAMES)."""
    if not re.fullmatch(r"(?!-)(?!\.{1,2}$)[A-Za-z0-9+_.-]{1,127}", value):
        raise ValueError(f"{value!r} is no name for LVM: letters, digits and + _ . - are allowed, and no - at the beginning")
    return value


def look(context: Context) -> list[Group]:
    """All groups that LVM sees on this host; the resources of one look share one report, and what an action asks between two changes.

    Raises ActionFailed: LVM is missing, not for this user, or does not answer.
    """

    def report() -> CommandResult:
        return context.once("lvm", lambda: context.system.query(REPORT, timeout=_TIMEOUT))

    return context.once("lvm groups", lambda: parsed(report()))


def parsed(result: CommandResult) -> list[Group]:
    """The groups in a report. One that LVM could not make whole (exit code 5: some group can't be read) tells the others.

    Raises ActionFailed where there is none, and where it shows what is active as inactive.
    """
    if refused := _REFUSED.search(result.stderr):
        raise ActionFailed(f"LVM may not ask the kernel what is active, which takes CAP_SYS_ADMIN: {refused[0]}")
    try:
        groups = parse(result.stdout)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ActionFailed(_why(result) or f"LVM's report can't be read: {error}") from error
    if result.code and not groups:
        raise ActionFailed(_why(result) or f"LVM gives no report: exit code {result.code}")
    return groups


def parse(text: str) -> list[Group]:
    """The groups of a report in JSON, each with its volumes, whatever else was printed around it.

    Raises ValueError and others where there is no report.
    """
    begin = re.search(r"^\s*\{", text, re.MULTILINE)
    report, _ = json.JSONDecoder().raw_decode(text, begin.end() - 1 if begin else 0)
    return [_group(one) for one in report["report"] if one.get("vg")]


def find(groups: Sequence[Group], name: str) -> Group | None:
    """The group of a name; None where there is none. Raises ActionFailed where there are two."""
    found = [group for group in groups if group.name == name]
    if len(found) > 1:
        identities = ", ".join(group.uuid for group in found)
        raise ActionFailed(f"there are {len(found)} volume groups {name} ({identities}); rename one by its identity (vgrename)")
    return found[0] if found else None


def _group(report: dict[str, Any]) -> Group:
    (row,) = report["vg"]
    pvs: list[dict[str, str]] = report.get("pv", [])
    return Group(
        name=row["vg_name"],
        uuid=row["vg_uuid"],
        tags=tuple(filter(None, row["vg_tags"].split(","))),
        missing=_missing(pvs, int(row["vg_missing_pv_count"] or 0)),
        is_exported=bool(row["vg_exported"]),
        system_id=row["vg_systemid"],
        lock_type=row["vg_lock_type"] if row["vg_lock_type"] != "none" else "",
        devices=tuple(pv["pv_name"] for pv in pvs if pv["pv_name"].startswith("/")),
        volumes=tuple(_volume(lv, report.get("seg", [])) for lv in report.get("lv", [])),
    )


def _missing(pvs: Sequence[dict[str, str]], count: int) -> tuple[str, ...]:
    known = [pv["pv_uuid"] for pv in pvs if pv["pv_missing"]]
    return tuple(known + ["?"] * (count - len(known)))


def _volume(row: dict[str, str], segments: Sequence[dict[str, str]]) -> Volume:
    extents = ",".join(segment["devices"] for segment in segments if segment["lv_name"] == row["lv_name"])
    return Volume(
        name=row["lv_name"],
        path=row["lv_path"],
        active=row["lv_active"],
        is_open=row["lv_device_open"] == "open",
        is_suspended=row["lv_suspended"] == "suspended",
        is_skipped=bool(row["lv_skip_activation"]),
        health=row["lv_health_status"],
        devices=tuple(dict.fromkeys(found[1] for found in re.finditer(r"(/[^,]*)\(\d+\)", extents))),
    )


def _why(result: CommandResult) -> str:
    """Why there is no report, in words; empty where that can't be told."""
    said = result.stderr
    if result.code == 127:
        return "LVM is missing (apt-get install lvm2, dnf install lvm2)"
    if result.code == 124:
        return f"LVM does not answer within {_TIMEOUT:g} s: a device hangs, or another command of LVM has its lock"
    if "Permission denied" in said or "non-root user" in said:
        return "LVM answers only to the superuser"
    lines = [line.strip() for line in said.splitlines() if line.strip() and "WARNING" not in line]
    return f"LVM gives no report: {lines[-1]}" if lines else ""


def is_one_of(path: str, paths: Sequence[str]) -> bool:
    """A device is one of these, by whatever name."""
    own = devices.number(path)
    return path in paths or (own is not None and any(devices.number(one) == own for one in paths))


def host_problem() -> str:
    """Why this host can't use LVM, and the remedy, or an empty text."""
    from shutil import which  # noqa: PLC0415 - 3 ms that no status needs

    if not which("lvm"):
        return "LVM is missing (apt-get install lvm2, dnf install lvm2)"
    return "" if Path("/sys/class/misc/device-mapper").exists() else "the kernel has no device-mapper here (modprobe dm-mod)"
