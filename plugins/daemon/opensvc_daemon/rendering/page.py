"""A page: sections of rows with a cell for each node, in columns that fit the longest of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

# A text with its styles; a cell is several of them, side by side.
Piece = tuple[str, tuple[str, ...]]
Cell = tuple[Piece, ...]
# What colours a text, `paint(text, "bold", "red")`, or leaves it as it is.
Paint = Callable[..., str]


class Row(NamedTuple):
    """A line: its name, what it is in, a detail, and a cell by node; None: it has no cells, and no bar before them."""

    name: str
    state: Cell = ()
    detail: str = ""
    cells: Mapping[str, Cell] | None = None


class Section(NamedTuple):
    """A title, and rows. `names_at` is how far right of the bar the nodes' names stand in its first line."""

    title: str
    rows: Sequence[Row]
    names_at: int = 2


class Form(NamedTuple):
    """How narrow the columns may be: of the names, of the states, of the details."""

    name: int = 9
    state: int = 7
    detail: int = 13


def words(text: str, *styles: str) -> Cell:
    """A cell of one piece; of none for an empty text."""
    return ((text, styles),) if text else ()


def length(cell: Cell) -> int:
    """How many characters a cell takes."""
    return sum(len(text) for text, _ in cell)


def page(sections: Sequence[Section], nodes: Sequence[str], form: Form, paint: Paint, *, width: int = 0) -> str:
    """The sections, an empty line between two. Where the nodes don't fit into `width` (0: as wide as it gets), in several parts."""
    rows = [row for section in sections for row in section.rows]
    form = Form(
        max([form.name, *(len(row.name) for row in rows if row.state or row.detail)]),
        max([form.state, *(length(row.state) for row in rows)]),
        max([form.detail, *(len(row.detail) for row in rows)]),
    )
    widths = {node: max([len(node), *(length(row.cells.get(node, ())) for row in rows if row.cells)]) + 1 for node in nodes}
    parts = _parts(nodes, widths, width - (sum(form) + 6)) if width else [list(nodes)]
    texts = ["\n".join(_section(section, part, widths, form, paint)) for part in parts for section in sections]
    return "\n\n".join(texts)


def _parts(nodes: Sequence[str], widths: Mapping[str, int], room: int) -> list[list[str]]:
    """The nodes that fit side by side; one at least."""
    parts: list[list[str]] = [[]]
    for node in nodes:
        if parts[-1] and sum(widths[one] for one in parts[-1]) + widths[node] - 1 > room:
            parts.append([])
        parts[-1].append(node)
    return parts


def _section(section: Section, nodes: Sequence[str], widths: Mapping[str, int], form: Form, paint: Paint) -> Iterator[str]:
    bar = sum(form) + 4
    names = "".join(_padded(words(node, "bold"), widths[node], paint) for node in nodes)
    yield (f"{section.title:<{bar + section.names_at}}" + names).rstrip()
    for row in section.rows:
        line = " " + _head(row, form, paint)
        if row.cells is not None:
            line += "| " + "".join(_padded(row.cells.get(node, ()), widths[node], paint) for node in nodes)
        yield line.rstrip()


def _head(row: Row, form: Form, paint: Paint) -> str:
    """All that stands before the bar; a name alone may take all of it."""
    if not row.state and not row.detail:
        return _padded(words(row.name, "bold"), sum(form) + 3, paint)
    return f"{_padded(words(row.name, 'bold'), form.name, paint)} {_padded(row.state, form.state, paint)} {row.detail:<{form.detail}} "


def _padded(cell: Cell, width: int, paint: Paint) -> str:
    return "".join(paint(text, *styles) for text, styles in cell) + " " * (width - length(cell))
