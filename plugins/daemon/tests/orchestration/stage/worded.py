"""An explanation in the words of a scenario: each node with what excludes it, then the orders."""

from __future__ import annotations

from collections.abc import Iterator

from opensvc_daemon.orchestration.explain import Explanation


def worded(found: Explanation) -> Iterator[str]:
    """Its lines."""
    yield f"{found.service}, as {found.me} sees it"
    for node in found.verdicts:
        why = [str(reason) for reason in found.excluded if reason.node == node]
        place = f"candidate {found.candidates.index(node) + 1}" if node in found.candidates else "no candidate"
        yield f"  {node}: {place}{': ' if why else ''}{'; '.join(why)}"
    for order in found.orders:
        yield f"  {str(order).partition(': ')[2] or order}: {'; '.join(map(str, order.reasons))}"
