"""Selectors: words that name services: `web*`, `prod/svc/*`, `a,b`, `x+y`, `!z`, `app=shop`, `fs:`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from opensvc_core.errors import UsageError
from opensvc_core.model.names import ServicePath


class Value(NamedTuple):
    """What a service's file says: the text, and what makes a number of such a text (`5m` → 300.0); raises ValueError for none."""

    text: str
    convert: Callable[[str], Any] = float


# What a service's file says for `key`, `rid.key` or `group.key`: all values found.
Lookup = Callable[[ServicePath, str], Sequence[Value]]
_MATCHER = re.compile(r"(?P<key>[^=~<>:!*/]+?)(?P<operator>~=|<=|>=|[=~<>:])(?P<value>.*)\Z", re.DOTALL)


def select(selector: str, services: Sequence[ServicePath], lookup: Lookup, namespace: str = "") -> list[ServicePath]:
    """The services that a selector names, in the order of its elements, each once.

    `,` is or, `+` is and (and binds tighter), `!` negates an element. `*` in a short name stays in the root
    namespace and in kind `svc`; `**` is everything. With a namespace all of it is about the services of that one.
    """
    own = [service for service in services if namespace in ("", service.namespace)]
    matches = _Matching(lookup, namespace or "root")
    found: dict[ServicePath, None] = {}
    for alternative in selector.split(","):
        words = [word for word in alternative.split("+") if word]
        found.update(dict.fromkeys(service for service in own if words and all(matches(word, service) for word in words)))
    return list(found)


def is_pattern(selector: str) -> bool:
    """Whether the selector may rightly match nothing: it is no plain name."""
    return any(character in selector for character in "*?[!+,=~<>:")


class _Matching:
    """Whether a service is one that an element means."""

    def __init__(self, lookup: Lookup, namespace: str) -> None:
        self._lookup, self._namespace = lookup, namespace

    def __call__(self, word: str, service: ServicePath) -> bool:
        if word.startswith("!"):
            return not self(word[1:], service)
        matcher = _MATCHER.match(word)
        if matcher:
            return _compares(self._lookup(service, matcher["key"]), matcher["operator"], matcher["value"])
        return fnmatchcase(f"{service.namespace}/{service.kind}/{service.name}", self._pattern(word))

    def _pattern(self, word: str) -> str:
        """The glob over `namespace/kind/name` that a word means."""
        if word == "**":
            return "*"
        parts = word.split("/")
        if parts[0] == "**" and len(parts) == 2:
            return f"*/*/{parts[1]}"
        if parts[-1] == "**":
            return "/".join([*parts[:-1], "*"]) if len(parts) > 2 else f"{parts[0]}/*/*"
        return "/".join([self._namespace, "svc"][: 3 - len(parts)] + parts)


def _compares(values: Sequence[Value], operator: str, wanted: str) -> bool:
    if operator == ":":
        return bool(values)
    return any(_compare(value, operator, wanted) for value in values)


def _compare(value: Value, operator: str, wanted: str) -> bool:
    if operator == "=":
        return value.text.lower() == wanted.lower()
    if operator == "~":
        return _search(wanted, value.text)
    if operator == "~=":
        return wanted in value.text.split()
    try:
        difference = float(value.convert(value.text)) - float(value.convert(wanted))
    except (ValueError, TypeError):
        return False  # no number: a percentage, a list, a word
    return {"<": difference < 0, "<=": difference <= 0, ">": difference > 0, ">=": difference >= 0}[operator]


def _search(expression: str, value: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # `[[` will have a meaning one day; who selects is not told of it
            return re.search(expression, value) is not None
    except re.error as error:
        raise UsageError(f"{expression!r} is no regular expression: {error}") from error
