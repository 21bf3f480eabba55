"""The page of the architecture: rooms and what they import, distributions and what they need, and what calls what in a start."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import opensvc_core
from opensvc_core.cli.described import first_paragraph
from opensvc_core.plan.ordering import START_ORDER
from pages.graph import flowchart, imports, reduced
from pages.installed import DOCS, HOMES, module
from pages.start import Call, calls
from pages.text import page, rows_table


def architecture_page() -> str:
    """Pictures made of the code, each with a table."""
    intro = (
        "Made of the code: of its imports, its distributions, and of a start that was watched. An arrow points to what is used; what\n"
        "other arrows imply is left out. Why it is so is told in [plugins](../explanation/plugins.md),\n"
        "[sequence](../explanation/sequence.md) and [orchestration](../explanation/orchestration.md)."
    )
    core, daemon = Path(opensvc_core.__file__).parent, Path(module("opensvc_daemon").__file__).parent
    return page(
        "Architecture",
        intro,
        "## The core\n\nThe rooms of `opensvc_core`. Imports go downward only, which `tests/architecture` holds.\n\n"
        + _rooms("opensvc_core", core),
        "## The distributions\n\nEach is installable without the others that it doesn't point to.\n\n" + _distributions(),
        "## The daemon\n\nThe rooms of `opensvc_daemon`. Its processes on a node are the supervisor and those that it keeps alive: "
        + ", ".join(module("opensvc_daemon.supervisor").PARTS)
        + ".\n\n"
        + _rooms("opensvc_daemon", daemon),
        "## A start\n\nGroups are started in this order: "
        + ", ".join(START_ORDER)
        + ". What happens for each resource stands in the box.\n\n"
        + _sequence(calls()),
    )


def _rooms(package: str, folder: Path) -> str:
    graph = imports(package, folder)
    rows = ((f"`{name}`", _first_sentence(folder, name)) for name in graph)
    return flowchart(reduced(graph)) + "\n\n" + rows_table(("room", ""), rows)


def _first_sentence(folder: Path, name: str) -> str:
    file = folder / name / "__init__.py"
    text = ast.get_docstring(ast.parse((file if file.is_file() else folder / f"{name}.py").read_text("utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split())


def _distributions() -> str:
    files = (file for home in HOMES for file in (DOCS.parent / home).glob("*/pyproject.toml"))
    projects = [tomllib.loads(file.read_text("utf-8"))["project"] for file in files]
    needs = {one["name"]: frozenset(_ours(one)) for one in projects} | {"opensvc-core": frozenset[str]()}
    users: dict[frozenset[str], list[str]] = {}
    for name, needed in sorted(needs.items()):
        if not any(name in others for others in needs.values()):
            users.setdefault(needed, []).append(name)
    # those that need the same, and that nobody needs, are one box
    graph = reduced({name: needs[name] for name in sorted(set().union(*needs.values()))})
    labels = dict[str, str]()
    for number, (needed, names) in enumerate(users.items(), 1):
        box = f"users{number}"
        labels[box] = "<br>".join(names)
        graph[box] = sorted(one for one in needed if not any(one in needs[other] for other in needed))
    rows = ((f"`{one['name']}`", one["description"]) for one in sorted(projects, key=lambda one: str(one["name"])))
    return flowchart(graph, labels) + "\n\n" + rows_table(("distribution", ""), rows)


def _ours(project: Mapping[str, list[str]]) -> list[str]:
    return [line.partition("==")[0] for line in project.get("dependencies", ()) if line.startswith("opensvc-")]


def _sequence(found: list[Call]) -> str:
    ends = dict.fromkeys(end for call in found for end in (call.caller, call.callee))
    lines = ["```mermaid", "sequenceDiagram", *(f"    participant {_name(one)} as {one}" for one in ends)]
    for is_repeated, group in groupby(found, lambda call: call.is_repeated):
        arrows = [f"    {_name(call.caller)}->>{_name(call.callee)}: {call.name.rpartition('.')[2]}" for call in group]
        is_boxed = is_repeated and len(arrows) > 1
        lines += ["    loop for each resource", *(f"    {arrow}" for arrow in arrows), "    end"] if is_boxed else arrows
    rows = ((f"`{call.callee}.{call.name}`", first_paragraph(call.function)) for call in found)
    return "\n".join([*lines, "```"]) + "\n\n" + rows_table(("called", ""), rows)


def _name(module_name: str) -> str:
    return module_name.replace(".", "_")
