"""Petting: keeps the watchdog quiet while that is safe, and arms it for as long as something is held."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from opensvc_core.api import WatchdogTimer
from opensvc_daemon.beat.leases import Leases, holders_in_use
from opensvc_daemon.lease.watchdog import Watchdog

# Pets within one timeout, and seconds until it is looked again whether it may be petted.
PETS, AGAIN = 4, 0.1


class Petting:
    """The watchdog that the configuration names, if it does. `say(level, text)` tells people."""

    def __init__(self, say: Callable[[str, str], None]) -> None:
        self._say = say
        self._armed: WatchdogTimer | None = None
        self._wanted: WatchdogTimer | Exception | None = None
        self._due = -inf
        self._is_told = False

    def configure(self, wanted: WatchdogTimer | Exception | None) -> None:
        """Have this one from the next arming on; an exception says why the one of the configuration can't be used."""
        self._wanted = wanted

    def arm(self) -> None:
        """Before something is held. Raises OSError."""
        timer = self._armed or self._wanted
        if timer is None:
            return
        if isinstance(timer, Exception):
            raise OSError(str(timer)) from timer
        try:
            timer.arm()
        finally:
            self._keep(timer)

    def _keep(self, timer: WatchdogTimer) -> None:
        """What counts has to be petted, also where it is of no use."""
        if timer.is_armed and self._armed is None:
            self._armed, self._due = timer, -inf
            self._say("info", f"{timer.detail} ends this node when leases are not kept: armed, {timer.timeout:g} s")

    @property
    def is_armed(self) -> bool:
        """One counts."""
        return self._armed is not None and self._armed.is_armed

    def tick(self, leases: Leases, now: float) -> None:
        """Pet it where that is due and safe; let it rest when nothing is held."""
        if self._armed is None:
            return
        if leases.is_idle:
            self._disarm(self._armed)
        if self._armed is None or now < self._due:
            return
        timeout = self._armed.timeout
        may_pet = Watchdog(timeout, leases.terms).may_pet(holders_in_use(leases), now)
        self._due = now + (timeout / PETS if may_pet else AGAIN)
        if may_pet:
            self._pet(self._armed)
        elif not self._is_told:
            self._say("error", f"{self._armed.detail} is not petted any more: what runs by a lease has not stopped in time")
        self._is_told = not may_pet

    def deadline(self) -> float:
        """When to tick next."""
        return inf if self._armed is None else self._due

    def _pet(self, timer: WatchdogTimer) -> None:
        try:
            timer.pet()
        except OSError as error:
            self._say("error", f"{timer.detail} can't be petted: {error}")

    def _disarm(self, timer: WatchdogTimer) -> None:
        try:
            timer.disarm()
        except OSError as error:
            self._say("error", f"{timer.detail} can't be disarmed: {error}")
        if not timer.is_armed:
            self._armed = None
