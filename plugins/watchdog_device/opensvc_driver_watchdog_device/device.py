"""The watchdog device of a node, see Documentation/watchdog/watchdog-api.rst of the kernel.

Once opened it ends the node unless it is petted; only the letter `V` written before it is closed disarms it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from opensvc_core.api import Keyword, WatchdogPlace, WatchdogTimer, text

# _IOWR('W', 6, int), linux/watchdog.h
_SETTIMEOUT: Final = 0xC0045706
_DISARM, _PET = b"V", b"\0"


def set_timeout(descriptor: int, seconds: int) -> int:
    """Ask a device for a timeout; returns the one that it has now. Raises OSError."""
    from fcntl import ioctl  # noqa: PLC0415 - only who has a device needs it

    return int(struct.unpack("i", ioctl(descriptor, _SETTIMEOUT, struct.pack("i", seconds)))[0])


class Device(WatchdogTimer):
    """A watchdog device of the kernel: hardware of the machine, or the module softdog."""

    id = "watchdog.device"
    older_sections = ("watchdog",)
    dev = Keyword(text, default="/dev/watchdog", scopable=True, inherit="", text="The device.", example="/dev/watchdog0")

    def __init__(self, place: WatchdogPlace, values: Mapping[str, Any], *, ask: Callable[[int, int], int] = set_timeout) -> None:
        super().__init__(place, values)
        self._ask = ask
        self._descriptor: int | None = None
        self._refusal = ""

    @property
    def detail(self) -> str:
        """The path of its device."""
        return self.dev

    def problem(self) -> str:
        """Whether there is such a device."""
        if not Path(self.dev).exists():
            return f"there is no device {self.dev} on this node: it comes with the module of the hardware, or of 'modprobe softdog'"
        return "" if Path(self.dev).is_char_device() else f"{self.dev} is no watchdog: a character device is wanted, as /dev/watchdog0"

    @property
    def is_armed(self) -> bool:
        """The device is open."""
        return self._descriptor is not None

    def arm(self) -> None:
        """Open it, which starts its clock."""
        if self._descriptor is None:
            self._descriptor = os.open(self.dev, os.O_WRONLY | os.O_CLOEXEC)
            self._refusal = self._set_timeout(self._descriptor)
        if self._refusal:
            self.disarm()
            raise OSError(self._refusal)

    def _set_timeout(self, descriptor: int) -> str:
        """Why it does not have the timeout. Once only: to be asked pets it."""
        wanted = int(self.timeout)
        try:
            real = self._ask(descriptor, wanted)
        except OSError as error:
            return str(error)
        return f"{self.dev} waits {real} s at least, not {wanted} s" if real > wanted else ""

    def pet(self) -> None:
        """Let it wait anew."""
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
