"""How a page is written: titles, tables, docstrings as Markdown, signatures."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any


def rows_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with its titles, a line for each row."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(" ".join(cell.split()) for cell in line) + " |" for line in lines)


def page(title: str, *blocks: str) -> str:
    """A page whose first lines say what it is and where it is made."""
    return "\n\n".join([f"# {title}", "<!-- made by docs/generate.py from the code: change it there -->", *blocks]).rstrip() + "\n"


def older_names(words: Iterable[str]) -> str:
    """The names that an older agent used; empty where there are none."""
    names = ", ".join(f"`{word}`" for word in words)
    return f"Older: {names}." if names else ""


def as_markdown(text: str) -> str:
    """A docstring as Markdown: the indented `name: meaning` lines below `Parameters:` become a list."""
    text = re.sub(r"\n {8}(?=\S)", " ", text)
    text = re.sub(r"^ {4}(\w+): ", r"- `\1`: ", text, flags=re.MULTILINE)
    return re.sub(r":\n(?=- `)", ":\n\n", text)


def signed(name: str, function: Callable[..., Any], *, prefix: str = "def ") -> str:
    """A function or class with its parameters; a class of many has one on each line."""
    signature = inspect.signature(function)
    parameters = [
        each.replace(annotation=_bare(each.annotation)) for each in signature.parameters.values() if each.name not in ("self", "cls")
    ]
    result = inspect.Signature.empty if inspect.isclass(function) else _bare(signature.return_annotation)
    line = f"{prefix}{name}{signature.replace(parameters=parameters, return_annotation=result)}"
    if len(line) <= 120 or inspect.isfunction(function):
        return line
    return "\n".join([f"{prefix}{name}(", *(f"    {one}," for one in parameters), ")"])


class _Words(str):
    """A deferred annotation that prints without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _bare(annotation: Any) -> Any:
    text = getattr(annotation, "__forward_arg__", annotation)
    return _Words(text) if isinstance(text, str) else annotation
