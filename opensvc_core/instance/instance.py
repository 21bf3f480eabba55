"""An instance: a service on this node, with its resources made from its configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from opensvc_core.config.guarding import Doubt
from opensvc_core.config.vocabulary import ServiceKeywords
from opensvc_core.driver.context import ServiceFacts
from opensvc_core.instance.evaluate import Evaluation
from opensvc_core.instance.part import Part
from opensvc_core.instance.state import State
from opensvc_core.instance.store import Store
from opensvc_core.model.snapshot import InstanceStatus
from opensvc_core.model.status import Status, as_standby


class Instance:
    """What an action or an evaluation works on."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        node: str,
        keywords: ServiceKeywords,
        facts: ServiceFacts,
        state: State,
        subsets: Mapping[str, bool],
        is_node_frozen: bool = False,
        is_older: bool = False,
        store: Store | None = None,
        doubts: Callable[[], Iterable[Doubt]] = tuple,
    ) -> None:
        self.parts, self.keywords, self.facts, self.state, self.subsets = tuple(parts), keywords, facts, state, subsets
        self.node, self.is_older, self.store = node, is_older, store
        self._is_node_frozen, self._doubts = is_node_frozen, doubts
        self._by_rid: dict[str, Part] = {part.rid: part for part in self.parts}

    def part(self, rid: str) -> Part:
        """The part of this rid."""
        return self._by_rid[rid]

    def evaluate(self, running: frozenset[str] = frozenset(), beginning: Callable[[Part], None] | None = None) -> InstanceStatus:
        """See every resource now; `beginning` is told each before it is looked at."""
        return Evaluation(self.parts, self.state, running=running, beginning=beginning).instance(
            self.node, subsets=self.subsets, is_node_frozen=self._is_node_frozen, priority=self.keywords.priority
        )

    def doubts(self) -> tuple[Doubt, ...]:
        """What is to be known of the service as a whole: what a takeover would need, and is not there."""
        return tuple(self._doubts())

    def statuses(self, rids: Sequence[str]) -> dict[str, Status]:
        """The statuses of some resources, seen now; rids that don't exist are left out."""
        evaluation = Evaluation(self.parts, self.state)
        parts = [self._by_rid[rid] for rid in rids if rid in self._by_rid]
        seen = {part.rid: evaluation.observe(part).status for part in parts}
        return {str(part.rid): as_standby(seen[part.rid]) if part.is_standby else seen[part.rid] for part in parts}
