"""The driver ip.host."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from shutil import which
from typing import Final

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Conflict,
    Keyword,
    Message,
    Observation,
    Operations,
    Preflight,
    Resource,
    Startable,
    Status,
    Watch,
    Watchable,
    boolean,
    word_set,
)
from opensvc_driver_ip import names, netlink, probe
from opensvc_driver_ip.devices import Address, Assigned, Device, Devices, look
from opensvc_driver_ip.wanted import Wanted, device_and_label, elsewhere, judge, netmask, node_s_own, obstacle

# Seconds, as the log tells them: the limit of what is asked before a start, and after a stop.
_START_LIMIT: Final = 5.0
_STOP_LIMIT: Final = 1.0
# The kernel's duplicate detection takes one to two seconds; on a node that is short of processors, many times as long.
_DETECTION_LIMIT: Final = 15.0
_DETECTION_INTERVAL: Final = 0.05
# Seconds for a name: while an earlier answer is known, a status doesn't wait for a better one.
_NAME_LIMIT: Final = 1.0
_QUICK_NAME_LIMIT: Final = 0.2
_UNTOLD: Final = "untold"


class _Unknown(Exception):
    """The name stands for no address, now or before."""


class Host(Resource, Startable, Preflight, Watchable):
    """An address that a device of the host has while the service is up."""

    id = "ip.host"
    # IPv6: the kernel takes a moment to see that an address needs no duplicate detection, on lo as well
    settle_seconds = 1.0
    older_sections = ("ip",)
    ipname = Keyword(
        names.host,
        required=True,
        scopable=True,
        claims="address",
        text="The address, IPv4 or IPv6, or a name of it.",
        example="web.example.com",
    )
    ipdev = Keyword(
        device_and_label, required=True, scopable=True, text="The network device, or `DEVICE:NUMBER` with a label.", example="eth0"
    )
    netmask = Keyword(
        netmask,
        scopable=True,
        text="The mask of its network, or the length of the prefix; default: that of the device's network, on `lo` the address alone.",
        example="255.255.255.0",
    )
    alias = Keyword(
        boolean,
        default=True,
        scopable=True,
        text="Whether the address has the label `DEVICE:NUMBER` where older service files (`.env`) give it one.",
    )
    check_carrier = Keyword(
        boolean, default=True, scopable=True, text="Whether a device without carrier is a warning, and no address is started on it."
    )
    tags = Keyword(
        word_set,
        default=frozenset(),
        scopable=True,
        text="`nonrouted`: an address behind routers is not pinged before a start.",
        example="nonrouted",
    )

    # what was seen last, and what the name resolves to: asked once for a status with its labels
    _devices: Devices | None = None
    _names: list[Address] | None = None

    @classmethod
    def host_problem(cls) -> str:
        """The command `ip` is missing."""
        return "" if which("ip") else "the command 'ip' is missing; install iproute2"

    # -- what is seen

    def status(self) -> Observation:
        """Up where the device has the address; warn with another mask, on another device, without carrier or with a double."""
        devices = self._look()
        try:
            wanted, messages = self._wanted(devices)
        except _Unknown as error:
            return Status.WARN.because(str(error))
        seen = judge(wanted, devices, needs_carrier=self.check_carrier, is_untold=self._is_untold())
        return Observation(seen.status, (*messages, *seen.messages), {"ipaddress": str(wanted.address)})

    def label(self) -> str:
        """`10.0.0.5/255.255.255.0 eth0 web.example.com`."""
        devices = self._devices if self._devices is not None else self._look()
        try:
            wanted, _ = self._wanted(devices)
        except _Unknown:
            return f"{self.ipdev} {self.ipname}"
        return f"{wanted.text(devices.get(wanted.device))} {self.ipname}"

    def classic_label(self) -> str:
        """`web.example.com@eth0`."""
        return f"{self.ipname}@{self.ipdev}"

    def watches(self) -> Sequence[Watch]:
        """The address, and its device."""
        devices = self._devices if self._devices is not None else self._look()
        try:
            wanted, _ = self._wanted(devices)
        except _Unknown:
            return []
        return [Watch("address", f"{wanted.address} {wanted.device}")]

    # -- what is done

    def can_look_ahead(self) -> bool:
        """As neighbours tell, where there are some to be asked."""
        device = self._look().get(self.ipdev.partition(":")[0])
        return device is not None and device.has_carrier

    def preflight(self) -> Operations:
        """See that nobody answers for the address, elsewhere or on another device of this host."""
        devices, wanted = self._found("start")
        device = self._usable(wanted, devices)
        if self._is_here(wanted, device):
            return
        others = elsewhere(wanted, devices)
        if others:
            raise Conflict(f"{wanted.address} is on {', '.join(others)} of this node")
        if device.kind == "loopback":
            return  # it is for this host alone, others may have the same
        if self.context.is_handed_over:
            return  # who had it has told that it has not any more
        limit = _START_LIMIT if self.context.patience is None else max(self.context.patience, probe.SHORTEST)
        yield Call(
            f"checking {wanted.address} availability ({limit:.3g}s)",
            partial(self._refuse_conflict, wanted.address, device),
            timeout=_START_LIMIT,
            classic_text=f"checking {wanted.address} availability",
        )

    def start(self) -> Operations:
        """Add it, let the kernel look for a double (IPv6), and tell the neighbours."""
        devices, wanted = self._found("start")
        device = self._usable(wanted, devices)
        if self._is_here(wanted, device):
            yield Already(f"{self.label()} is already up", f"{self.classic_label()} is already up")
            if self._is_untold():
                yield from self._settle_and_announce(wanted.address, device)
            return
        found = device.find(wanted.address)
        if found and self.assumed is None:
            yield self._removal(found, device)  # another host had it; the preflight found that it has not any more
        yield self._addition(wanted, device)
        yield from self._settle_and_announce(wanted.address, device)

    def stop(self) -> Operations:
        """Remove it, and see that nobody answers for it any more."""
        devices = self._look()
        try:
            wanted, _ = self._wanted(devices)
        except _Unknown as error:
            yield Already(f"{self.classic_label()} is already down: {error}")
            return
        device = devices.get(wanted.device)
        prefix = wanted.prefix_on(device)
        found = device and device.find(wanted.address)
        if device and prefix is not None and self.assumed is Status.UP:
            found = found or Assigned(wanted.address, prefix, self._label(wanted.address, device))
        if device is None or found is None or self.assumed is Status.DOWN:
            self._refuse_left_elsewhere(wanted, devices)
            yield Already(f"{self.label()} is already down", f"{self.classic_label()} is already down")
            return
        self._refuse_node_s_own(wanted, device)
        yield self._removal(found, device)
        # one that is handed over is about to be answered by the node that it goes to
        if device.has_neighbours and device.has_carrier and not self.context.is_handed_over:
            yield Call(
                f"checking {wanted.address} availability ({_STOP_LIMIT:g}s)",
                partial(self._warn_of_others, wanted.address, device),
                classic_text=f"checking {wanted.address} availability",
            )

    def _settle_and_announce(self, address: Address, device: Device) -> Operations:
        if not device.has_neighbours:
            return
        if address.version == 6:
            limit = f"{_DETECTION_LIMIT:g}s"
            yield Call(
                f"wait for the duplicate address detection of {address} on {device.name} ({limit})", partial(self._settled, address, device)
            )
            yield Call(
                f"send unsolicited neighbour advertisement to announce {address} is at {device.name}",
                partial(self._announce, address, device),
            )
            return
        yield Call(
            f"send gratuitous arp to announce {address} is at {device.name}",
            partial(self._announce, address, device),
            classic_text=f"arping -U -c 1 -I {device.name} -s {address} 0.0.0.0",
            classic_output=f"ARPING 0.0.0.0 from {address} {device.name}\nSent 1 probes (1 broadcast(s))\nReceived 0 response(s)",
        )

    def _addition(self, wanted: Wanted, device: Device) -> Call:
        prefix = wanted.prefix_on(device)
        assert prefix is not None  # an obstacle otherwise
        label = self._label(wanted.address, device)
        interface = wanted.interface(prefix)
        added = Assigned(wanted.address, prefix, label)
        # who could not ask anybody leaves it to the kernel to find a double
        nodad = " nodad" if self._is_hurried and wanted.address.version == 6 and device.has_carrier else ""

        def do() -> None:
            names.keep(self.context.var_dir, wanted.address, self.ipname)
            self._note_untold(is_untold=device.has_neighbours)
            netlink.add(device, interface, label, is_unique=bool(nodad))

        return Call(
            f"/sbin/ip addr add {interface}{f' brd + dev {device.name} label {label}' if label else f' dev {device.name}'}{nodad}",
            do,
            undo=self._removal(added, device),
            classic_text=f"ifconfig {label} {interface.ip} netmask {interface.netmask} up" if label else "",
        )

    def _removal(self, found: Assigned, device: Device) -> Call:
        interface = Wanted(found.address, device.name).interface(found.prefix)

        def do() -> None:
            now = self._look().get(device.name)
            there = now and now.find(found.address)
            if now and there:
                netlink.remove(now, Wanted(found.address, now.name).interface(there.prefix), promotes=bool(now.lost_with(there)))
            self._note_untold(is_untold=False)

        classic = f"ifconfig {found.label} down" if ":" in found.label else ""
        return Call(f"/sbin/ip addr del {interface} dev {device.name}", do, classic_text=classic)

    # -- what the operations do

    def _refuse_conflict(self, address: Address, device: Device) -> None:
        pings = not device.reaches(address) and "nonrouted" not in self.tags
        if not device.has_carrier:
            self.context.log.warning(f"{device.name} has no carrier: nobody could be asked for {address}")
            return
        pace = (probe.DISTANT if pings else probe.THOROUGH).within(self.context.patience)
        who = probe.who_has(device, address, pace, pings=pings)
        if who:
            raise Conflict(f"{address} is in use: answered by {who}")

    def _warn_of_others(self, address: Address, device: Device) -> None:
        who = probe.who_has(device, address, probe.BRIEF, pings=False)
        if who:
            self.context.log.warning(f"{address} is removed here, and still answered by {who}")

    def _settled(self, address: Address, device: Device) -> None:
        end = time.monotonic() + _DETECTION_LIMIT
        while True:
            now = self._look().get(device.name)
            found = now and now.find(address)
            if now is None or found is None:
                raise ActionFailed(f"{address} has vanished from {device.name}")
            if found.is_failed:
                netlink.remove(now, Wanted(address, now.name).interface(found.prefix))
                raise ActionFailed(f"another host on {now.name} has {address} (duplicate address detection failed); it is removed again")
            if not found.is_tentative:
                return
            if time.monotonic() >= end:
                raise ActionFailed(f"the duplicate address detection of {address} on {now.name} has not ended after {_DETECTION_LIMIT:g}s")
            time.sleep(_DETECTION_INTERVAL)

    def _announce(self, address: Address, device: Device) -> None:
        if device.has_carrier:
            probe.announce(device, address)
        else:
            self.context.log.warning(f"{device.name} has no carrier: nobody could be told that it has {address}")
        self._note_untold(is_untold=False)

    # -- small words

    @property
    def _is_hurried(self) -> bool:
        """The service is waited for: what the daemons know, or its preflight, takes the place of the kernel's detection."""
        return self.context.is_handed_over or self.context.patience is not None

    def _look(self) -> Devices:
        found = look(self.context.system)
        if isinstance(found, str):
            raise ActionFailed(f"{self.rid}: {found}")
        self._devices = found
        return found

    def _found(self, action: str) -> tuple[Devices, Wanted]:
        devices = self._look()
        try:
            wanted, messages = self._wanted(devices)
        except _Unknown as error:
            raise ActionFailed(f"{self.rid}.ipname: {error}") from error
        for message in messages if self.context.action == action else ():
            self.context.log.warning(message.text)
        return devices, wanted

    def _usable(self, wanted: Wanted, devices: Devices) -> Device:
        device = devices.get(wanted.device)
        problem = obstacle(wanted, device, needs_carrier=self.check_carrier)
        if device is None or (problem and not self._is_here(wanted, device)):
            raise ActionFailed(f"{self.rid}: {problem}")
        self._refuse_node_s_own(wanted, device)
        return device

    def _refuse_left_elsewhere(self, wanted: Wanted, devices: Devices) -> None:
        """Raise ActionFailed where this service has started it, and it is on a device of another name by now."""
        others = elsewhere(wanted, devices) if self.assumed is None else []
        if others and names.kept(self.context.var_dir) == wanted.address:
            raise ActionFailed(
                f"{self.rid}: {wanted.address} is on {', '.join(others)}, not on {wanted.device}; correct ipdev, or remove it there"
            )

    def _refuse_node_s_own(self, wanted: Wanted, device: Device) -> None:
        """Raise ActionFailed for an address of the node itself, that the service has not started: a stop would cut the node off."""
        if self.assumed is not None or not device.find(wanted.address) or names.kept(self.context.var_dir) == wanted.address:
            return
        why = node_s_own(wanted, device, names.resolve(self.context.node, _NAME_LIMIT))
        if why:
            raise ActionFailed(
                f"{self.rid}: {wanted.address} on {device.name} is the node's own ({why}); it stays: give the service an address of its own"
            )

    def _is_here(self, wanted: Wanted, device: Device) -> bool:
        """Whether the device has the address; in a plan, whether the steps before will have made it so."""
        found = device.find(wanted.address)
        return self.assumed is Status.UP if self.assumed else found is not None and not found.is_failed

    def _wanted(self, devices: Devices) -> tuple[Wanted, tuple[Message, ...]]:
        """What is wanted, and what is to be said of its name. Raises _Unknown."""
        device = self.ipdev.partition(":")[0]
        prefix = None if self.netmask is None else int(self.netmask)
        address = names.literal(self.ipname)
        if address is not None:
            return Wanted(address, device, prefix), ()
        kept, answers = names.kept(self.context.var_dir), self._answers()
        if not answers:
            kept = names.kept_for(self.context.var_dir, self.ipname)
            if kept is None:
                raise _Unknown(f"{self.ipname} does not resolve, and no address of it is known; add it to the DNS or to /etc/hosts")
            return Wanted(kept, device, prefix), (Message("warn", f"{self.ipname} does not resolve; its last address {kept} is used"),)
        on_device = devices.get(device)
        if kept and kept not in answers and on_device and on_device.find(kept) and self.assumed is not Status.DOWN:
            text = f"{self.ipname} is {answers[0]} now; {kept} stays here until a restart"
            return Wanted(kept, device, prefix), (Message("warn", text),)
        return Wanted(kept if kept in answers else answers[0], device, prefix), ()

    def _answers(self) -> list[Address]:
        """What the name resolves to, asked once."""
        if self._names is None:
            is_quick = not self.context.action and names.kept_for(self.context.var_dir, self.ipname) is not None
            self._names = names.resolve(self.ipname, _QUICK_NAME_LIMIT if is_quick else _NAME_LIMIT)
        return self._names

    def _label(self, address: Address, device: Device) -> str:
        """The label that the address gets, or an empty text. IPv6 has none."""
        if address.version == 6 or not self.alias:
            return ""
        if ":" in self.ipdev:
            return self.ipdev
        label = device.free_label(address) if self.context.service.is_older else ""
        return label if len(label) <= 15 else ""

    def _is_untold(self) -> bool:
        return (self.context.var_dir / _UNTOLD).exists()

    def _note_untold(self, *, is_untold: bool) -> None:
        """Remember that the address is here before the neighbours know. A disk that is full or read-only must not hold up a start."""
        with suppress(OSError):
            if is_untold:
                self.context.var_dir.mkdir(parents=True, exist_ok=True)
                (self.context.var_dir / _UNTOLD).touch()
            else:
                (self.context.var_dir / _UNTOLD).unlink(missing_ok=True)
