"""References: `{name}`, `{section.key}`, `<section.key>` and `$(…)` in a value, replaced by what they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Generator
from typing import Final, NamedTuple, NoReturn, TypeAlias

from opensvc_core.config.expressions import Value, evaluate
from opensvc_core.errors import ConfigError

# Characters that all replacements of one value may bring in: values that double each other would grow without end.
MAX_GROWTH: Final = 1 << 20
_MAX_NAME: Final = 1024
_MAX_CYCLE: Final = 20

# The text of a reference (`nodename`, `fs#app.mnt`, `env.sc@n1`), or None where it names nothing.
Lookup: TypeAlias = Callable[[str], str | None]


class Expansion(NamedTuple):
    """What a value came to.

    `value` is a text, or for a value that is one `$(…)` what the expression gave (a number, a boolean, None, a tuple).
    `unresolved` are the names, each once, that have the form of a reference and that nobody knew: they stand in the text as they were.
    """

    value: Value
    unresolved: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The value as it stands inside of another text: a tuple as words, all else as Python prints it."""
        return _as_text(self.value)


def expand(text: str, lookup: Lookup, *, sections: Container[str]) -> Expansion:
    """Replace the references and expressions of a value, the innermost first.

    `lookup` gives the evaluated text of a name; what it raises goes through. `sections` are those of the file: `<section.key>` is a
    reference only where its section is one of them. What has no form of a reference, stands behind `$` or a backslash (`${var}`), or
    names nothing stays as it is. Raises ValueError for an expression that can't be evaluated and an index that is no number.
    """
    if not has_markers(text):
        return Expansion(text)
    asking = expanding(text, sections=sections)
    answer: str | None = None
    while True:
        try:
            answer = lookup(asking.send(answer))
        except StopIteration as done:
            found: Expansion = done.value
            return found


def has_markers(text: str) -> bool:
    """Whether a value may hold a reference or an expression at all."""
    return "{" in text or "<" in text or "$(" in text


def split_name(name: str, sections: Container[str]) -> tuple[str, str]:
    """The section and the key of a name: parted at the first dot after which a section of the file stands; else `("", name)`."""
    at = name.find(".")
    while at > 0:
        if name[:at] in sections:
            return name[:at], name[at + 1 :]
        at = name.find(".", at + 1)
    return "", name


Asking: TypeAlias = Generator[str, str | None, Expansion]


def expanding(text: str, *, sections: Container[str]) -> Asking:
    """As `expand`, for one who answers later: yields each name, is sent its text or None, and returns the expansion."""
    return _Scan(text, sections).run()


class Source(NamedTuple):
    """A raw value as it stands in the file.

    `name` tells it apart (`env.l1`; of one that `{rid}` makes different for each section: with that section) and names it in messages;
    `section` is where the names in it are looked up.
    """

    name: str
    text: str
    section: str


# What a name means in a section: a raw value, a finished text, or None for nothing.
Fetch: TypeAlias = Callable[[str, str], Source | str | None]


class Evaluator:
    """Evaluates raw values that refer to each other: each of them once, however many refer to it and however long the chains are.

    It keeps a stack of its own, so that no depth is too much, and finds a cycle when it closes. What `fetch` raises (a value that
    only a device can tell) goes through, and nothing of the value asked for is kept.
    """

    def __init__(self, fetch: Fetch, *, sections: Container[str]) -> None:
        self._fetch, self._sections = fetch, sections
        self._done: dict[str, Expansion] = {}

    def evaluate(self, source: Source) -> Expansion:
        """The value of a source, `unresolved` with that of the sources it refers to. Raises ConfigError for a cycle or a bad expression."""
        if source.name in self._done:
            return self._done[source.name]
        stack = [_Pending(source, self._sections)]
        open_names = {source.name: 0}
        answer: str | None = None
        while True:
            pending = stack[-1]
            wanted = pending.send(answer)
            if isinstance(wanted, Expansion):
                self._done[pending.source.name] = wanted
                del open_names[stack.pop().source.name]
                if not stack:
                    return wanted
                answer = stack[-1].receive(wanted)
                continue
            found = self._fetch(wanted, pending.source.section)
            if not isinstance(found, Source):
                answer = found
            elif found.name in self._done:
                answer = pending.receive(self._done[found.name])
            elif found.name in open_names:
                _refuse_cycle([*(each.source.name for each in stack[open_names[found.name] :]), found.name])
            else:
                open_names[found.name] = len(stack)
                stack.append(_Pending(found, self._sections))
                answer = None


