"""Expressions: the inside of `$(…)`, evaluated with numbers, texts and the operators of the language, and nothing else.

An unquoted name is a text: `$(n1 == n2)` is False. There are no calls, no attributes, no variables; sizes and nesting are bounded.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeAlias

Value: TypeAlias = int | float | str | bool | tuple["Value", ...] | None

# Binary digits of a number, characters of a text, brackets inside of each other.
MAX_BITS: Final = 4096
MAX_TEXT: Final = 65536
MAX_DEPTH: Final = 20

_TOKEN: Final = r"""
    \s*(?:
        (?P<number>(?:0[xX][0-9a-fA-F]{1,1000}|(?:[0-9]{1,1000}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![\w.]))
      | (?P<quoted>"[^"]*"|'[^']*')
      | (?P<keyword>(?:and|or|not|in|is|if|else|None|True|False)(?!\w|\.\w))
      | (?P<name>[^\W0-9]\w*(?:[.-]+\w+)*|[0-9]\w*(?:\.\w+)*)
      | (?P<operator>\*\*|//|==|!=|<=|>=|[-+*/%&|^<>(),])
      | (?P<end>\Z)
      | (?P<other>.)
    )"""
_CONSTANTS: Final = {"None": None, "True": True, "False": False}
# How strongly an operator binds; these bind to the left.
_BINDING: Final = {"|": 1, "^": 2, "&": 3, "+": 4, "-": 4, "*": 5, "/": 5, "//": 5, "%": 5}
_NUMERIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
_BITWISE: Final[dict[str, Callable[[Any, Any], Any]]] = {"|": operator.or_, "^": operator.xor, "&": operator.and_}
_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_COMPARISONS: Final = ("==", "!=", "in", *_ORDER)


def evaluate(text: str) -> Value:
    """The value of an expression, as Python gives it. Raises ValueError saying what can't be evaluated.

    Operators: `+ - * / // % **`, `& | ^`, `== != < <= > >=` (also in a chain), `in`, `not in`, `not`, `and`, `or`, brackets,
    tuples as in `n1 in (n1, n2)`.
    """
    try:
        return _Expression(text).value()
    except ZeroDivisionError:
        raise ValueError("division by zero") from None
    except OverflowError:
        raise ValueError("the number is too large") from None


class _Expression:
    """Reads tokens from left to right and computes on the way.

    While `_skipping`, an `and`, an `or` or a chain has decided already, and only the form counts.
    """

    def __init__(self, text: str) -> None:
        found = re.finditer(_TOKEN, text, re.VERBOSE | re.DOTALL)
        self._tokens = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in found]
        self._at = 0
        self._depth = 0
        self._skipping = 0

    def value(self) -> Value:
        found = self._or()
        if self._tokens[self._at][0] != "end":
            self._unexpected()
        return found

    # -- tokens

    def _next(self) -> str:
        """The operator or keyword that is next, or an empty text."""
        kind, word = self._tokens[self._at]
        return word if kind in ("operator", "keyword") else ""

    def _take(self, *words: str) -> str:
        found = self._next()
        if found not in words:
            return ""
        self._at += 1
        return found

    def _unexpected(self) -> NoReturn:
        kind, word = self._tokens[self._at]
        if word in ("{", "}"):
            raise ValueError("a reference in it names nothing that is known")
        raise ValueError("it ends too early" if kind == "end" else f"{word[:40]!r} is not expected there")

    # -- from the weakest operator to the strongest

    def _or(self) -> Value:
        left = self._and()
        while self._take("or"):
            right = self._read(self._and, skipping=bool(left))
            left = left or right
        return left

    def _and(self) -> Value:
        left = self._not()
        while self._take("and"):
            right = self._read(self._not, skipping=not left)
            left = left and right
        return left

    def _read(self, read: Callable[[], Value], *, skipping: bool) -> Value:
        self._skipping += skipping
        found = read()
        self._skipping -= skipping
        return found

    def _not(self) -> Value:
        count = 0
        while self._take("not"):
            count += 1
        found = self._comparison()
        return bool(found) != bool(count % 2) if count else found

    def _comparison(self) -> Value:
        left = self._binary()
        verdict: bool | None = None
        while sign := self._comparator():
            right = self._read(self._binary, skipping=verdict is False)
            if verdict is not False:
                verdict = bool(self._skipping) or _compare(sign, left, right)
            left = right
        return left if verdict is None else verdict

    def _comparator(self) -> str:
        if self._next() == "not" and self._tokens[self._at + 1] == ("keyword", "in"):
            self._at += 2
            return "not in"
        return self._take(*_COMPARISONS)

    def _binary(self, level: int = 1) -> Value:
        left = self._unary()
        while _BINDING.get(sign := self._next(), 0) >= level:
            self._at += 1
            left = self._compute(sign, left, self._binary(_BINDING[sign] + 1))
        return left

    def _unary(self) -> Value:
        count = 0
        while self._take("-"):
            count += 1
        found = self._power()
        for _ in range(count % 2 or min(count, 2)):
            found = self._compute("-", 0, found)
        return found

    def _power(self) -> Value:
        base = self._atom()
        if not self._take("**"):
            return base
        self._deeper(1)
        exponent = self._unary()
        self._deeper(-1)
        return self._compute("**", base, exponent)

    def _deeper(self, step: int) -> None:
        self._depth += step
        if self._depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} brackets inside of each other")

    def _atom(self) -> Value:
        kind, word = self._tokens[self._at]
        if self._take("("):
            return self._bracket()
        if kind not in ("number", "quoted", "name") and word not in _CONSTANTS:
            self._unexpected()
        self._at += 1
        if kind == "number":
            return _number(word)
        return _CONSTANTS[word] if kind == "keyword" else word[1:-1] if kind == "quoted" else word

    def _bracket(self) -> Value:
        self._deeper(1)
        items: list[Value] = []
        is_tuple = self._next() == ")"
        while self._next() != ")":
            items.append(self._or())
            if not self._take(","):
                break
            is_tuple = True
        if not self._take(")"):
            self._unexpected()
        self._deeper(-1)
        return tuple(items) if is_tuple else items[0]

    def _compute(self, sign: str, left: Value, right: Value) -> Value:
        return None if self._skipping else _compute(sign, left, right)


def _number(word: str) -> int | float:
    if word[:2] in ("0x", "0X"):
        return int(word, 16)
    if word.isdigit():
        return int(word)
    return _bounded(float(word))


def _compare(sign: str, left: Any, right: Any) -> bool:
    if sign in ("==", "!="):
        return bool(left == right) is (sign == "==")
    if sign in ("in", "not in"):
        if not isinstance(right, tuple) and not (isinstance(left, str) and isinstance(right, str)):
            raise ValueError(f"'in' takes a text in a text or a value in (a, b), not {_shown(left)} in {_shown(right)}")
        return (left in right) is (sign == "in")
    if not _both(left, right, (int, float)) and not _both(left, right, (str,)):
        raise ValueError(f"{sign!r} compares two numbers or two texts, not {_shown(left)} and {_shown(right)}")
    return _ORDER[sign](left, right)


def _compute(sign: str, left: Any, right: Any) -> int | float | str:
    """One operator applied. Raises ValueError for types that it doesn't take and for results that are too large."""
    if sign in _BITWISE and _both(left, right, (int,)):
        return _bounded(_BITWISE[sign](left, right))
    if sign in _NUMERIC and _both(left, right, (int, float)):
        if sign in ("*", "**"):
            _refuse_growth(sign, left, right)
        return _bounded(_NUMERIC[sign](left, right))
    if sign == "+" and _both(left, right, (str,)) and len(left) + len(right) <= MAX_TEXT:
        return str(left + right)
    if sign == "*" and {type(left), type(right)} == {int, str}:
        return _repeated(*((left, right) if isinstance(left, str) else (right, left)))
    if sign == "+" and _both(left, right, (str,)):
        raise ValueError(f"the text would be longer than {MAX_TEXT} characters")
    raise ValueError(f"{sign!r} can't take {_shown(left)} and {_shown(right)}")


def _repeated(text: str, count: int) -> str:
    if len(text) * max(count, 0) > MAX_TEXT:
        raise ValueError(f"the text would be longer than {MAX_TEXT} characters")
    return text * count


def _refuse_growth(sign: str, left: float, right: float) -> None:
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * max(right, 0) if sign == "**" and abs(left) > 1 else left.bit_length() + right.bit_length()
        if bits > 2 * MAX_BITS:
            raise OverflowError


def _bounded(number: Any) -> int | float:
    if isinstance(number, complex):
        raise ValueError("a negative number has no such power")
    is_bounded = math.isfinite(number) if isinstance(number, float) else number.bit_length() <= MAX_BITS
    if not is_bounded:
        raise OverflowError
    return number  # type: ignore[no-any-return]


def _both(left: object, right: object, types: tuple[type, ...]) -> bool:
    return isinstance(left, types) and isinstance(right, types)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
