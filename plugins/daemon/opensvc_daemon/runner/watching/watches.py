"""Watches: what is waited for on behalf of which services, and the news of it, a few of one moment told as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from opensvc_daemon.clock import now
from opensvc_daemon.runner.loop import Loop
from opensvc_daemon.runner.watching.addresses import Addresses
from opensvc_daemon.runner.watching.groups import Group, Groups
from opensvc_daemon.runner.watching.mounts import Mounts
from opensvc_daemon.runner.watching.paths import Paths
from opensvc_daemon.runner.watching.pids import Pids
from opensvc_daemon.runner.watching.source import Source
from opensvc_daemon.runner.watching.streams import Streams

# Seconds in which what happens to one resource is told as one.
_TOGETHER: Final = 0.01
# Seconds before something that has ended is waited for anew: what ends at once each time is not worth a loop.
_PAUSE: Final = 1.0
# Seconds after which what a stream has told is told again: docker tells of the end of a container before its own lists show it.
_LATER: Final = (0.3, 1.0, 3.0)
# Seconds in which what a stream tells is told again once.
_BURST: Final = 0.1


class Key(NamedTuple):
    """What is waited for: a kind and a target of it, see `opensvc_core.api.Watch`; `lock` is the lock of a service, a path."""

    kind: str
    target: str


# What a look has found: for each rid, kinds and targets.
Found = Mapping[str, Sequence[Sequence[str]]]


class Watches:
    """What the looks have found to wait for. `tell(service, rid)` is called when it happens, for the services that are watched."""

    def __init__(self, loop: Loop, tell: Callable[[str, str], None], find_group: Callable[[str], Group]) -> None:
        self._loop, self._tell = loop, tell
        self._sources: dict[str, Source] = {
            "pid": Pids(loop, partial(self._changed, "pid")),
            "cgroup": Groups(loop, partial(self._changed, "cgroup"), find_group),
            "mount": Mounts(loop, partial(self._changed, "mount")),
            "address": Addresses(loop, partial(self._changed, "address")),
            "path": Paths(loop, partial(self._changed, "path")),
            "lock": Paths(loop, partial(self._changed, "lock"), knows_absent=False),
            "stream": Streams(loop, partial(self._changed, "stream")),
        }
        self._watched: frozenset[str] = frozenset()
        self._found: dict[str, dict[Key, set[str]]] = {}
        self._users: dict[Key, set[str]] = {}
        self._news: dict[tuple[str, str], None] = {}
        self._last_told, self._is_due = 0.0, False
        self._changes: dict[Key, float] = {}
        self._bursts: dict[Key, float] = {}
        self._paused: set[Key] = set()

    def watch(self, services: Iterable[str]) -> list[str]:
        """Wait for changes of these, and of no others; those of which no look has told yet what to wait for."""
        self._watched = frozenset(services)
        for service in set(self._found) - self._watched:
            for key in self._found.pop(service):
                self._leave(service, key)
        return [service for service in self._watched if service not in self._found]

    def take(self, service: str, found: Found, since: float) -> None:
        """Wait for what a look has found, that began at a moment; what has happened since is told at once."""
        if service not in self._watched:
            return
        before = self._found.get(service, {})
        after: dict[Key, set[str]] = {}
        for rid, watches in found.items():
            for kind, target in watches:
                after.setdefault(Key(kind, target), set()).add(rid)
        self._found[service] = after
        for key in before.keys() - after.keys():
            self._leave(service, key)
        for key in after:
            self._users.setdefault(key, set()).add(service)
            self._wait(key, since)

    def close(self) -> None:
        """Free all descriptors."""
        for source in self._sources.values():
            source.close()

    def _wait(self, key: Key, since: float) -> None:
        if key not in self._users or key.kind not in self._sources:
            return
        pause = self._changes.get(key, float("-inf")) + _PAUSE - now()
        if pause > 0 and key.kind == "stream":
            if key not in self._paused:
                self._paused.add(key)
                self._loop.after(pause, lambda: self._go_on(key, since))
        elif self._sources[key.kind].add(key.target, since):
            self._changed(key.kind, key.target)

    def _go_on(self, key: Key, since: float) -> None:
        self._paused.discard(key)
        self._wait(key, since)

    def _leave(self, service: str, key: Key) -> None:
        users = self._users[key]
        users.discard(service)
        if not users:
            del self._users[key]
            self._changes.pop(key, None)
            self._bursts.pop(key, None)
            if key.kind in self._sources:
                self._sources[key.kind].remove(key.target)

    def _changed(self, kind: str, target: str) -> None:
        key = Key(kind, target)
        moment = self._changes[key] = now()
        self._note(key)
        if kind == "stream" and moment - self._bursts.get(key, float("-inf")) >= _BURST:
            self._bursts[key] = moment
            for seconds in _LATER:
                self._loop.after(seconds, partial(self._note, key))

    def _note(self, key: Key) -> None:
        for service in self._users.get(key, ()):
            self._news |= dict.fromkeys((service, rid) for rid in self._found[service][key])
        if self._news and not self._is_due:
            self._is_due = True
            self._loop.after(max(0.0, self._last_told + _TOGETHER - now()), self._tell_news)

    def _tell_news(self) -> None:
        news, self._news = self._news, {}
        self._last_told, self._is_due = now(), False
        for service, rid in news:
            self._tell(service, rid)