class _Pending:
    """A source under way: its scan, and the unresolved names of what it refers to."""

    def __init__(self, source: Source, sections: Container[str]) -> None:
        self.source = source
        self._asking = expanding(source.text, sections=sections)
        self._unresolved: dict[str, None] = {}

    def send(self, answer: str | None) -> str | Expansion:
        """The next name asked for, or the result."""
        try:
            return self._asking.send(answer)
        except StopIteration as done:
            found: Expansion = done.value
            return Expansion(found.value, tuple({**self._unresolved, **dict.fromkeys(found.unresolved)}))
        except ValueError as error:
            section, key = split_name(self.source.name, {self.source.section})
            raise ConfigError(str(error), section=section, key=key) from error

    def receive(self, found: Expansion) -> str:
        self._unresolved.update(dict.fromkeys(found.unresolved))
        return found.text


def _refuse_cycle(cycle: list[str]) -> NoReturn:
    if len(cycle) > _MAX_CYCLE:
        left_out = len(cycle) - _MAX_CYCLE
        cycle[_MAX_CYCLE // 2 : -_MAX_CYCLE // 2] = [f"… ({left_out} more) …"]
    raise ConfigError(f"circular reference: {' → '.join(cycle)}")


# -- the scan of one value

_MARKERS: Final = r"\$\(|[{}<>()'\"]"
_REFERENCE: Final = r"(?:(upper|lower|capitalize|title|swapcase|uri_ip):)?(#?)(\w[\w.#@:/-]*)(?:\[([^\[\]]*)\])?"
_MODIFIERS: Final[dict[str, Callable[[str], str]]] = {
    "upper": str.upper,
    "lower": str.lower,
    "capitalize": str.capitalize,
    "title": str.title,
    "swapcase": str.swapcase,
    "uri_ip": lambda text: f"[{text}]" if ":" in text else text,
}


class _Frame:
    """An opening mark that waits for its end: the mark, its place in `out`, and whether a reference can still come of it."""

    __slots__ = ("is_plausible", "mark", "start")

    def __init__(self, mark: str, start: int, *, is_plausible: bool = True) -> None:
        self.mark, self.start, self.is_plausible = mark, start, is_plausible


class _Scan:
    """One pass over a value from left to right: pieces of the result in `out`, open marks in `frames`.

    What replaces a reference is not scanned again. Each piece is joined only by a frame that may still become a reference, and a frame
    around something that did not become one can't: so the work is linear.
    """

    def __init__(self, text: str, sections: Container[str]) -> None:
        self._text, self._sections = text, sections
        self._out: list[str] = []
        self._frames: list[_Frame] = []
        self._expressions = 0
        self._quotes = 0
        self._unresolved: dict[str, None] = {}
        self._growth = 0
        # the value of an expression that began the text, and where it ended
        self._typed: tuple[Value, int] | None = None

    def run(self) -> Asking:
        done = 0
        for match in re.finditer(_MARKERS, self._text):
            if match.start() > done:
                self._out.append(self._text[done : match.start()])
            done = match.end()
            yield from self._mark(match[0], match.start())
        self._out.append(self._text[done:])
        unresolved = tuple(self._unresolved)
        if self._typed and self._typed[1] == len(self._text):
            return Expansion(self._typed[0], unresolved)
        return Expansion("".join(self._out), unresolved)

    def _mark(self, mark: str, at: int) -> Generator[str, str | None, None]:
        if mark == "{":
            self._open(mark, is_plausible=self._text[at - 1 : at] not in ("$", "\\"))
        elif mark in ("<", "$(") or (mark == "(" and self._top() in ("$(", "(")):
            self._open(mark)
        elif mark == "}":
            self._drop("<")
            yield from self._close_reference("{", mark)
        elif mark == ">":
            yield from self._close_reference("<", mark)
        elif mark == ")" and self._expressions:
            self._close_bracket(at + 1)
        elif mark in "'\"" and self._expressions:
            self._quote(mark)
        else:
            self._out.append(mark)

    def _top(self) -> str:
        return self._frames[-1].mark if self._frames else ""

    def _open(self, mark: str, *, is_plausible: bool = True) -> None:
        self._frames.append(_Frame(mark, len(self._out), is_plausible=is_plausible))
        self._out.append(mark)
        self._expressions += mark == "$("
        self._quotes += mark in ("'", '"')

    def _drop(self, *marks: str) -> None:
        """Forget the open marks of these kinds on top: they are text; what is around them can be no reference."""
        while self._top() in marks and self._frames:
            self._frames.pop()
            self._spoil()

    def _spoil(self) -> None:
        if self._frames:
            self._frames[-1].is_plausible = False

    def _close_reference(self, mark: str, end: str) -> Generator[str, str | None, None]:
        if self._top() != mark:
            self._out.append(end)
            self._spoil()
            return
        frame = self._frames.pop()
        if frame.is_plausible:
            inner = "".join(self._out[frame.start + 1 :])
            self._out[frame.start + 1 :] = [inner]
            found = yield from self._look_up(inner, is_angular=mark == "<")
            if found is not None:
                self._replace(frame.start, found)
                return
        self._out.append(end)
        self._spoil()

    def _look_up(self, inner: str, *, is_angular: bool) -> Generator[str, str | None, str | None]:
        form = re.fullmatch(_REFERENCE, inner) if len(inner) <= _MAX_NAME else None
        if form is None or (is_angular and not split_name(form[3], self._sections)[0]):
            return None
        modifier, count, name, index = form.groups()
        found = yield name
        if found is None:
            if _is_name(name):
                self._unresolved[name] = None
            return None
        if index is not None:
            found = self._word(found, index, inner)
            if found is None:
                self._unresolved[f"{name}[{index}]"] = None
                return None
        if count:
            found = str(len(found.split()))
        return _MODIFIERS[modifier](found) if modifier else found

    def _word(self, found: str, index: str, inner: str) -> str | None:
        if not re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", index):
            raise ValueError(f"{{{inner}}}: the index {index!r} is no number")
        words = found.split()
        return words[int(index)] if 0 <= int(index) < len(words) else None

    def _close_bracket(self, end: int) -> None:
        # a reference holds no bracket: what is open above the expression's own bracket is text
        self._drop("{", "<")
        if self._top() != "$(":
            if self._top() == "(":
                self._frames.pop()
            self._out.append(")")
            return
        frame = self._frames.pop()
        self._expressions -= 1
        inner = "".join(self._out[frame.start + 1 :])
        if not inner.strip():
            self._out.append(")")
            self._spoil()
            return
        try:
            value = evaluate(inner)
        except ValueError as error:
            raise ValueError(f"$({_shortened(inner)}): {error}") from None
        if frame.start == 0:
            self._typed = value, end
        self._replace(frame.start, _as_text(value))

    def _quote(self, mark: str) -> None:
        self._drop(*(("{", "<") if self._quotes else ("<",)))
        if self._top() == mark:
            self._frames.pop()
            self._quotes -= 1
            self._out.append(mark)
        elif self._top() in ("$(", "("):
            self._open(mark)
        else:
            self._out.append(mark)

    def _replace(self, start: int, found: str) -> None:
        self._growth += len(found)
        if self._growth > MAX_GROWTH:
            raise ValueError(f"its references and expressions bring in more than {MAX_GROWTH} characters")
        self._out[start:] = [found]


def _is_name(name: str) -> bool:
    """Whether a name can be meant as a reference: `{1...8}` and `{a..z}` are ranges."""
    return not name[0].isdigit() and ".." not in name and not name.endswith(".")


def _as_text(value: Value) -> str:
    return " ".join(map(_as_text, value)) if isinstance(value, tuple) else str(value)


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
