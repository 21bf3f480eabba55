"""The pages of the daemon: what its decision is made of, and its API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pages.installed import module
from pages.text import page, rows_table


def orchestration_page() -> str:
    """States and their transitions, orders, reasons."""
    intro = (
        "What the daemon's decision is made of. How it works is told in [orchestration](../explanation/orchestration.md).\n"
        "States are what `print status` and `om mon` show; the codes of the reasons stay as they are from version to version."
    )
    states = module("opensvc_daemon.orchestration.states")
    orders = module("opensvc_daemon.orchestration.orders")
    reasons = module("opensvc_daemon.orchestration.reasons")
    wishes = module("opensvc_daemon.orchestration.requests")
    return page(
        "Orchestration",
        intro,
        "## The monitor of an instance\n\nWhile an action runs, its state says which. A failed action stays until `clear`,\n"
        "or until a person takes one of the ways out.\n\n" + _diagram(states.TRANSITIONS),
        "## The monitor of a node\n\n" + _diagram(states.NODE_TRANSITIONS),
        "## Orders\n\n" + ", ".join(f"`{do.value}`" for do in orders.Do),
        "## Requests\n\n"
        + ", ".join(f"`{wish.value}`" for wish in wishes.Wish)
        + "; each is in the end "
        + ", ".join(f"`{end.value}`" for end in wishes.Progress if end is not wishes.Progress.ACTIVE)
        + ".",
        "## Reasons\n\n" + rows_table(("code", "in words"), ((f"`{code}`", _facts(text)) for code, text in reasons.TEXTS.items())),
    )


def rights_page() -> str:
    """The calls of the daemon's API, and who may do what."""
    listener = "opensvc_daemon.listener"
    rights, openapi, api, metrics = (module(f"{listener}.{name}") for name in ("rights", "openapi", "api", "metrics"))
    intro = (
        "HTTP and JSON, on the node's own unix socket and over TLS ([how to use it](../how-to/use-the-api.md)). `GET /openapi.json` gives\n"
        "the same to machines, with all shapes."
    )
    sections = {
        "Who may do what": rights.rights_markdown(),
        "Calls": openapi.routes_markdown(api.ROUTES),
        "Metrics": f"What `/metrics` tells; of each node as far as the one that is asked knows it.\n\n{metrics.metrics_markdown()}",
    }
    return page("The API of the daemon", intro, *(f"## {title}\n\n{text}" for title, text in sections.items()))


def _diagram(table: Mapping[Any, Mapping[str, Any]]) -> str:
    """A state diagram; events that lead from one state to the same other one share an arrow."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state.value}" as {state.name}' for state in table]
    for state, events in table.items():
        for target in dict.fromkeys(events.values()):
            words = ", ".join(event for event, end in events.items() if end is target)
            lines.append(f"    {state.name} --> {target.name}: {words}")
    return "\n".join([*lines, "```"])


def _facts(text: str) -> str:
    """A text with its facts in italics."""
    return re.sub(r"\{(\w+)\}", lambda found: f"*{'…' if found[1].isdigit() else found[1]}*", text).replace("|", "\\|")
