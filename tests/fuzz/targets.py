"""Targets: functions of bytes that end quietly, whatever the bytes are; anything that they raise is a fault of what they try.

A new one is a function in `TARGETS`, and a folder of its name with first inputs in `corpus`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC

import cluster_targets
import openha_targets
from opensvc_driver_hb_disk import pages
from opensvc_driver_hb_disk.signatures import signature
from opensvc_heartbeats.arriving import Arriving, Malformed, framed

from opensvc_core.config.converters import boolean, command_line, duration, shell_words, size, text, words
from opensvc_core.config.document import Document
from opensvc_core.config.expressions import evaluate
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.references import expand
from opensvc_core.config.service import ServiceConfig, World
from opensvc_core.config.validation import fixed, validate, validate_node
from opensvc_core.errors import ConfigError
from opensvc_core.model.names import ServicePath
from opensvc_core.schedule.due import next_run
from opensvc_core.schedule.grammar import parse

MOMENT = 1_700_000_000.0
NAMES = {"nodename": "n1", "env.a": "foo", "env.l": "e1 e2 e3", "env.n": "1", "a": "{a}", "fs#1.mnt": "/srv"}


class AnyDriver(Declares):
    """Words of every kind, for every section."""

    dev = Keyword(text, required=True, scopable=True, claims="device", aliases=("device",), text="A device.")
    mnt = Keyword(text, scopable=True, claims="mount point", text="A mount point.")
    ipname = Keyword(text, scopable=True, claims="address", text="An address.")
    size = Keyword(size, default=0, text="A size.")
    timeout = Keyword(duration, default=1.0, scopable=True, text="A duration.")
    start = Keyword(command_line, scopable=True, text="A command.")
    options = Keyword(shell_words, default=[], text="Words.")
    list = Keyword(words, default=[], scopable=True, text="More words.")
    quick = Keyword(boolean, default=False, inherit="slow", text="A choice.")


def document(data: bytes) -> None:
    """A file is kept byte for byte or refused; what is set is got, and what is unset is gone, with all else as it was."""
    source = data.decode("utf-8", "replace")
    for older in (False, True):
        try:
            read = Document.parse(source, older=older)
        except ConfigError as error:
            assert error.line > 0
            continue
        assert read.text() == source
        for section in read.sections()[:3]:
            for key in read.keys(section)[:3]:
                _edit(read, section, key)


def _edit(read: Document, section: str, key: str) -> None:
    before = _everything(read)
    try:
        after = read.set(section, key, "new value")
    except ConfigError:
        return
    before[section][key] = "new value"
    assert _everything(after) == before
    gone = after.unset(section, key)
    del before[section][key]
    assert _everything(gone) == before


def _everything(read: Document) -> dict[str, dict[str, str]]:
    return {section: read.items(section) for section in read.sections()}


def references(data: bytes) -> None:
    """A value is expanded, or refused in one line."""
    try:
        expand(data.decode("utf-8", "replace"), NAMES.get, sections=("env", "fs#1"))
    except ValueError as error:
        assert str(error)


def expressions(data: bytes) -> None:
    """An expression has a value, or is refused."""
    try:
        evaluate(data.decode("utf-8", "replace"))
    except ValueError as error:
        assert str(error)


def validation(data: bytes) -> None:
    """A file has findings, each in one place, on any node; mending it can be repeated, and every value is had or refused."""
    source = data.decode("utf-8", "replace")
    try:
        read = Document.parse(source)
    except ConfigError:
        return
    world = World(node="n1", path=ServicePath("svc1"), cluster_nodes=("n1", "n2"), environ={"HOME": "/root"})
    config = ServiceConfig(read, world, lambda _name: AnyDriver)
    host = ServiceConfig(read, world._replace(path=ServicePath("node", kind="ccfg")), lambda _name: AnyDriver, below=read)
    for finding in [*validate(config), *validate_node(config), *validate_node(host)]:
        assert finding.code
    for section in read.sections():
        try:
            config.values(section, AnyDriver)
        except ConfigError as error:
            assert str(error)
    try:
        once = fixed(config)
    except ConfigError:
        return  # the mended text would not be read back
    assert fixed(ServiceConfig(once, world, lambda _name: AnyDriver)).text() == once.text()


def schedules(data: bytes) -> None:
    """A schedule is refused, or is read again as it prints itself, and its next run is not in the past."""
    try:
        schedule = parse(data.decode("utf-8", "replace"))
    except ValueError as error:
        assert str(error)
        return
    assert parse(str(schedule)) == schedule
    found = next_run(schedule, MOMENT, UTC, last_run=MOMENT - 60)
    assert found is None or found >= MOMENT


def link_data(data: bytes) -> None:
    """What arrives for a heartbeat over the network is a message, the beginning of one, or refused; nothing is kept beyond its length."""
    arriving, rest = Arriving(), data
    try:
        while rest and arriving.lacks:
            piece, rest = rest[: arriving.lacks], rest[arriving.lacks :]
            arriving.feed(piece)
    except Malformed as error:
        assert str(error)
        return
    assert arriving.lacks or framed(arriving.message) == data[: len(data) - len(rest)]


def link_pages(data: bytes) -> None:
    """What stands on the disk of a heartbeat is a page, or unreadable; and a page with a sound checksum may say anything."""
    for kind in (pages.DISK, pages.CLAIM, pages.BEATING, pages.TAKING, pages.DATA):
        sound = pages.Page(kind, bytes(16), 1, data[: pages.LARGEST])
        assert pages.page_of(sound.encoded(), kind) == sound
        for raw in (sound.encoded(), data[: pages.PAGE].ljust(pages.PAGE, b"\0")):
            assert isinstance(pages.claim_of(raw), str)
            assert all(0 <= slot < pages.MOST_SLOTS for slot in pages.taken_of(raw))
            for read in (lambda raw=raw: pages.disk_of(raw), lambda raw=raw: pages.announced_of(pages.page_of(raw, pages.DATA))):
                with suppress(pages.Unreadable):
                    read()
    assert isinstance(signature(data), str)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "beats": cluster_targets.beats,
    "document": document,
    "link_data": link_data,
    "link_pages": link_pages,
    "openha_files": openha_targets.files,
    "openha_records": openha_targets.records,
    "peer_data": cluster_targets.peer_data,
    "references": references,
    "expressions": expressions,
    "schedules": schedules,
    "validation": validation,
    "votes": cluster_targets.votes,
}
