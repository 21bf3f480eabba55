"""Routes: what the API can be asked. The table serves the calls and describes them, so the two can't differ."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl, unquote

from opensvc_core.api import NoSuchObject, OpensvcError, UsageError
from opensvc_daemon.listener.rights import Right

Json = dict[str, Any]
Kind = Literal["text", "integer", "number", "boolean", "words", "counts"]
LONGEST: Final = 4096


class BadMethod(OpensvcError):
    """The path is there, and takes other methods."""


class Value(NamedTuple):
    """A value that a call has in its path, its query or its body.

    Parameters: `kind`: `words` is a list of texts in a body and joined by commas in a query; `counts` whole numbers by name;
    `least` and `most` bound a number; `longest` a text, and each of `words`; `choices`: the texts that are allowed, empty: any.
    """

    name: str
    text: str
    kind: Kind = "text"
    default: Any = None
    is_required: bool = False
    choices: Sequence[str] = ()
    least: float | None = None
    most: float | None = None
    longest: int = 255

    @property
    def schema(self) -> Json:
        """As JSON Schema."""
        plain: Json = {"type": {"text": "string", "words": "array", "counts": "object"}.get(self.kind, self.kind)}
        if self.kind == "words":
            plain["items"] = {"type": "string", "maxLength": self.longest}
        if self.kind == "counts":
            plain["additionalProperties"] = {"type": "integer"}
        if self.kind == "text":
            plain["maxLength"] = self.longest
        bounds = {"enum": list(self.choices) or None, "minimum": self.least, "maximum": self.most, "default": self.default}
        return plain | {word: bound for word, bound in bounds.items() if bound is not None}

    def check(self, given: Any) -> Any:
        """The value, if it is one. Raises UsageError."""
        if not _FITS[self.kind](given, self.longest):
            raise UsageError(f"{self.name}: {_shown(given)} is no {self.kind}, or too long")
        if self.choices and given not in self.choices:
            raise UsageError(f"{self.name}: {_shown(given)} is none of {', '.join(self.choices)}")
        if isinstance(given, int | float) and not (given >= _or(self.least, given) and given <= _or(self.most, given)):
            raise UsageError(f"{self.name}: {given} is not between {self.least} and {self.most}")
        return given

    def read(self, written: str) -> Any:
        """The value that stands in a query or a path. Raises UsageError."""
        try:
            return self.check(_READS[self.kind](written))
        except ValueError as error:
            raise UsageError(f"{self.name}: {_shown(written)} is no {self.kind}") from error


class Route(NamedTuple):
    """What one method of one path does.

    Parameters: `path` has `{name}` for the values of `places`; `answer` is the JSON Schema of its answer, or None where that is no
    JSON; `largest`: bytes of its body. `may_pass`: `?node=` has another member answer.
    """

    method: str
    path: str
    right: Right
    text: str
    do: Callable[..., Awaitable[Any]]
    answer: Json | None
    query: tuple[Value, ...] = ()
    body: tuple[Value, ...] | None = None
    places: tuple[Value, ...] = ()
    code: int = 200
    kind: str = "application/json"
    largest: int = 65536
    may_pass: bool = False

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """The texts that a path has for the places; None where it is not this one's."""
        own = self.path.split("/")
        if len(own) != len(segments):
            return None
        pairs = list(zip(own, segments, strict=True))
        if any(name != text for name, text in pairs if not name.startswith("{")):
            return None
        return {name[1:-1]: unquote(text) for name, text in pairs if name.startswith("{")}


def find(routes: Sequence[Route], method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a call, and the texts of its places. Raises NoSuchObject, BadMethod."""
    segments = path.split("/")
    found = [(route, texts) for route in routes if (texts := route.match(segments)) is not None]
    if not found:
        raise NoSuchObject(f"there is no {_shown(path)}; /openapi.json tells what is")
    for route, texts in found:
        if route.method == method:
            return route, texts
    raise BadMethod(f"{_shown(path)} takes {', '.join(route.method for route, _ in found)}, not {_shown(method)}")


def read_values(route: Route, texts: Mapping[str, str], query: str, body: bytes) -> Json:
    """All values of a call, checked. Raises UsageError for one that is missing, unknown or not what it has to be."""
    values = {value.name: value.read(texts[value.name]) for value in route.places}
    try:
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=32, errors="strict"))
    except ValueError as error:
        raise UsageError(f"the query can't be read: {error}") from error
    values |= _checked(route.query, given, Value.read)
    if route.body is not None:
        values |= _checked(route.body, _object(body), Value.check)
    return values


def _checked(declared: Sequence[Value], given: Mapping[str, Any], read: Callable[[Value, Any], Any]) -> Json:
    unknown = sorted(set(given) - {value.name for value in declared})
    if unknown:
        raise UsageError(f"{_shown(unknown[0])} is not known here; what is: {', '.join(value.name for value in declared) or 'nothing'}")
    missing = [value.name for value in declared if value.is_required and given.get(value.name) is None]
    if missing:
        raise UsageError(f"{missing[0]} is missing")
    return {one.name: one.default if given.get(one.name) is None else read(one, given[one.name]) for one in declared}


def _object(body: bytes) -> Json:
    try:
        found = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise UsageError("the body is no JSON") from error
    if not isinstance(found, dict):
        raise UsageError("the body is no JSON object")
    return found


def _is_text(given: Any, longest: int) -> bool:
    if not isinstance(given, str) or len(given) > longest or "\0" in given:
        return False
    return not any("\ud800" <= sign <= "\udfff" for sign in given)  # halves of signs, which no file or socket takes


def _is_number(given: Any, _: int) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _is_whole(given: Any, _: int) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and abs(given) < 2**63


def _read_boolean(written: str) -> bool:
    return {"true": True, "1": True, "yes": True, "": True, "false": False, "0": False, "no": False}[written.lower()]


def _read_number(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(written)
    return number


def _reading(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def careful(written: str) -> Any:
        try:
            return read(written[:LONGEST])
        except KeyError as error:
            raise ValueError(written) from error

    return careful


_FITS: Final[Mapping[str, Callable[[Any, int], bool]]] = {
    "text": _is_text,
    "integer": _is_whole,
    "number": _is_number,
    "boolean": lambda given, _: isinstance(given, bool),
    "words": lambda given, longest: isinstance(given, list) and len(given) <= LONGEST and all(_is_text(word, longest) for word in given),
    "counts": lambda given, _: (
        isinstance(given, dict) and len(given) <= LONGEST and all(_is_text(key, 255) and _is_whole(one, 0) for key, one in given.items())
    ),
}
_READS: Final[Mapping[str, Callable[[str], Any]]] = {
    "text": str,
    "integer": _reading(lambda written: int(written[:20])),
    "number": _reading(_read_number),
    "boolean": _reading(_read_boolean),
    "words": lambda written: [word for word in written.split(",") if word],
    "counts": _reading(json.loads),
}


def _or(bound: float | None, other: float) -> float:
    return other if bound is None else bound


def _shown(given: Any) -> str:
    return repr(given if not isinstance(given, str) else given[:80])[:90]
