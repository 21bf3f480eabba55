"""The world: what the evaluation of a file may know of what is outside of it, and the words of the language that stand for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from opensvc_core.config.keywords import Declares
from opensvc_core.config.nodes import Labels
from opensvc_core.model.names import ServicePath


class World(NamedTuple):
    """What the evaluation may know of what is outside of the file.

    `folders` has `etc`, `var`, `private_var`, `initd` and what else is a path of the agent; `node_values` the values of node.conf's
    sections (`node.loc_city`); `plugins` answers `{prefix://name}`; `node_labels` is asked where a node selector names a label.
    `fenceable`: the nodes that the cluster has a way to end from outside; `has_watchdog`: this one has a device that ends it when nobody
    keeps it alive; `arbitrators`: how many third parties have a vote. `way_in` tells how to get what no installed plugin has: its kind
    (`reference`, `section`) and its name; an empty text where nobody knows. `sections`: the classes of keywords of those sections of
    node.conf and cluster.conf that plugins have, by their first word.
    """

    node: str
    path: ServicePath
    cluster: str = "default"
    cluster_nodes: tuple[str, ...] = ()
    cluster_drpnodes: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    folders: Mapping[str, str] = {}
    node_values: Mapping[str, str] = {}
    environ: Mapping[str, str] = {}
    plugins: Callable[[str, str], str | None] = lambda _prefix, _name: None
    cluster_id: str = ""
    node_labels: Labels = dict
    fenceable: frozenset[str] = frozenset()
    has_watchdog: bool = False
    arbitrators: int = 0
    way_in: Callable[[str, str], str] = lambda _kind, _name: ""
    sections: Callable[[], Mapping[str, type[Declares]]] = dict

    @property
    def has_fencing(self) -> bool:
        """Whether any node can be ended from outside."""
        return bool(self.fenceable)


def words(world: World) -> dict[str, str]:
    """The words of the language: `nodename`, `svcname`, `fqdn`, …; `rid` and `rindex` depend on the section that reads them."""
    path = world.path
    name, domain = path.name, f"{path.namespace}.{path.kind}.{world.cluster}"
    # a slice of a scaler is named `3.web`: its scaler is `web`
    slice_number, dot, scaler = name.partition(".")
    scaler = scaler if dot and slice_number.isdigit() else name
    return {
        **world.folders,
        **dict.fromkeys(("name", "svcname"), name),
        **dict.fromkeys(("short_name", "short_svcname"), name.partition(".")[0]),
        **dict.fromkeys(("scaler_name", "scaler_svcname"), scaler),
        "scaler_short_name": scaler.partition(".")[0],
        **dict.fromkeys(("path", "svcpath"), str(path)),
        "nodename": world.node,
        "short_nodename": world.node.partition(".")[0],
        "namespace": path.namespace,
        "kind": path.kind,
        "fqdn": f"{name}.{domain}",
        "domain": domain,
        "clusterid": world.cluster_id,
        "clustername": world.cluster,
        "clusternodes": " ".join(world.cluster_nodes),
        "clusterdrpnodes": " ".join(world.cluster_drpnodes),
        "dns": " ".join(world.dns),
        # no collector is known to this agent
        "collector_api": "",
    }
