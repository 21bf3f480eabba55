"""The heartbeats of a node: a link for each `[hb#…]` of node.conf and cluster.conf that it takes part in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opensvc_core.config.service import ServiceConfig
from opensvc_core.config.vocabulary import HeartbeatKeywords
from opensvc_core.driver.cluster import HeartbeatLink, LinkPlace
from opensvc_core.errors import OpensvcError
from opensvc_core.instance.told import values_of

if TYPE_CHECKING:
    from opensvc_core.instance.surroundings import Surroundings


def heartbeats(node: Surroundings) -> dict[str, HeartbeatLink | OpensvcError]:
    """The links by section, in the order of the files; in the place of one that can't be made, the reason."""
    found: dict[str, HeartbeatLink | OpensvcError] = {}
    for section in (name for name in node.config.sections() if name.startswith("hb#")):
        try:
            nodes = _nodes(node, section)
            if node.name in nodes:
                found[section] = _link(node, section, [name for name in nodes if name != node.name])
        except OpensvcError as error:
            found[section] = error
    return found


def _nodes(node: Surroundings, section: str) -> Sequence[str]:
    """The nodes that use a link: those of the section, else all members."""
    named = node.config.value(section, HeartbeatKeywords.nodes)
    return list(dict.fromkeys(named or [*node.cluster.nodes, *node.cluster.drpnodes, node.name]))


def _link(node: Surroundings, section: str, peers: Sequence[str]) -> HeartbeatLink:
    kind: type[HeartbeatLink] = node.registry.plugged(_driver(node.config, section), HeartbeatLink)  # type: ignore[type-abstract] # a kind
    values = {peer: values_of(node.config_of("node", node=peer), section, kind) for peer in peers}
    return kind(LinkPlace(section, node.name, node.cluster.name, values), values_of(node.config, section, kind))


def _driver(config: ServiceConfig, section: str) -> str:
    found = config.resource(section)
    if found.driver == found.group:
        raise config.error("type is required: 'om drivers' lists those that are installed", section)
    return found.driver
