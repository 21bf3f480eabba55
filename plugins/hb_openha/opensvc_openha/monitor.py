"""conf/monitor: its lines, checked one by one and all together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Final

from opensvc_core.errors import ConfigError
from opensvc_openha.layouts import LAYOUTS, Entry, Record, Unwritable
from opensvc_openha.links import Kind, Link, Sealing, framing
from opensvc_openha.states import INITIAL

# The C implementation multiplies offsets by 512 in 32 bits.
_LAST_OFFSET: Final = 4194303
_TIMEOUTS: Final = range(2, 121)
_USAGE: Final = {
    Kind.NET: "NODE net INTERFACE GROUP PORT TIMEOUT",
    Kind.UNICAST: "NODE unicast INTERFACE ADDRESS PORT TIMEOUT",
    Kind.DIO: "NODE dio DEVICE OFFSET TIMEOUT",
    Kind.DISK: "NODE disk DEVICE OFFSET TIMEOUT",
}


@dataclass(frozen=True)
class Monitor:
    """The links that can be used, in the order of the file, and what is wrong with the file."""

    links: tuple[Link, ...]
    problems: tuple[ConfigError, ...]

    def sent_by(self, node: str) -> tuple[Link, ...]:
        """What a node sends by."""
        return tuple(link for link in self.links if link.node == node)

    def heard_by(self, node: str) -> tuple[Link, ...]:
        """What a node listens to."""
        return tuple(link for link in self.links if link.node != node)

    def room_problem(self, node: str, services: Sequence[str]) -> str:
        """Why a node can't tell of all its services on one of its links, which would then be silent; empty: it can."""
        record = Record(node, tuple(Entry(service, INITIAL) for service in services))
        for link in self.sent_by(node):
            frames = framing(link, self.links)
            try:
                if frames:
                    frames.layout.encode(record)
            except Unwritable as error:
                way = "; offsets 19 blocks apart have room for the largest records" if link.kind.is_disk else ""
                return f"{link.where}: {error}{way}"
        return ""


def parse(text: str, path: str = "") -> Monitor:
    """Read conf/monitor. Empty lines and comments are passed over; a line that is wrong is left out and told of."""
    links: list[Link] = []
    problems: list[ConfigError] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            links.append(_link(words, path, number))
        except ValueError as error:
            problems.append(ConfigError(str(error), path=path, line=number))
    together = list(_together(tuple(links), path))
    wrong = {problem.line for problem in together}
    return Monitor(tuple(link for link in links if link.line not in wrong), (*problems, *together))


def canonical(link: Link) -> str:
    """A line as the commands write it, with tabs."""
    place = (str(link.place),) if link.kind.is_disk else (link.address, str(link.place))
    return "\t".join((link.node, link.kind.value, link.device, *place, str(link.timeout)))


def _link(words: Sequence[str], path: str, number: int) -> Link:
    kinds = {kind.value: kind for kind in Kind}
    if len(words) < 2 or words[1] not in kinds:
        found = f"'{words[1]}' is no type of heartbeat" if len(words) > 1 else "the type of heartbeat is missing"
        raise ValueError(f"{found}; types are net, unicast, dio and disk")
    kind = kinds[words[1]]
    plain = [word for word in words if "=" not in word]
    options = _options([word for word in words if "=" in word])
    if len(plain) != len(_USAGE[kind].split()):
        raise ValueError(f"{len(plain)} words, where a line of this type has {len(_USAGE[kind].split())}: {_USAGE[kind]}")
    node, _, device, *rest = plain
    timeout = _number(rest[-1], "timeout", _TIMEOUTS, "seconds")
    if kind.is_disk:
        if not device.startswith("/"):
            raise ValueError(f"device '{device}' is no path: it begins with '/'")
        place, address = _number(rest[0], "offset", range(_LAST_OFFSET + 1), "blocks of 512 bytes"), ""
    else:
        address, place = _address(rest[0], kind), _number(rest[1], "port", range(1, 65536), "the port")
    key = options.get("key", "")
    sealing = Sealing(options.get("auth", "require" if key else "off"))
    if sealing is not Sealing.OFF and not key:
        raise ValueError(f"auth={sealing.value} needs key=FILE, a file with the secret that both nodes share")
    records = int(options["records"]) if "records" in options else None
    return Link(node, kind, device, address, place, timeout, records, sealing, key, number)


def _options(words: Sequence[str]) -> Mapping[str, str]:
    allowed = {"records": {str(size) for size in LAYOUTS}, "auth": {one.value for one in Sealing}, "key": None}
    found: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in allowed:
            raise ValueError(f"'{name}' is no option; options are {', '.join(allowed)}")
        values = allowed[name]
        if values is not None and value not in values:
            raise ValueError(f"{name}={value}: one of {', '.join(sorted(values, key=lambda one: (len(one), one)))} is needed")
        if name == "key" and not value.startswith("/"):
            raise ValueError(f"key={value}: the path of a file is needed, beginning with '/'")
        found[name] = value
    return found


def _number(word: str, what: str, allowed: range, unit: str) -> int:
    if not (word.isascii() and word.isdigit() and int(word) in allowed):
        raise ValueError(f"{what} '{word}' has to be a number from {allowed.start} to {allowed.stop - 1} ({unit})")
    return int(word)


def _address(word: str, kind: Kind) -> str:
    try:
        address = IPv4Address(word)
    except AddressValueError:
        raise ValueError(f"'{word}' is no IPv4 address") from None
    if kind is Kind.NET and not address.is_multicast:
        raise ValueError(f"{word} is no multicast group (224.0.0.0 to 239.255.255.255); for one address the type is unicast")
    if kind is Kind.UNICAST and (address.is_multicast or address.is_unspecified):
        raise ValueError(f"{word} is no address of a node; for a multicast group the type is net")
    return word


def _together(links: tuple[Link, ...], path: str) -> Iterator[ConfigError]:
    for at, link in enumerate(links):
        if problem := _clash(link, links[:at]) or _crowded(link, links):
            yield ConfigError(problem, path=path, line=link.line)


def _clash(link: Link, before: Sequence[Link]) -> str:
    for other in before:
        if link.kind.is_disk or other.kind.is_disk:
            if (link.device, link.place) == (other.device, other.place):
                return f"offset {link.place} of {link.device} is that of line {other.line} already: give each node its own"
        elif (link.device, link.address, link.place) == (other.device, other.address, other.place):
            return f"{link.where} port {link.place} is that of line {other.line} already: give each direction its own"
        elif link.kind is other.kind is Kind.NET and (link.device, link.place) == (other.device, other.place) and link.node != other.node:
            return f"port {link.place} on {link.device} is that of line {other.line} already: each direction needs a port of its own"
    return ""


def _crowded(link: Link, links: tuple[Link, ...]) -> str:
    frames = framing(link, links)
    if frames is None:
        asked = f"records of {link.records} bytes" if link.records else "records"
        return f"{asked} have no room between the offsets on {link.device}: current ones need 19 blocks, older ones 7, 6 or 1"
    if link.sealing is not Sealing.OFF and not frames.has_trailer:
        return f"auth={link.sealing.value} has no room between the offsets on {link.device}: {frames} need one block more"
    return ""
