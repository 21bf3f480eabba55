"""Explanations: for a service, every rule with its verdict on every node, and what is done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from opensvc_daemon.orchestration.candidates import Verdict, choose, verdicts
from opensvc_daemon.orchestration.decide import service_orders
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.orders import Order
from opensvc_daemon.orchestration.placement import measured
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.view import View


class Explanation(NamedTuple):
    """Why a service is where it is, as one node sees it.

    Parameters:
        candidates: the nodes that may run it, the preferred one first.
        verdicts: by node, every rule that excludes nodes, and whether it excludes this one.
        excluded: why nodes are no candidates, soft affinities among the reasons.
        orders: what this node does with its instance.
        placement: how the candidates are ranked.
        measured: by node, the number that they are ranked by, where there is one that is measured.
    """

    service: str
    me: str
    candidates: tuple[str, ...]
    verdicts: Mapping[str, Sequence[Verdict]]
    excluded: tuple[Reason, ...]
    orders: tuple[Order, ...]
    placement: str
    measured: Mapping[str, float]

    def as_data(self) -> dict[str, Any]:
        """The same for a program; the codes of the reasons stay as they are from version to version."""
        return {
            "service": self.service,
            "node": self.me,
            "placement": self.placement,
            "measured": dict(self.measured),
            "candidates": list(self.candidates),
            "rules": {node: {v.code: _reason(v.reason) for v in found} for node, found in self.verdicts.items()},
            "excluded": [_reason(reason) for reason in self.excluded],
            "orders": [{"order": str(order), "reasons": [_reason(reason) for reason in order.reasons]} for order in self.orders],
        }


def _reason(reason: Reason | None) -> dict[str, Any] | None:
    if reason is None:
        return None
    return {"code": reason.code, "node": reason.node, "facts": list(reason.facts), "text": str(reason)}


def explain(view: View, now: float, service: str) -> Explanation:
    """Explain one service of a view; the rules and orders are those of `decide`. Raises KeyError for one that is not in it."""
    e = Evaluation(view, now)
    found = view.services[service]
    nodes = dict.fromkeys((*found.nodes, *found.instances))
    choice = choose(e, found)
    orders = service_orders(e, found)
    rules = {node: verdicts(e, found, node) for node in nodes}
    measures = {node: number for node in nodes if (number := measured(view, found, node)) is not None}
    return Explanation(service, view.me, choice.candidates, rules, choice.excluded, orders, found.placement, measures)
