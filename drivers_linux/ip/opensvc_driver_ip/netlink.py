"""Netlink: an address put on a device and taken off. pyroute2 takes 170 ms to import, so `load` is called while one waits anyway."""

from __future__ import annotations

import errno
import os
from contextlib import nullcontext, suppress
from ipaddress import IPv4Interface, IPv6Interface
from pathlib import Path
from typing import Any

from opensvc_core.api import ActionFailed, ActionRefused
from opensvc_driver_ip.devices import Device

Interface = IPv4Interface | IPv6Interface
# rtnetlink(7): the scope of addresses that are valid on this host alone.
_SCOPE_HOST = 254


def load() -> None:
    """Import pyroute2."""
    import pyroute2  # noqa: F401, PLC0415 - 170 ms


def add(device: Device, address: Interface, label: str = "") -> None:
    """Put an address on a device; one with a label has a broadcast address too. Raises ActionFailed, ActionRefused."""
    more: dict[str, Any] = {"label": label, "broadcast": str(address.network.broadcast_address)} if label else {}
    if address.is_loopback:
        more["scope"] = _SCOPE_HOST
    code = _request("add", device, address, **more)
    if code:
        raise ActionFailed(f"{address} can't be added to {device.name}: {_reason(code, address)}")


def remove(device: Device, address: Interface, *, promotes: bool = False) -> None:
    """Take an address off a device; one that is not there, or whose device is gone, is off already. Raises ActionFailed, ActionRefused.

    `promotes`: other addresses are secondary to it, and have to stay.
    """
    with _Promotion(device) if promotes else nullcontext():
        code = _request("del", device, address)
    if code not in (0, errno.EADDRNOTAVAIL, errno.ENODEV):
        raise ActionFailed(f"{address} can't be removed from {device.name}: {_reason(code, address)}")


class _Promotion:
    """While it lasts, the kernel keeps the secondary addresses of a network whose primary one goes (promote_secondaries)."""

    def __init__(self, device: Device) -> None:
        self._file = Path("/proc/sys/net/ipv4/conf") / device.name / "promote_secondaries"
        self._before = ""

    def __enter__(self) -> None:
        try:
            self._before = self._file.read_text().strip()
            self._file.write_text("1")
        except OSError as error:
            raise ActionFailed(f"{self._file} can't be set, and without it other addresses would go as well: {error.strerror}") from error

    def __exit__(self, *_: object) -> None:
        if self._before != "1":
            with suppress(OSError):
                self._file.write_text(self._before)


def _request(command: str, device: Device, address: Interface, **more: Any) -> int:
    """What the kernel answers: 0, or the number of an error."""
    from pyroute2 import IPRoute  # noqa: PLC0415 - 170 ms
    from pyroute2.netlink.exceptions import NetlinkError  # noqa: PLC0415

    with IPRoute() as route:
        try:
            route.addr(command, index=device.number, address=str(address.ip), prefixlen=address.network.prefixlen, **more)
        except NetlinkError as error:
            code = int(error.code)
            if code == errno.EPERM:
                raise ActionRefused("only root may change addresses; nothing was changed") from error
            return code
    return 0


def _reason(code: int, address: Interface) -> str:
    if code == errno.EACCES and address.version == 6:
        return "IPv6 is disabled on it (net.ipv6.conf)"
    return os.strerror(code)
