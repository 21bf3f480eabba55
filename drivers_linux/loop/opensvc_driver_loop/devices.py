"""Loop devices, as the kernel shows them in /sys and by their ioctls (loop(4), linux/loop.h). To look takes no process."""

from __future__ import annotations

import errno
import os
import struct
import time
from collections.abc import Container, Iterator
from contextlib import suppress
from fcntl import ioctl
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from opensvc_core.api import ActionFailed

_BLOCK: Final = Path("/sys/block")
_DELETED: Final = " (deleted)"
_CLR_FD: Final = 0x4C01
_SET_STATUS64: Final = 0x4C04
_GET_STATUS64: Final = 0x4C05
# struct loop_info64: device, inode, rdevice, offset, sizelimit; number, two of encryption, flags; the rest is names and keys
_INFO: Final = struct.Struct("=5Q4I176s")
_FLAGS: Final = 8
_AUTOCLEAR: Final = 4
# Seconds: whoever probes a device (udev does) has it open for a moment, which is longer on a busy machine.
_PATIENCE: Final = 10.0


class _Identity(NamedTuple):
    """What tells a file from all others: the device of its file system, and its inode."""

    device: int
    inode: int


class LoopDevice(NamedTuple):
    """A device with a file attached; `is_part`: only a part of the file; `clears_itself`: it goes when its last user closes it."""

    path: str
    file: str
    is_deleted: bool
    is_part: bool
    is_readonly: bool
    clears_itself: bool

    @property
    def is_plain(self) -> bool:
        """It is the whole of a file that is still there."""
        return not self.is_deleted and not self.is_part


def attached(file: str) -> list[LoopDevice]:
    """The devices that have a file attached, or had it when it was deleted.

    The path that the kernel tells is that of the namespace in which the device was made: where we may ask, the file's
    own identity decides. Only devices on a file of that name are asked, because one on a dead network file system hangs.
    """
    real = Path(os.path.realpath(file))
    identity = _identity(real)
    return [found for found in (_as_seen(device, real, identity) for device in _namesakes(real.name)) if found]


def next_free(*, taken: Container[str], freed: Container[str]) -> str:
    """The device that `losetup --find` will take: the first that nothing is attached to."""
    paths = (f"/dev/loop{number}" for number in count())
    return next(path for path in paths if path not in taken and (path in freed or not _is_bound(path)))


def detach(device: str) -> None:
    """Detach what a device has attached. Raises ActionFailed where somebody uses it.

    `losetup -d` of a device in use says that it is done, and leaves it to whoever closes it last; this does it now or not at all.
    """
    handle = _own(device)
    try:
        ioctl(handle, _CLR_FD)
    except OSError as error:
        if error.errno != errno.ENXIO:  # nothing is attached: somebody was faster
            raise
    finally:
        os.close(handle)
    end = time.monotonic() + _PATIENCE
    while _is_bound(device):
        if time.monotonic() >= end:
            _keep(device)
            raise ActionFailed(_in_use(device))
        time.sleep(0.02)


def _own(device: str) -> int:
    """A descriptor of a device that nobody else has for himself. Raises ActionFailed where somebody has.

    Exclusive as a mount is: where one has it, in whatever namespace, this fails; while we have it, nobody mounts it. Namespaces
    that are being made or that end have it for a moment longer than who has unmounted it.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return os.open(device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            if time.monotonic() >= end:
                raise ActionFailed(_in_use(device)) from error
        time.sleep(0.02)


def _is_bound(device: str) -> bool:
    return (_BLOCK / Path(device).name / "loop").is_dir()


def _in_use(device: str) -> str:
    from opensvc_driver_loop.users import users_of  # noqa: PLC0415 - no status needs to know who

    return f"{device} is in use and stays attached: {users_of(device)}"


def _keep(device: str) -> None:
    """Take back the request to clear it that waits for its last user."""
    handle = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    try:
        known = list(_INFO.unpack(ioctl(handle, _GET_STATUS64, bytes(_INFO.size))))
        known[_FLAGS] &= ~_AUTOCLEAR
        ioctl(handle, _SET_STATUS64, _INFO.pack(*known))
    finally:
        os.close(handle)


def _namesakes(name: str) -> Iterator[LoopDevice]:
    """The devices with a file of this name, in the order of their numbers."""
    numbers = sorted(int(entry[4:]) for entry in os.listdir(_BLOCK) if entry.startswith("loop") and entry[4:].isdigit())  # noqa: PTH208 - hot in a status
    for number in numbers:
        with suppress(OSError):  # nothing is attached, or no longer
            file = _read(number, "loop/backing_file")
            if file.removesuffix(_DELETED).rpartition("/")[2] == name:
                yield _device(number, file)


def _device(number: int, file: str) -> LoopDevice:
    return LoopDevice(
        path=f"/dev/loop{number}",
        file=file.removesuffix(_DELETED),
        is_deleted=file.endswith(_DELETED),
        is_part=(_read(number, "loop/offset"), _read(number, "loop/sizelimit")) != ("0", "0"),
        is_readonly=_read(number, "ro") == "1",
        clears_itself=_read(number, "loop/autoclear") == "1",
    )


def _read(number: int, attribute: str) -> str:
    """An attribute of a device. A status reads many of them: no Path is made for each."""
    handle = os.open(f"/sys/block/loop{number}/{attribute}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.fsdecode(os.read(handle, 4096)).removesuffix("\n")
    finally:
        os.close(handle)


def _as_seen(device: LoopDevice, file: Path, identity: _Identity | None) -> LoopDevice | None:
    """The device as it is to the file; None where it has another one."""
    behind = _behind(device.path)
    if behind and behind == identity:
        return device._replace(is_deleted=False)
    if device.file != str(file):
        return None
    if behind is None:
        return device
    # the same path, another file: what was deleted here, or what another namespace has there
    folder = _identity(file.parent)
    return device if device.is_deleted and folder and folder.device == behind.device else None


def _identity(path: Path) -> _Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _Identity(found.st_dev, found.st_ino)


def _behind(device: str) -> _Identity | None:
    """The file behind a device; None where we may not ask."""
    with suppress(OSError):
        handle = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _Identity(*_INFO.unpack(ioctl(handle, _GET_STATUS64, bytes(_INFO.size)))[:2])
        finally:
            os.close(handle)
    return None
