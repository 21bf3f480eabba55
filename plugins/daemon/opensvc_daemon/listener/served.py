"""Served: what the API asks of the monitor. All of it is called in the event loop's thread."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

from opensvc_core.api import OpensvcError

Json: TypeAlias = dict[str, Any]


class Elsewhere(OpensvcError):
    """Another node has to take this order; the listener passes it on, once, to the first of `nodes` that answers.

    Parameters: `nodes` are cluster members, the best one first.
    """

    def __init__(self, text: str, nodes: Sequence[str]) -> None:
        self.nodes = tuple(nodes)
        super().__init__(text)


# What is told of.
KINDS: Final = frozenset({"action", "config", "decision", "fence", "instance", "lease", "link", "missed", "node", "peer", "request"})


class Happenings(Protocol):
    """What happens in the cluster, as this node learns of it."""

    def subscribe(
        self, *, after: int | None = None, kinds: Collection[str] = (), services: Collection[str] = ()
    ) -> AsyncGenerator[Json, None]:
        """The events from now on: `{"id", "kind", "at", "node", "service", "data"}`, `id` strictly increasing, `at` in seconds UTC.

        `after`: those with a higher id too, as far as they are kept; None: only new ones. `kinds`, `services`: only these; empty: all.
        Of a reader that is too slow the oldest are dropped, and `{"id", "kind": "missed", "data": {"count"}}` stands in their place.
        """
        ...


class Served(Protocol):
    """The monitor, as the API sees it.

    The coroutines may touch the disk. Each raises NoSuchObject, ActionRefused, UsageError, … of the core, which become 404, 409, 400, …;
    whatever else is raised becomes a 500, and is logged with the request's id.
    """

    @property
    def events(self) -> Happenings:
        """What happens."""
        ...

    def document(self) -> Mapping[str, Any]:
        """The cluster document of `GET /v1/status`. It is written out piece by piece: what was returned must not be changed any more."""
        ...

    def explain(self, service: str) -> Mapping[str, Any]:
        """Why the service is where it is: `{"reasons": [{"code", "node", "text"}], …}`, and `Explanation.as_data`. Raises NoSuchObject."""
        ...

    async def ask(self, service: str, wish: str, to: Sequence[str], origin: str, id: str = "") -> Mapping[str, Any]:  # noqa: A002 - the document's word
        """Take a request on: `{"id", …}`. `origin` tells who asked, for the log; the request keeps an `id` (16 hex digits) that is given.

        Raises NoSuchObject, UsageError for an unknown wish, ActionRefused with the reason, Elsewhere.
        """
        ...

    def request(self, id: str) -> Mapping[str, Any] | None:  # noqa: A002 - the document's word
        """A request: `{"id", "service", "wish", "sequence", "origin", "to", "progress", "why"}`; None: unknown here.

        Whenever `progress` changes an event of kind `request` tells it, whose data has the `id`.
        """
        ...

    async def ask_node(self, what: str, node: str, id: str = "") -> Mapping[str, Any]:  # noqa: A002 - the document's word
        """`freeze`, `thaw`, `drain`, `undrain`, `clear`, `abort` or `shutdown` a member. Raises ActionRefused, NoSuchObject.

        The logs of both nodes tell the order with the `id` of the call.
        """
        ...

    async def confirm_down(self, node: str, id: str = "") -> None:  # noqa: A002 - the document's word
        """A person knows that a silent member runs nothing; the log tells it with the `id` of the call.

        Raises ActionRefused where it is heard, NoSuchObject.
        """
        ...

    async def stop_daemon(self, kind: str) -> None:
        """`maintenance`, `upgrade`, `stop`: end the daemon, services stay; `shutdown`: they stop first. Returns when it is under way."""
        ...

    async def link(self, name: str, *, run: bool) -> None:
        """Start or stop one direction of a heartbeat: `hb#1.rx`. Raises NoSuchObject."""
        ...

    async def refresh(self, services: Sequence[str] | None) -> None:
        """Look at the services anew (None: at all of them); returns when their status is known. Raises NoSuchObject."""
        ...

    def config_of(self, service: str) -> tuple[str, Mapping[str, int]]:
        """The text of a service's file, and its generations by node. Raises NoSuchObject."""
        ...

    async def take_config(self, service: str, text: str, *, replaces: str | None) -> Mapping[str, int]:
        """Write the text of a service's file: the generations it has then.

        `replaces`: the SHA-256 (hex) of the text it was made from, "" for a service that is new; None: whatever is there.
        Raises ConfigError, ActionRefused where another text is there by now.
        """
        ...

    async def configuration_changed(self) -> None:
        """cluster.conf was written (a join, a leave, a certificate): read it anew and tell beat."""
        ...

    def counters(self) -> Mapping[str, int | Mapping[str, int]]:
        """For `/metrics`, since the monitor's start: `{"decisions": n, "orders": n, "actions_done": {"start": n}, …}`; each is a metric."""
        ...
