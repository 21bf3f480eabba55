"""What both drivers have: to whom, when, how fresh, and one rsync for each target."""

from __future__ import annotations

import shlex
import time
from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Final

from opensvc_core.api import (
    ActionFailed,
    Command,
    CommandResult,
    Keyword,
    Observation,
    Operation,
    Operations,
    RemoteShell,
    Resource,
    Status,
    Syncable,
    Together,
    duration_minutes,
    schedule_text,
)
from opensvc_driver_sync_rsync import moments
from opensvc_driver_sync_rsync.freshness import View, observe

_DAY: Final = 86400.0
_HOUR: Final = 3600.0
ANY_CODE: Final = range(-64, 256)
# By itself rsync takes files of one size and one second for the same: a change in the second of a copy would never be sent.
EXACT_TIMES: Final = "--modify-window=-1"
# rsync(1), EXIT VALUES
_REASONS: Final = {
    11: "a file can't be written there, or read here; its disk may be full",
    12: "rsync ended early there; is it installed?",
    24: "files vanished while they were copied; the next copy completes it",
    30: "it does not answer any more",
    127: "rsync is not installed there",
}
# rsync gives a peer up that has said nothing for so many seconds.
_SILENCE: Final = 60


class Replica(Resource, Syncable):
    """Files that are copied to other nodes of the service."""

    schedule = Keyword(
        schedule_text,
        default="",
        scopable=True,
        inherit="sync_schedule",
        text="When it is copied by itself, and how long the pause between two copies is at least.",
        example="02:00-04:00@121",
    )
    sync_max_delay = Keyword(
        duration_minutes,
        default=_DAY + 3 * _HOUR,
        scopable=True,
        text="How old a copy may be; a bare number counts minutes.",
        example="1d3h",
    )

    @property
    def shell(self) -> RemoteShell:
        """The way to the other nodes."""
        return self.context.service.peer_shell

    @abstractmethod
    def receivers(self) -> Sequence[str]:
        """The nodes that have a copy, this one among them where it does."""

    @abstractmethod
    def sources(self) -> Sequence[str]:
        """What is copied, as rsync is told it. Raises ActionFailed where something is not there."""

    @abstractmethod
    def rsync(self, sources: Sequence[str], node: str) -> Command:
        """The copy to one node."""

    def label(self) -> str:
        """What is copied where."""
        raise NotImplementedError

    def last_syncs(self) -> Mapping[str, float]:
        return moments.read(self.context.var_dir / "last_sync")

    def note_syncs(self, moments_: Mapping[str, float]) -> None:
        moments.note(self.context.var_dir / "last_sync", moments_)

    def last_run(self) -> float | None:
        """The oldest copy that counts."""
        known, targets = self.last_syncs(), self._targets()
        return min(known[node] for node in targets) if targets and all(node in known for node in targets) else None

    def status(self) -> Status | Observation:
        """Whether the copies are fresh: those of the targets where the service is up or was up last, else that of this node."""
        service, targets = self.context.service, self._targets()
        waits_for_members = self.carries_configuration and not service.is_older
        outside = frozenset(targets) - frozenset(service.cluster_nodes) if waits_for_members else frozenset()
        return observe(
            View(
                node=self.context.node,
                targets=targets,
                is_target=self.context.node in self.receivers(),
                standing=self.standing,
                moments=self.last_syncs(),
                now=time.time(),
                max_delay=self.sync_max_delay,
                outside=outside,
                waits=not service.is_older,
            )
        )

    def takers(self, targets: Sequence[str]) -> Sequence[str]:
        """Those of some nodes that are to have a copy from this one."""
        receivers = self.receivers()
        return [node for node in targets if node in receivers]

    def sync(self, targets: Sequence[str]) -> Operations:
        """Copy to each node at the same time; what one fails at is told when all have ended."""
        nodes = self.takers(targets)
        if not nodes:
            return
        sources, began, failed = self.sources(), time.time(), dict[str, str]()
        if looks := self.looks(nodes):
            failed |= _told(nodes, (yield Together(looks)), self.refusal)
        ready = [node for node in nodes if node not in failed]
        if ready:
            still = yield from self.still(sources)
            failed |= _told(ready, (yield Together([self.rsync(still, node) for node in ready])), self.problem)
        self.sent = {node: began for node in nodes if node not in failed}
        if failed:
            raise ActionFailed("; ".join(failed.values()))

    def still(self, sources: Sequence[str]) -> Generator[Operation, Any, Sequence[str]]:
        """Where the sources are to be read; what is made for that has undos, which follow the copies."""
        yield from ()
        return sources

    def looks(self, _nodes: Sequence[str]) -> list[Command]:
        """What has to succeed on each node before anything is sent to it; none where nothing has."""
        return []

    def refusal(self, node: str, code: int, said: str) -> str:
        """Why nothing is sent to a node, from what such a look came to."""
        return self.problem(node, code, said)

    def command(self, options: Sequence[str], sources: Sequence[str], node: str, *, first: str = "", timeout: float) -> Command:
        """An rsync to a node. `first` is a shell command that has to succeed there before anything is sent."""
        service = shlex.join([*self.shell.by, "rsync"])
        remote = [f"--rsync-path={f'{first} && {service}' if first else service}"] if first or self.shell.by else []
        argv = ["rsync", *options, f"--timeout={_SILENCE}", "-e", shlex.join(self.shell.argv), *remote, "--", *sources]
        return Command([*argv, f"{node}:{self.destination}"], succeeds=ANY_CODE, timeout=timeout, is_quiet=True)

    @property
    @abstractmethod
    def destination(self) -> str:
        """The path there."""

    def _targets(self) -> list[str]:
        return [node for node in self.receivers() if node != self.context.node]

    def problem(self, node: str, code: int, said: str) -> str:
        """What went wrong with a node. What the other side says may come too late to be read; its exit code does not."""
        return self.shell.reason(node, said.strip()) or f"{node}: {_REASONS.get(code, f'rsync: exit code {code}')}"

    @classmethod
    def host_problem(cls) -> str:
        """rsync and ssh have to be there."""
        from shutil import which  # noqa: PLC0415 - 3 ms that a status is spared

        missing = [name for name in ("rsync", "ssh") if which(name) is None]
        return f"{' and '.join(missing)} not found; install rsync and the ssh client" if missing else ""


def _told(nodes: Sequence[str], outcomes: Sequence[CommandResult | ActionFailed], why: Callable[[str, int, str], str]) -> dict[str, str]:
    """What went wrong, by node."""
    found: dict[str, str] = {}
    for node, one in zip(nodes, outcomes, strict=True):
        if isinstance(one, ActionFailed):
            found[node] = str(one) if node in str(one) else f"{node}: {one}"
        elif one.code:
            found[node] = why(node, one.code, f"{one.stderr}\n{one.stdout}")
    return found
