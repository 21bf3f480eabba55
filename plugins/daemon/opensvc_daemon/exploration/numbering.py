"""Numbering: a small number for each value that was met, the same for equal ones."""

from __future__ import annotations

from typing import Generic, TypeVar

_T = TypeVar("_T")


class Numbered(Generic[_T]):
    """Values in the order in which they were first met. States are made of their numbers: they are small, and quick to compare.

    `values`: each at the place of its number.
    """

    def __init__(self) -> None:
        self.values: list[_T] = []
        self._numbers: dict[_T, int] = {}

    def number(self, value: _T) -> int:
        """The number of a value."""
        found = self._numbers.get(value)
        if found is None:
            found = self._numbers[value] = len(self.values)
            self.values.append(value)
        return found

    def __getitem__(self, number: int) -> _T:
        return self.values[number]
