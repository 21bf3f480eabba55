"""Claims: a device, a mount point or an address that two resources of a service would have at the same time."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from opensvc_core.config.checks.report import Report
from opensvc_core.config.findings import Finding
from opensvc_core.config.keywords import Claim, Deferred, Keyword
from opensvc_core.config.sections import Section
from opensvc_core.config.service import DEFAULT, ServiceConfig
from opensvc_core.errors import ConfigError

# As many words stand for the devices that a resource will expose: more than one ever has.
_EXPOSED = 64


class Taken(NamedTuple):
    """What a resource takes for itself: `value` is the same text for the same thing; `key` is where the file says so."""

    rid: str
    group: str
    key: str
    kind: Claim
    value: str
    is_standby: bool


def taken_everywhere(config: ServiceConfig, rids: Sequence[str]) -> dict[str, list[Taken]]:
    """What these resources take, on each node that may see values of its own; this node is the first."""
    return {node: list(taken_on(config, rids, node)) for node in _nodes(config)}


def used_twice(config: ServiceConfig, report: Report, everywhere: Mapping[str, Sequence[Taken]]) -> Iterator[Finding]:
    """A finding for each resource that takes what an earlier one takes as well, on any node of the service."""
    seen: set[tuple[str, str, str]] = set()
    for all_taken in everywhere.values():
        first: dict[tuple[str, str], Taken] = {}
        for taken in all_taken:
            other = first.setdefault((taken.kind, taken.value), taken)
            if other.rid != taken.rid and (taken.kind, other.rid, taken.rid) not in seen:
                seen.add((taken.kind, other.rid, taken.rid))
                place = config.document.line_of(other.rid, other.key) or config.document.line_of(other.rid)
                is_plain = config.document.get(taken.rid, taken.key) == taken.value
                yield report.warning(
                    "used-twice",
                    f"the {taken.kind}{'' if is_plain else ' ' + _shown(taken.value)} is used by {other.rid} as well (line {place})",
                    taken.rid,
                    taken.key,
                    hint=f"give {taken.rid} another {taken.key.partition('@')[0]}, or disable one of the two",
                )


def covered(report: Report, everywhere: Mapping[str, Sequence[Taken]]) -> Iterator[Finding]:
    """A finding for each path that is used before the mount point above it is mounted, which then hides it."""
    seen: set[tuple[str, str]] = set()
    for all_taken in everywhere.values():
        mounts = mounts_by_path(all_taken)
        for taken in all_taken:
            for mount in above(taken, mounts):
                if mount.rid != taken.rid and _is_before(taken, mount) and (taken.rid, mount.rid) not in seen:
                    seen.add((taken.rid, mount.rid))
                    way_out = f"make {mount.rid} standby too" if taken.group == mount.group else f"put it outside of {mount.value}"
                    text = f"{taken.value} is below {mount.value}, which {mount.rid} mounts later and so hides it"
                    yield report.warning("mounted-later", text, taken.rid, taken.key, hint=way_out)


def taken_on(config: ServiceConfig, rids: Sequence[str], node: str) -> Iterator[Taken]:
    """What resources take on a node, in their order; those disabled there take nothing."""
    view = ServiceConfig(config.document, config.world._replace(node=node), config.declarations, placeholders)
    for section in _resources(view, rids):
        for keyword in view.driver_keywords(section.rid).values():
            if keyword.claims and view.gives(section.rid, keyword):
                yield from _taken(view, section, keyword, keyword.claims)


def _taken(view: ServiceConfig, section: Section, keyword: Keyword[object], kind: Claim) -> Iterator[Taken]:
    try:
        policy, value = view.policy(section.rid), view.value(section.rid, keyword)
        # a converter that looks at the text would refuse what stands for a device
        value = view.told(section.rid, keyword).split() if isinstance(value, Deferred) else value
        if policy.disable:
            return
        is_standby, place = bool(policy.standby), "in the container: " if policy.encap else ""
        words = value if isinstance(value, (list, tuple, frozenset)) else [value]
        things = [same for same in (_normal(str(word), kind, section, view) for word in words) if same]
    except ConfigError:
        return  # found by another check
    key = view.key_of(section.rid, keyword)
    yield from (Taken(section.rid, section.group, key, kind, place + same, is_standby) for same in things)


def _normal(word: str, kind: Claim, section: Section, view: ServiceConfig) -> str:
    """The same text for the same thing; empty for what may be used twice."""
    if not word or word == "none":
        return ""
    if kind == "address":
        return _address(word, view.text(section.rid, "netns") or "")
    if kind == "mount point":
        return posixpath.normpath(word)
    options = view.text(section.rid, "mnt_opt") or ""
    is_device = word.startswith(("/dev/", "{")) or re.match(r"(PART)?(UUID|LABEL)=", word) or section.group == "disk"
    if not is_device or "bind" in options.split(","):
        return ""  # a share of a server, a directory, a name for no device: several mounts may have it
    subvolume = next((f" {option}" for option in options.split(",") if option.startswith("subvol")), "")
    return _device(word) + subvolume


def _device(word: str) -> str:
    """`/dev/mapper/vg-lv` is `/dev/vg/lv`; a hyphen in a name is doubled there."""
    path = posixpath.normpath(word) if word.startswith("/") else word
    mapped = re.fullmatch(r"/dev/mapper/((?:[^-]|--)+)-((?:[^-]|--)+)", path)
    return f"/dev/{mapped[1]}/{mapped[2]}".replace("--", "-") if mapped else path


def _address(word: str, netns: str) -> str:
    try:
        name = str(ip_address(word.partition("/")[0]))
    except ValueError:
        name = word.lower()
    return f"{name} in {netns}" if netns else name


def placeholders(rid: str, name: str) -> Sequence[str]:
    """Words for devices that are not asked: the same reference gives the same word."""
    return [f"{{{rid}.{name}[{index}]}}" for index in range(_EXPOSED)]


def _nodes(config: ServiceConfig) -> list[str]:
    """The nodes that may see different values: this one, and where scopes are used, each of the service's."""
    nodes = [config.world.node]
    if config.has_scopes:
        for key in ("nodes", "drpnodes"):
            try:
                nodes += (config.text(DEFAULT, key) or "").lower().split()
            except ConfigError:
                continue
    return list(dict.fromkeys(nodes))


def _resources(view: ServiceConfig, rids: Sequence[str]) -> Iterator[Section]:
    for rid in rids:
        try:
            yield view.resource(rid)
        except ConfigError:
            continue  # found by another check


def mounts_by_path(all_taken: Iterable[Taken]) -> dict[str, list[Taken]]:
    """The mount points among what is taken, by their path."""
    found: dict[str, list[Taken]] = {}
    for taken in all_taken:
        if taken.kind == "mount point":
            found.setdefault(taken.value, []).append(taken)
    return found


def above(taken: Taken, mounts: Mapping[str, Sequence[Taken]]) -> Iterator[Taken]:
    """The mounts that a path is below of."""
    path = taken.value if taken.kind != "address" else ""
    while "/" in path.rstrip("/"):
        path = path.rstrip("/").rpartition("/")[0]
        yield from mounts.get(path or "/", ())


def _is_before(taken: Taken, mount: Taken) -> bool:
    """Whether it is in use before the mount: inside a group, what is below another's mount point comes after it."""
    if taken.group == mount.group:
        return taken.is_standby and not mount.is_standby
    return taken.group in ("volume", "disk") and mount.group in ("fs", "share")


def _shown(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:59]}…"
