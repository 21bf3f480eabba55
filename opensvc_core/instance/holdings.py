"""Holdings: which resource holds an address, a device or a mount point on this node, of all services of the node.

A note for each is made before a start, and removed after a stop. It counts only while the resource that it names is up: one that a
killed agent, or a boot, has left behind holds nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from opensvc_core.driver.base import Resource
from opensvc_core.errors import OpensvcError
from opensvc_core.system import files

# service, rid → whether that resource is up on this node.
IsUp = Callable[[str, str], bool]


class Holdings:
    """The notes, as one service sees them."""

    def __init__(self, folder: Path, service: str, is_up: IsUp) -> None:
        self._folder, self._service, self._is_up = folder, service, is_up

    def in_the_way(self, resource: Resource) -> str:
        """What another service of this node holds of what a resource claims, or an empty text."""
        for thing in _things(resource):
            known = files.read_json(self._note(thing))
            service, rid = (str(known.get(key, "")) for key in ("service", "rid")) if isinstance(known, dict) else ("", "")
            if service and service != self._service and self._is_up(service, rid):
                return f"the {thing.kind} {thing.value} is held by {service} ({rid}), which is up on this node"
        return ""

    def take(self, resource: Resource) -> None:
        """Note that a resource holds what it claims."""
        for thing in _things(resource):
            files.write_json(self._note(thing), {"service": self._service, "rid": resource.rid}, is_durable=False)

    def give_up(self, resource: Resource) -> None:
        """Remove the notes of a resource that is down; those of others stay."""
        for thing in _things(resource):
            if files.read_json(self._note(thing)) == {"service": self._service, "rid": resource.rid}:
                files.remove(self._note(thing))

    def _note(self, thing: _Thing) -> Path:
        import hashlib  # noqa: PLC0415 - 3 ms, paid by actions on what can be held

        return self._folder / hashlib.sha256(f"{thing.kind} {thing.value}".encode("utf-8", "surrogateescape")).hexdigest()


class _Thing(NamedTuple):
    kind: str
    value: str


def _things(resource: Resource) -> Iterator[_Thing]:
    """What a resource claims, under one name for the same thing. What only a device could tell, and can't yet, is nobody's."""
    for keyword in type(resource).keywords().values():
        if not keyword.claims:
            continue
        try:
            value = getattr(resource, keyword.attribute)
        except OpensvcError:
            continue
        for word in value if isinstance(value, (list, tuple, frozenset)) else [value]:
            if word and (text := _same(keyword.claims, str(word))):
                yield _Thing(keyword.claims, text)


def _same(kind: str, word: str) -> str:
    if kind == "address":
        return word.lower()
    if kind == "device" and not word.startswith("/"):
        return word if "=" in word else ""  # LABEL=…; a name for no device may be used twice
    # the links of /dev are followed; any other path may be on a file system that does not answer
    path = os.path.normpath(word)
    return os.path.realpath(path) if path.startswith("/dev/") else path
