"""Facts: what this host is: its system, processors, memory, hardware, addresses and the time that it has been up."""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from opensvc_core.errors import OpensvcError
from opensvc_core.system import files, host
from opensvc_core.system.commands import query

_NAME_LIMIT: Final = 1.0
# What makers of boards write where they have nothing to say.
_EMPTY: Final = frozenset({"", "none", "not specified", "to be filled by o.e.m.", "default string", "system manufacturer"})


class Interface(NamedTuple):
    """A network device: its hardware address, and its addresses with their prefixes (`10.0.0.1/24`)."""

    mac: str
    addresses: tuple[str, ...]


class Facts(NamedTuple):
    """A host. Memory is in bytes, `up_since` in seconds since 1970-01-01 UTC, `uptime` in seconds; what is not known is empty or 0."""

    fqdn: str
    os_name: str
    os_id: str
    os_version: str
    kernel: str
    architecture: str
    maker: str
    model: str
    serial: str
    cpu: str
    cpu_count: int
    memory: int
    swap: int
    boot_id: str
    up_since: float
    uptime: float
    interfaces: Mapping[str, Interface]


def read(root: Path = Path("/")) -> Facts:
    """The facts of this host; `root` is where its `etc`, `proc` and `sys` are. The resolver is given one second for the full name."""
    release = os_release(_text(root / "etc/os-release") or _text(root / "usr/lib/os-release"))
    memory = memory_sizes(_text(root / "proc/meminfo"))
    kernel = os.uname()
    maker, model, serial = (hardware(_text(root / "sys/class/dmi/id" / name)) for name in ("sys_vendor", "product_name", "product_serial"))
    uptime = float((_text(root / "proc/uptime").split() or ["0"])[0])
    return Facts(
        fqdn=_fqdn(),
        os_name=release.get("PRETTY_NAME", ""),
        os_id=release.get("ID", ""),
        os_version=release.get("VERSION_ID", ""),
        kernel=kernel.release,
        architecture=kernel.machine,
        maker=maker,
        model=model,
        serial=serial,
        cpu=cpu_model(_text(root / "proc/cpuinfo")),
        cpu_count=os.cpu_count() or 0,
        memory=memory.get("MemTotal", 0),
        swap=memory.get("SwapTotal", 0),
        boot_id=host.boot_id(),
        up_since=time.time() - uptime,
        uptime=uptime,
        interfaces=interfaces(),
    )


def os_release(text: str) -> dict[str, str]:
    """The values of an os-release(5) file."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name.strip(): " ".join(_words(value)) for name, mark, value in pairs if mark}


def memory_sizes(text: str) -> dict[str, int]:
    """The sizes of /proc/meminfo in bytes."""
    return {name: int(kilobytes) * 1024 for name, kilobytes in re.findall(r"^(\w+): +(\d+) kB$", text, re.MULTILINE)}


def cpu_model(text: str) -> str:
    """The name of the first processor of /proc/cpuinfo; its key differs with the architecture."""
    found = re.search(r"^(?:model name|cpu model|cpu|Model|Processor)\s*:\s*(.+)$", text, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def hardware(text: str) -> str:
    """What the firmware says, or an empty text where that is a placeholder."""
    word = " ".join(text.split())
    return "" if word.lower() in _EMPTY else word


def interfaces() -> dict[str, Interface]:
    """The network devices and their addresses, without the loopback device."""
    import psutil  # noqa: PLC0415 - 30 ms, which only this costs

    found = {name: _interface(entries, psutil.AF_LINK) for name, entries in sorted(psutil.net_if_addrs().items()) if name != "lo"}
    return {name: interface for name, interface in found.items() if interface.mac or interface.addresses}


def prefix(netmask: str) -> int:
    """The length of the prefix that a netmask stands for: `255.255.255.0`, `ffff:ffff::`."""
    import socket  # noqa: PLC0415 - as psutil

    packed = socket.inet_pton(socket.AF_INET6 if ":" in netmask else socket.AF_INET, netmask)
    return int.from_bytes(packed, "big").bit_count()


def _interface(entries: list[Any], link: int) -> Interface:
    mac = next((entry.address for entry in entries if entry.family == link), "")
    # a link-local address names its device: `fe80::1%eth0`
    addresses = (
        f"{entry.address.partition('%')[0]}/{prefix(entry.netmask)}" for entry in entries if entry.family != link and entry.netmask
    )
    return Interface("" if mac == "00:00:00:00:00:00" else mac, tuple(addresses))


def _fqdn() -> str:
    """The full name as the resolver has it, or an empty text."""
    try:
        found = query(["hostname", "--fqdn"], timeout=_NAME_LIMIT)
    except OpensvcError:
        return ""
    return found.stdout.strip() if found.code == 0 else ""


def _text(path: Path) -> str:
    try:
        return files.read_text(path) or ""
    except OpensvcError:  # a serial number is root's to read
        return ""


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return [value]
