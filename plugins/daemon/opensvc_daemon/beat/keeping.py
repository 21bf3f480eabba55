"""What outlives the beat process: in `var` the list of voters, for good; in `run` the leases that are held, until the node boots."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from opensvc_daemon import clock
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.messages import Epoch
from opensvc_daemon.lease.terms import LeaseTerms


class Kept(NamedTuple):
    """A lease: the number of the last request, which must never be used again, and until when it is valid at least; None: not."""

    number: int
    until: float | None


class Holdings(NamedTuple):
    """All leases of a node, in one life of who holds them, with the terms that they were asked for by."""

    owner: int
    terms: LeaseTerms
    leases: Mapping[str, Kept]


class LeaseFile:
    """`<run>/leases.json`. What an earlier boot left counts for nothing."""

    def __init__(self, run: Path, boot: str) -> None:
        self._path, self._boot = run / "leases.json", boot

    def write(self, holdings: Holdings) -> None:
        """Raises OSError."""
        leases = {path: list(kept) for path, kept in holdings.leases.items()}
        value = {"boot": self._boot, "owner": holdings.owner, "terms": list(holdings.terms), "leases": leases}
        _write(self._path, value, is_durable=False)

    def read(self) -> Holdings | None:
        """None: there are none of this boot."""
        value = _read(self._path)
        try:
            if value["boot"] != self._boot:
                return None
            leases = {str(path): Kept(int(number), until) for path, (number, until) in value["leases"].items()}
            return Holdings(int(value["owner"]), LeaseTerms(*value["terms"]), leases)
        except (KeyError, TypeError, ValueError):
            return None


class VotersFile:
    """`<var>/node/voters.json`: the list of one cluster, which its id tells from others that this node was part of."""

    def __init__(self, var: Path) -> None:
        self._path = var / "node" / "voters.json"

    def write(self, cluster: str, membership: Membership) -> None:
        """Returns when it is on the disk. Raises OSError."""
        lists = [[voters.lease, [list(one) for one in voters.members]] for voters in membership.lists]
        _write(self._path, {"cluster": cluster, "epoch": list(membership.epoch), "lists": lists}, is_durable=True)

    def read(self, cluster: str) -> Membership | None:
        """None: nothing was stored of this cluster. Raises ValueError: something that can't be understood is there."""
        value = _read(self._path)
        if value is None and not self._path.exists():
            return None
        try:
            if value["cluster"] != cluster:
                return None
            number, digest = value["epoch"]
            lists = [Voters(tuple(Member(*one) for one in members), lease) for lease, members in value["lists"]]
            return Membership(Epoch(int(number), str(digest)), *lists)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self._path} is damaged: this node grants no leases; delete it, it is made anew") from error


def boot_id() -> str:
    """A text that changes with each boot of the kernel, see proc(5)."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def holds(run: Path, service: str) -> bool:
    """Whether this node may start a service on the strength of its lease at this moment, and stop it before the lease ends."""
    found = LeaseFile(run, boot_id()).read()
    until = found.leases[service].until if found and service in found.leases else None
    return found is not None and until is not None and clock.now() < until - found.terms.stop_limit


def _write(path: Path, value: Any, *, is_durable: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        data = json.dumps(value).encode()
        if os.write(descriptor, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(draft))
        if is_durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    if is_durable:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
