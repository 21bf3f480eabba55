"""Selectors: words that name services: `web*`, `prod/svc/*`, `a,b`, `x+y`, `!z`, `app=shop`, `fs:`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from opensvc_core.errors import UsageError
from opensvc_core.model.names import ServicePath

# What a service's file says for `key`, `rid.key` or `group.key`: all values found, as text.
Lookup = Callable[[ServicePath, str], Sequence[str]]
_MATCHER = re.compile(r"(?P<key>[^=~<>:!*/]+?)(?P<operator>~=|<=|>=|[=~<>:])(?P<value>.*)\Z", re.DOTALL)


def select(selector: str, services: Sequence[ServicePath], lookup: Lookup) -> list[ServicePath]:
    """The services that a selector names, in the order of its elements, each once.

    `,` is or, `+` is and (and binds tighter), `!` negates an element. `*` in a short name stays in the root
    namespace and in kind `svc`; `**` is everything.
    """
    found: dict[ServicePath, None] = {}
    for alternative in selector.split(","):
        words = [word for word in alternative.split("+") if word]
        found.update(dict.fromkeys(service for service in services if words and all(_matches(word, service, lookup) for word in words)))
    return list(found)


def is_pattern(selector: str) -> bool:
    """Whether the selector may rightly match nothing: it is no plain name."""
    return any(character in selector for character in "*?[!+,=~<>:")


def _matches(word: str, service: ServicePath, lookup: Lookup) -> bool:
    if word.startswith("!"):
        return not _matches(word[1:], service, lookup)
    matcher = _MATCHER.match(word)
    if matcher:
        return _compares(lookup(service, matcher["key"]), matcher["operator"], matcher["value"])
    return fnmatchcase(f"{service.namespace}/{service.kind}/{service.name}", _pattern(word))


def _pattern(word: str) -> str:
    """The glob over `namespace/kind/name` that a word means."""
    if word == "**":
        return "*"
    parts = word.split("/")
    if parts[0] == "**" and len(parts) == 2:
        return f"*/*/{parts[1]}"
    if parts[-1] == "**":
        return "/".join([*parts[:-1], "*"]) if len(parts) > 2 else f"{parts[0]}/*/*"
    return "/".join(["root", "svc"][: 3 - len(parts)] + parts)


def _compares(values: Sequence[str], operator: str, wanted: str) -> bool:
    if operator == ":":
        return bool(values)
    return any(_compare(value, operator, wanted) for value in values)


def _compare(value: str, operator: str, wanted: str) -> bool:
    if operator == "=":
        return value == wanted or value.lower() == wanted.lower()
    if operator == "~":
        return _search(wanted, value)
    if operator == "~=":
        return wanted in value.split()
    try:
        difference = float(value) - float(wanted)
    except ValueError:
        return False
    return {"<": difference < 0, "<=": difference <= 0, ">": difference > 0, ">=": difference >= 0}[operator]


def _search(expression: str, value: str) -> bool:
    try:
        return re.search(expression, value) is not None
    except re.error as error:
        raise UsageError(f"{expression!r} is no regular expression: {error}") from error
