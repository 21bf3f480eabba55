"""Graphs: which part imports which, and their drawing."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

Graph = Mapping[str, frozenset[str]]


def imports(package: str, folder: Path) -> dict[str, frozenset[str]]:
    """The rooms of a package, each with the rooms that it imports anywhere; a room is a folder, or a module beside them."""
    rooms = {room.stem: room for room in sorted(folder.iterdir()) if _is_room(room)}
    found: dict[str, frozenset[str]] = {}
    for name, room in rooms.items():
        files = room.rglob("*.py") if room.is_dir() else [room]
        used = {module.split(".")[1] for file in files for module in _imported(file) if module.startswith(f"{package}.")}
        found[name] = frozenset(used & rooms.keys() - {name})
    return found


def _is_room(path: Path) -> bool:
    return (path / "__init__.py").is_file() or (path.suffix == ".py" and not path.name.startswith("__"))


def _imported(file: Path) -> Iterator[str]:
    """What a file imports, but for what only the checker of types needs."""
    tree = ast.parse(file.read_text("utf-8"))
    typing = {node for test in ast.walk(tree) if _is_for_types(test) for node in ast.walk(test)}
    for node in ast.walk(tree):
        if node in typing:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def reduced(graph: Graph) -> dict[str, list[str]]:
    """The same graph without arrows that others imply: what is reached by a way of two or more is left out."""
    reach = {name: _reached(graph, name) for name in graph}
    return {name: sorted(one for one in targets if not any(one in reach[other] for other in targets)) for name, targets in graph.items()}


def _reached(graph: Graph, name: str) -> frozenset[str]:
    found, due = set[str](), list(graph[name])
    while due:
        one = due.pop()
        if one not in found:
            found.add(one)
            due.extend(graph.get(one, ()))
    return frozenset(found)


def flowchart(graph: Mapping[str, Sequence[str]], labels: Mapping[str, str] | None = None) -> str:
    """A drawing, the arrows pointing down to what is used."""
    labels = labels or {}
    lines = [f'    {_id(name)}["{labels.get(name, name)}"]' for name in graph]
    lines += [f"    {_id(name)} --> {_id(target)}" for name, targets in graph.items() for target in targets]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"])


def _id(name: str) -> str:
    return name.removeprefix("opensvc-").replace("-", "_")
