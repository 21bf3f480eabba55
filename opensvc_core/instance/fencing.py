"""Fencing: for each `[stonith#NODE]` of node.conf and cluster.conf, the agent that can end that node, and the one door to it.

A node is fenced when the agent has confirmed it, and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from opensvc_core.driver.cluster import FenceAgent, FencePlace
from opensvc_core.errors import ActionFailed, OpensvcError
from opensvc_core.instance.told import values_of
from opensvc_core.system.commands import CommandRunner

if TYPE_CHECKING:
    from opensvc_core.instance.surroundings import Surroundings

PREFIX: Final = "stonith#"


class Fencing(Protocol):
    """A node, as far as it fences others."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def fence_agents(self) -> dict[str, FenceAgent | OpensvcError]:
        """See below."""
        ...


def fence(node: Fencing, target: str, limit: float | None = None) -> None:
    """Return when a node is confirmed to be down.

    Parameters:
        node: this node.
        target: the one to be fenced.
        limit: seconds; not more than the `timeout` of `[stonith#TARGET]`, which counts where there is none.

    Raises ActionFailed, with the reason in a line, in every other case.
    """
    agent = _agent_for(node, target.lower())
    seconds = agent.timeout if limit is None else min(limit, agent.timeout)
    if problem := agent.problem():
        raise ActionFailed(problem)
    try:
        agent.fence(seconds)
    except ActionFailed:
        raise
    except Exception as error:  # whatever a plugin raises, it is no confirmation
        raise ActionFailed(f"{agent.place.name}: {target} is not known to be down: {type(error).__name__}: {error}") from error


def _agent_for(node: Fencing, target: str) -> FenceAgent:
    if target == node.name.lower():
        raise ActionFailed(f"{target} is this node: it can't confirm its own end")
    found = node.fence_agents().get(target)
    if found is None:
        raise ActionFailed(f"nothing is configured to fence {target}: [stonith#{target}] of cluster.conf says how")
    if isinstance(found, OpensvcError):
        raise ActionFailed(f"{target} can't be fenced: {found}")
    return found


def fence_agents(node: Surroundings) -> dict[str, FenceAgent | OpensvcError]:
    """The agents by the node that they fence, in the order of the files; in the place of one that can't be made, the reason."""
    found: dict[str, FenceAgent | OpensvcError] = {}
    for section in (name for name in node.config.sections() if name.startswith(PREFIX)):
        target = section.removeprefix(PREFIX).lower()
        try:
            found[target] = _agent(node, section, target)
        except OpensvcError as error:
            found[target] = error
    return found


def _agent(node: Surroundings, section: str, target: str) -> FenceAgent:
    config = node.config
    driver = f"stonith.{config.value(section, FenceAgent.type)}"
    kind: type[FenceAgent] = node.registry.plugged(driver, FenceAgent)  # type: ignore[type-abstract] # a kind
    names = dict.fromkeys(key.partition("@")[0] for key in config.items(section))
    words = {name: found for name in names if (found := config.text(section, name)) is not None}
    return kind(FencePlace(section, node.name, target, words, CommandRunner().run), values_of(config, section, kind))
