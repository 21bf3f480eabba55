"""What an action is made of: which verbs for each resource, in which direction. A table; the code walks it."""

from __future__ import annotations

from typing import NamedTuple


class Pass(NamedTuple):
    """One way through the resources.

    `verbs` are the driver's generators for each resource in turn; `is_reverse`: in the order of a stop. `trigger` is the word in
    the names of the commands around it (`pre_start`).
    """

    verbs: tuple[str, ...]
    trigger: str
    is_reverse: bool = False


class Action(NamedTuple):
    """An action on the resources of an instance.

    Parameters:
        passes: the ways through the resources.
        brings_up: it starts something: a failure is rolled back, and the instance has to be up at the end.
        includes_standby: stops also what is kept up on every node.
        only_standby: acts on such resources alone.
        only_tasks: acts on tasks alone; other actions leave them out.
        targets: acts on what copies data alone: to the nodes of these keywords.
    """

    name: str
    passes: tuple[Pass, ...]
    brings_up: bool = False
    includes_standby: bool = False
    only_standby: bool = False
    only_tasks: bool = False
    targets: tuple[str, ...] = ()

    @property
    def verbs(self) -> frozenset[str]:
        """What it asks of drivers."""
        return frozenset(verb for one in self.passes for verb in one.verbs)

    @property
    def is_sync(self) -> bool:
        """It copies data to other nodes."""
        return bool(self.targets)


_START = Pass(("start",), "start")
_STOP = Pass(("stop",), "stop", is_reverse=True)


def _sync(name: str, *targets: str) -> Action:
    return Action(name, (Pass(("sync",), name),), targets=targets)


ACTIONS = {
    action.name: action
    for action in (
        Action("start", (_START,), brings_up=True),
        Action("startstandby", (_START,), brings_up=True, only_standby=True),
        Action("stop", (_STOP,)),
        Action("restart", (_STOP, _START), brings_up=True),
        Action("shutdown", (_STOP,), includes_standby=True),
        Action("provision", (Pass(("provision", "start"), "provision"),), brings_up=True),
        Action("unprovision", (Pass(("stop", "unprovision"), "unprovision", is_reverse=True),), includes_standby=True),
        Action("run", (Pass(("run",), "run"),), only_tasks=True),
        _sync("sync_nodes", "nodes"),
        _sync("sync_drp", "drpnodes"),
        _sync("sync_all", "nodes", "drpnodes"),
        _sync("sync_update", "nodes", "drpnodes"),
    )
}
