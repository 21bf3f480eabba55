"""The pages for who writes Python: hooks, and what plugins may use."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

from opensvc_core import api, hookspecs
from opensvc_core.cli.described import first_paragraph
from pages.text import as_markdown, page, signed


def hooks_page() -> str:
    """Every hook with its signature."""
    intro = (
        "A plugin is a module named by an entry point. It implements hooks with functions of these names, marked with\n"
        "`opensvc_core.api.hookimpl`; an implementation may leave out parameters that it doesn't need. Modules of the group\n"
        "`opensvc.drivers` are loaded when a service needs the driver, those of `opensvc.plugins` before an action and for a command\n"
        "that the core doesn't know, those of `opensvc.references` for their prefix."
    )
    return page("Hooks", intro, *map(_hook, _hooks()))


def _hooks() -> list[Callable[..., Any]]:
    return [value for name, value in vars(hookspecs).items() if name.startswith("opensvc_")]


def _hook(spec: Callable[..., Any]) -> str:
    settings = getattr(spec, f"{hookspecs.PROJECT}_spec")
    marks = [mark for mark, holds in (("first result", settings["firstresult"]), ("historic", settings["historic"])) if holds]
    suffix = f" ({', '.join(marks)})" if marks else ""
    return f"## {spec.__name__}{suffix}\n\n```python\n{signed(spec.__name__, spec)}\n```\n\n{as_markdown(inspect.getdoc(spec) or '')}"


def api_page() -> str:
    """What plugins may use."""
    intro = f"{inspect.getdoc(api)}\n\n```python\nfrom opensvc_core.api import Resource, Keyword, Status\n```"
    return page("The interface for plugins: `opensvc_core.api`", intro, *(_entry(name, getattr(api, name)) for name in api.__all__))


def _entry(name: str, value: Any) -> str:
    if inspect.isfunction(value):
        return f"## {name}\n\n```python\n{signed(name, value)}\n```\n\n{as_markdown(inspect.getdoc(value) or '')}"
    if not inspect.isclass(value):
        return f"## {name}\n\n{_about(name, value)}"
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    title = f"class {name}({bases})" if bases else f"class {name}"
    if is_dataclass(value) or issubclass(value, tuple):
        title = signed(name, value, prefix="class ")
    elif issubclass(value, Enum):
        title += ":\n" + "\n".join(f"    {member.name} = {json.dumps(member.value)}" for member in value)
    methods = [_method(member, found) for member, found in vars(value).items() if not member.startswith("_")]
    return "\n\n".join(part for part in (f"## {name}", f"```python\n{title}\n```", _doc(value), "\n".join(filter(None, methods))) if part)


def _about(name: str, value: Any) -> str:
    if name == "hookimpl":
        return "The mark of a function that implements a [hook](hooks.md)."
    supertype = getattr(value, "__supertype__", None)
    return f"A `{supertype.__name__}` that is known to be one." if supertype else f"`{str(value).replace('opensvc_core.', '')}`"


def _doc(value: type) -> str:
    text = inspect.cleandoc(value.__doc__ or "")
    return "" if text.startswith(f"{value.__name__}(") else as_markdown(text)


def _method(name: str, found: Any) -> str:
    plain = found.__func__ if isinstance(found, classmethod | staticmethod) else found
    if isinstance(found, property):
        return f"- `{name}`: {first_paragraph(found)}"
    return f"- `{signed(name, plain, prefix='')}`: {first_paragraph(plain)}" if inspect.isfunction(plain) else ""
