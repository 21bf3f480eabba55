"""Targets of the OpenHA manager: what arrives from anybody on a network or a disk, and its files of configuration."""

from __future__ import annotations

from contextlib import suppress

from opensvc_openha import monitor, options, services, trailer
from opensvc_openha.accepting import said_of, spoken
from opensvc_openha.layouts import LAYOUTS, Unreadable
from opensvc_openha.links import framing

from opensvc_core.errors import ConfigError

KEY = b"sixteen bytes or"


def records(raw: bytes) -> None:
    """A record of a layout says the same when it is written again, or it is refused; no seal is found without the key."""
    for layout in LAYOUTS.values():
        for data in (raw, raw.ljust(layout.size + trailer.SIZE, b"\0")):
            with suppress(Unreadable):
                record = layout.decode(data)
                assert layout.decode(layout.encode(record)) == record
                found = trailer.read(data, layout.size, KEY)
                assert found is None or not found.is_sealed, "sealed without the key"
                said_of(spoken(record, found))


def files(raw: bytes) -> None:
    """A line is used or told of; what is used can be written again, and has room."""
    text = raw.decode("utf-8", "replace")
    found = monitor.parse(text, "monitor")
    for link in found.links:
        assert framing(link, found.links) is not None
        assert link.line not in [problem.line for problem in found.problems]
        (again,) = monitor.parse(monitor.canonical(link)).links
        assert again.arguments(listens=True) == link.arguments(listens=True)
    for service in services.parse(text).services:
        assert service in services.parse(services.added("", service)).services
        assert services.parse(services.without(text, service.name)).named(service.name) is None
    with suppress(ConfigError):
        options.parse(text)
