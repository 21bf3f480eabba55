"""conf/services and conf/nodes: which services there are, with their scripts and nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from opensvc_core.errors import ConfigError

_WORDS: Final = ("name", "script", "primary", "secondary", "check script")


@dataclass(frozen=True)
class Service:
    """One line: `script start` and `script stop` by full path, its two nodes, and what is asked before a start."""

    name: str
    script: str
    primary: str
    secondary: str
    check: str

    def peer(self, node: str) -> str | None:
        """The other node; None: this node has nothing to do with the service."""
        return {self.primary: self.secondary, self.secondary: self.primary}.get(node)


@dataclass(frozen=True)
class Services:
    """The services that can be used, in the order of the file, and what is wrong with the file."""

    services: tuple[Service, ...]
    problems: tuple[ConfigError, ...] = ()

    def __iter__(self) -> Iterator[Service]:
        return iter(self.services)

    def named(self, name: str) -> Service | None:
        """A service by its name."""
        return next((service for service in self.services if service.name == name), None)

    def of(self, node: str) -> tuple[Service, ...]:
        """Those that a node is one of the two nodes of."""
        return tuple(service for service in self.services if service.peer(node))


def parse(text: str, path: str = "") -> Services:
    """Read conf/services. Empty lines and comments are passed over; a line that is wrong is left out and told of."""
    found: dict[str, Service] = {}
    problems: list[ConfigError] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if problem := _wrong(words, found):
            problems.append(ConfigError(problem, path=path, line=number))
        else:
            found[words[0]] = Service(*words[: len(_WORDS)])
    return Services(tuple(found.values()), tuple(problems))


def added(text: str, service: Service) -> str:
    """The file with one more line."""
    fields = (service.name, service.script, service.primary, service.secondary, service.check)
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{end}" + "\t".join(fields) + "\n"


def without(text: str, name: str) -> str:
    """The file without the lines of a service; all else stays as it is."""
    return "".join(line for line in text.splitlines(keepends=True) if line.split()[:1] != [name])


def name_problem(name: str) -> str:
    """What is wrong with the name of a service, which becomes a folder's; empty: nothing."""
    if len(name) > 63:
        return f"Error : service name is too long. {len(name)} out of 63"
    if not name or name.startswith((".", "#", "-")) or "/" in name or not all("!" <= char <= "~" for char in name):
        return f"'{name}' can't be the name of a service: letters, digits, dots, dashes and underscores, beginning with a letter or a digit"
    return ""


def parse_nodes(text: str) -> tuple[str, ...]:
    """Read conf/nodes: the first word of each line."""
    return tuple(words[0] for line in text.splitlines() if (words := line.split()) and not words[0].startswith("#"))


def _wrong(words: Sequence[str], before: dict[str, Service]) -> str:
    if len(words) < len(_WORDS):
        return f"{len(words)} words, where a service has {len(_WORDS)}: {', '.join(_WORDS)}"
    if problem := name_problem(words[0]):
        return problem
    if words[0] in before:
        return f"the service {words[0]} stands in it twice; the first line counts"
    if words[2] == words[3]:
        return f"the primary and the secondary node of {words[0]} are both {words[2]}"
    return ""
