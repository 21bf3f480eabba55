"""The folder of launchers: which of its entries are launchers, for what, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

_LAUNCHER: Final = re.compile(r"(?P<kind>[SKC])(?P<number>[0-9]+)(?P<name>[^0-9].*)")
_ALIKE: Final = re.compile(r"[SKC][0-9]")
# What editors and package managers leave beside a file that they replace, and scripts beside themselves.
_COPY: Final = re.compile(r"~$|\.(bak|old|orig|save|swp|tmp|lock|log|pid|rpm(save|new|orig)|(dpkg|ucf)-\w+)$")


class Link(NamedTuple):
    """A launcher: `S10web` is run with `start` at a start, `K90web` with `stop` at a stop, `C10web` with `status` to look."""

    path: str
    kind: str
    number: int
    name: str

    @property
    def file(self) -> str:
        """Its name in the folder: `S10web`."""
        return self.path.rpartition("/")[2]


class Folder(NamedTuple):
    """Launchers in the order in which they are run, and the names of what only looks like one."""

    links: tuple[Link, ...] = ()
    ignored: tuple[str, ...] = ()

    def of(self, kind: str) -> list[Link]:
        """The launchers of a kind, in ascending order of their numbers, then of their names."""
        return [link for link in self.links if link.kind == kind]

    def partner(self, link: Link, kind: str) -> Link | None:
        """The launcher of another kind for the same application: `K90web` for `S10web`."""
        return next((other for other in self.of(kind) if other.name == link.name), None)


def sort(folder: str, names: Iterable[str], folders: frozenset[str] = frozenset()) -> Folder:
    """Launchers and look-alikes among the names in a folder; `folders` are those of them that are folders themselves."""
    links, ignored = list[Link](), list[str]()
    for name in sorted(names):
        match = _LAUNCHER.fullmatch(name)
        if match and not _COPY.search(name) and name not in folders:
            links.append(Link(f"{folder}/{name}", match["kind"], int(match["number"]), match["name"]))
        elif _ALIKE.match(name):
            ignored.append(name)
    return Folder(tuple(sorted(links, key=lambda link: (link.number, link.name, link.kind))), tuple(ignored))


def read(folder: Path) -> Folder:
    """What is in a folder now. Raises OSError."""
    entries = list(folder.iterdir())
    return sort(str(folder), [entry.name for entry in entries], frozenset(entry.name for entry in entries if entry.is_dir()))
