"""Storage that all nodes reach, with reservations: who holds a service's exclusive resources."""

from __future__ import annotations

from collections.abc import Callable, Collection

from opensvc_daemon.simulation.runner import Refused


class Storage:
    """Reservations by service. They outlast a crash of their holder. `lose(node, service)` tells who has lost one."""

    def __init__(self, lose: Callable[[str, str], None]) -> None:
        self.holders: dict[str, str] = {}
        self._lose = lose

    def take(self, service: str, node: str, confirmed_down: Collection[str]) -> None:
        """Reserve; take away from a node that is known to be down. Raises Refused where another node has it."""
        holder = self.holders.get(service, node)
        if holder != node:
            if holder not in confirmed_down:
                raise Refused(f"reserved by {holder}")
            self._lose(holder, service)
        self.holders[service] = node

    def release(self, service: str, node: str) -> None:
        """Give up a reservation, where it is held."""
        if self.holders.get(service) == node:
            del self.holders[service]
