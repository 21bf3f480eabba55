"""A plan: the operations that an action would carry out, written down before anything is done."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_core.instance.executors import Noted
from opensvc_core.instance.request import Request
from opensvc_core.model.names import ServicePath


class Plan(NamedTuple):
    """What an action would do, in order.

    `operations` are in the order of execution (inside a parallel subset, in any order); those with `is_change` false
    found the host as it should be. `service.run(plan)` carries it out.
    """

    service: ServicePath
    request: Request
    operations: tuple[Noted, ...]

    def __str__(self) -> str:
        return "\n".join(
            f"{operation.rid or self.service}: {operation.text}" + (f" (if {operation.condition})" if operation.condition else "")
            for operation in self.operations
        )
