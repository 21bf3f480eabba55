"""The record: which processes the daemon of this node has, on disk for whoever comes after, and a lock that only one daemon holds."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from typing import Any

from opensvc_daemon.supervision.process import Process


class Record:
    """The files of a daemon in `run`."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._lock: int | None = None

    def take(self) -> bool:
        """Take the lock, for the life of this process; False: a daemon runs."""
        os.makedirs(self._run, exist_ok=True)  # noqa: PTH103 - see Part.begin
        descriptor = os.open(self._path("daemon.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def is_taken(self) -> bool:
        """A daemon runs, or is about to. Raises PermissionError for who may not know."""
        try:
            descriptor = os.open(self._path("daemon.lock"), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def is_noted(self) -> bool:
        """The same as far as the notes tell, which everybody may read. Raises PermissionError for who may not even do that."""
        try:
            os.stat(self._path("daemon.json"))  # noqa: PTH116
        except FileNotFoundError:
            return False
        supervisor = self.processes().get("supervisor")
        return supervisor is not None and supervisor.is_alive

    def write(self, since: float, parts: Mapping[str, Process | None], restarts: Mapping[str, int]) -> None:
        """Note what runs."""
        own = Process.of(os.getpid())
        known = {name: process._asdict() for name, process in parts.items() if process}
        self._put("daemon.json", {"version": 1, "since": since, "supervisor": own._asdict() if own else None, "parts": known})
        self._put("restarts.json", dict(restarts))

    def read(self) -> dict[str, Any]:
        """What was noted; empty where nothing was, or nothing that can be read."""
        try:
            with open(self._path("daemon.json"), encoding="utf-8") as file:  # noqa: PTH123
                found = json.load(file)
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def restarts(self) -> dict[str, int]:
        """How often each part was begun again."""
        try:
            with open(self._path("restarts.json"), encoding="utf-8") as file:  # noqa: PTH123
                found = json.load(file)
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def processes(self) -> dict[str, Process]:
        """The parts that were noted, those that have ended among them, and the supervisor."""
        found = self.read()
        noted = {**(found.get("parts") or {}), "supervisor": found.get("supervisor")}
        return {name: Process(int(one["pid"]), int(one["started"])) for name, one in noted.items() if one}

    def clear(self) -> None:
        """Nothing runs any more."""
        for name in ("daemon.json", "restarts.json"):
            try:
                os.unlink(self._path(name))  # noqa: PTH108
            except OSError:
                continue

    def _put(self, name: str, value: object) -> None:
        """A reader finds the old text or the new one; a full disk must not end the daemon."""
        path = self._path(name)
        try:
            with open(f"{path}.tmp", "w", encoding="utf-8") as file:  # noqa: PTH123
                json.dump(value, file)
            os.replace(f"{path}.tmp", path)  # noqa: PTH105
        except OSError:
            return

    def _path(self, name: str) -> str:
        return f"{self._run}/{name}"
