"""explain: why a service is where it is, as this node sees it."""

from __future__ import annotations

import re
from typing import Any

from opensvc_daemon.commands.reaching import needed, place


def run(session: Any, arguments: Any) -> int:
    """A line for each reason, those of a node that don't name it behind its name; `--format json`: with their codes."""
    client = needed(session)
    reasons = {str(one.path): client.get(f"{place(str(one.path))}/explain")["reasons"] for one in session.node.services(session.selector)}
    if arguments.format == "json":
        session.print_json(reasons=reasons)
        return 0
    for service, found in reasons.items():
        print(service, file=session.stdout)
        texts = dict.fromkeys(_text(reason) for reason in found)
        print(
            "".join(f"  {text}\n" for text in texts) or "  nothing is in the way, and nothing is to be done\n", end="", file=session.stdout
        )
    return 0


def _text(reason: Any) -> str:
    node, text = reason.get("node", ""), reason.get("text", "")
    return text if not node or re.search(rf"(?<![\w.-]){re.escape(node)}(?![\w-])", text) else f"{node}: {text}"
