"""Fencing: for each `[stonith#NODE]` of node.conf and cluster.conf, the agent that can end that node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opensvc_core.driver.cluster import FenceAgent, FencePlace
from opensvc_core.errors import OpensvcError
from opensvc_core.instance.heartbeats import values_of
from opensvc_core.system.commands import CommandRunner

if TYPE_CHECKING:
    from opensvc_core.instance.surroundings import Surroundings

PREFIX: Final = "stonith#"


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
