"""Petting: keeps the watchdog quiet while that is safe, and arms it for as long as something is held."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from opensvc_daemon.beat.device import Device
from opensvc_daemon.beat.leases import Leases, holders_in_use
from opensvc_daemon.beat.setup import DeviceSetup
from opensvc_daemon.lease.watchdog import Watchdog

# Pets within one timeout, and seconds until it is looked again whether it may be petted.
PETS, AGAIN = 4, 0.1


class Petting:
    """The device that the configuration names, if it does. `say(level, text)` tells people."""

    def __init__(self, say: Callable[[str, str], None], *, made: Callable[[DeviceSetup], Device] = Device) -> None:
        self._say, self._made = say, made
        self._device: Device | None = None
        self._wanted: DeviceSetup | None = None
        self._due = -inf
        self._is_told = False

    def configure(self, setup: DeviceSetup | None) -> None:
        """Have this device from the next arming on."""
        self._wanted = setup

    def arm(self) -> None:
        """Before something is held. Raises OSError."""
        if self._device is None and self._wanted is not None:
            device = self._made(self._wanted)
            device.arm()
            self._device, self._due = device, -inf
            self._say("info", f"{self._wanted.path} ends this node when leases are not kept: armed, {self._wanted.timeout} s")

    @property
    def is_armed(self) -> bool:
        """A device counts."""
        return self._device is not None and self._device.is_armed

    def tick(self, leases: Leases, now: float) -> None:
        """Pet it where that is due and safe; let it rest when nothing is held."""
        if self._device is None:
            return
        if leases.is_idle:
            self._disarm(self._device)
        if self._device is None or now < self._due:
            return
        timeout = self._device.setup.timeout
        may_pet = Watchdog(timeout, leases.terms).may_pet(holders_in_use(leases), now)
        self._due = now + (timeout / PETS if may_pet else AGAIN)
        if may_pet:
            self._pet(self._device)
        elif not self._is_told:
            self._say("error", f"{self._device.setup.path} is not petted any more: what runs by a lease has not stopped in time")
        self._is_told = not may_pet

    def deadline(self) -> float:
        """When to tick next."""
        return inf if self._device is None else self._due

    def _pet(self, device: Device) -> None:
        try:
            device.pet()
        except OSError as error:
            self._say("error", f"{device.setup.path} can't be petted: {error}")

    def _disarm(self, device: Device) -> None:
        try:
            device.disarm()
        except OSError as error:
            self._say("error", f"{device.setup.path} can't be disarmed: {error}")
        if not device.is_armed:
            self._device = None
