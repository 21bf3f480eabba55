"""Failure: what a plugin raises, as a text for a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opensvc_core.errors import OpensvcError


class Broken(OpensvcError):
    """A plugin can't be used; the text says why."""


@contextmanager
def broken() -> Iterator[None]:
    """Turn what a plugin raises into Broken, also what would end the program; not a person's Ctrl-C."""
    try:
        yield
    except Broken:
        raise
    except (Exception, SystemExit, GeneratorExit) as error:
        raise Broken(told(error)) from error


def told(error: BaseException) -> str:
    """The kind of an exception and its text. Of a name that this core does not have, the usual reason as well."""
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    if isinstance(error, ImportError) and (error.name or "").partition(".")[0] == "opensvc_core":
        return f"{text}; it was made for another version of opensvc-core"
    return text
