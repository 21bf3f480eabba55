"""The report: which promises a driver has broken, and at which of its methods and keywords to look."""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import pytest

from opensvc_core.errors import OpensvcError
from opensvc_core.registry import Registry
from opensvc_core.testing.bench import Bench

_MARK: Final = "__looks_at__"
# What an action is carried out by, for the promises that are tried with several.
CARRIED_OUT_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "start": ("start",),
    "stop": ("stop",),
    "restart": ("stop", "start"),
    "provision": ("provision", "start"),
    "unprovision": ("stop", "unprovision"),
}
# What is looked at in the suite, all else in the driver.
_CASE: Final = "case"
Test = TypeVar("Test", bound=Callable[..., None])


def looks_at(*names: str) -> Callable[[Test], Test]:
    """Mark the test of a promise with the methods that keep it."""

    def mark(test: Test) -> Test:
        setattr(test, _MARK, names)
        return test

    return mark


def looked_at(test: Callable[..., None]) -> tuple[str, ...]:
    """The methods that keep the promise of a test."""
    names: tuple[str, ...] = getattr(test, _MARK, ())
    return names


def told(item: pytest.Function, error: BaseException, *, had_begun: bool) -> str:
    """What the report says of a test that failed: the promise, what was found, and where to look in the class of the driver.

    One that had not begun has no bench: its case is what to look at. So it is where what the case brings fails.
    """
    is_of_driver = had_begun and not _came_through_case(item, error)
    cls = _driver(item) if is_of_driver else item.cls
    # the first line of a test's own failure is its promise; of any other error, its kind says what it is
    lines = str(error).splitlines() if isinstance(error, AssertionError) else [f"{type(error).__name__}: {error}"]
    names = (getattr(error, "looks_at", ()) or _by(item)) if is_of_driver else (_CASE,)
    owners = [(item.cls if name == _CASE else cls, name) for name in names]
    places = ", ".join(_place(owner, name) for owner, name in owners if owner is None or hasattr(owner, name) or name == owner.__name__)
    about = getattr(cls, "id", "") or item.funcargs.get("opensvc_driver", item.nodeid)
    promise = lines[0].removeprefix("the promise is broken: ") if lines else "a test of it failed"
    return "\n".join([f"{about}: {promise}", *lines[1:], *([f"  look at: {places}"] if places else [])])


def _came_through_case(item: pytest.Function, error: BaseException) -> bool:
    """Whether the module that has the case raised it: its footprint, or what it removes behind the driver's back."""
    owner = next((base for base in item.cls.__mro__ if "case" in vars(base)), None) if item.cls else None
    file = inspect.getsourcefile(owner) if owner else None
    frames = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    return file in frames and file != item.function.__code__.co_filename


def _by(item: pytest.Function) -> tuple[str, ...]:
    action = item.callspec.params.get("action") if hasattr(item, "callspec") else None
    return CARRIED_OUT_BY.get(str(action), ()) or looked_at(item.function)


def _place(cls: type | None, name: str) -> str:
    """`DiskZfs.start (…/driver.py:61)`; the name alone where there is no source."""
    if cls is None:
        return name
    owner = next((base for base in cls.__mro__ if name in vars(base)), cls)
    title = cls.__name__ if name == cls.__name__ else f"{owner.__name__}.{name}"
    try:
        return f"{title} ({inspect.getsourcefile(owner)}:{_line(owner, name)})"
    except (OSError, TypeError):
        return title


def _line(owner: type, name: str) -> int:
    """The line of an attribute in the source of its class; that of the class where it has none there."""
    lines, first = inspect.getsourcelines(owner)
    begins = re.compile(rf"\s+(def {name}\b|{name}\s*[:=])")
    return next((first + number for number, line in enumerate(lines) if begins.match(line)), first)


def _driver(item: pytest.Function) -> type | None:
    """The class of the driver that a test was about: that of its bench or its link, or the one that its id names."""
    bench, link, name = (item.funcargs.get(one) for one in ("bench", "link", "opensvc_driver"))
    try:
        if isinstance(bench, Bench):
            return type(bench.resource)
        if isinstance(link, tuple):
            return type(link[0])
        return Registry({}).declared(str(name)) if name else None
    except (AssertionError, OpensvcError):  # it can't be had, which the test says itself
        return None
