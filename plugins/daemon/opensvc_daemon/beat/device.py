"""The watchdog device of a node, see Documentation/watchdog/watchdog-api.rst of the kernel.

Once opened it ends the node unless it is petted; only the letter `V` written before it is closed disarms it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from opensvc_daemon.beat.setup import DeviceSetup

# _IOWR('W', 6, int), linux/watchdog.h
_SETTIMEOUT: Final = 0xC0045706
_DISARM, _PET = b"V", b"\0"


def set_timeout(descriptor: int, seconds: int) -> int:
    """Ask a device for a timeout; returns the one that it has now. Raises OSError."""
    from fcntl import ioctl  # noqa: PLC0415 - only who has a device needs it

    return int(struct.unpack("i", ioctl(descriptor, _SETTIMEOUT, struct.pack("i", seconds)))[0])


class Device:
    """One device: armed while something is held."""

    def __init__(self, setup: DeviceSetup, *, ask: Callable[[int, int], int] = set_timeout) -> None:
        self.setup, self._ask = setup, ask
        self._descriptor: int | None = None

    @property
    def is_armed(self) -> bool:
        """It ends the node when it is not petted."""
        return self._descriptor is not None

    def arm(self) -> None:
        """Open it, which starts its clock. Raises OSError where it can't be opened, or waits longer than it should."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self.setup.path, os.O_WRONLY | os.O_CLOEXEC)
        self._descriptor = descriptor
        try:
            real = self._ask(descriptor, self.setup.timeout)
            if real > self.setup.timeout:
                raise OSError(f"{self.setup.path} waits {real} s at least, not {self.setup.timeout} s")
        except OSError:
            self.disarm()
            raise

    def pet(self) -> None:
        """Let it wait anew. Raises OSError."""
        if self._descriptor is not None:
            os.write(self._descriptor, _PET)

    def disarm(self) -> None:
        """Stop its clock, where the kernel allows that; a device that can't be stopped stays open, to be petted on."""
        if self._descriptor is None or _is_unstoppable(self._descriptor):
            return
        try:
            os.write(self._descriptor, _DISARM)
        finally:
            os.close(self._descriptor)
            self._descriptor = None


def _is_unstoppable(descriptor: int) -> bool:
    """Whether its driver was loaded so that closing it ends the node all the same (`nowayout`)."""
    number = os.fstat(descriptor).st_rdev
    try:
        return Path(f"/sys/dev/char/{os.major(number)}:{os.minor(number)}/nowayout").read_text(encoding="ascii").strip() == "1"
    except OSError:
        return False
