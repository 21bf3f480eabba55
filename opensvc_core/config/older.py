"""Older words: what earlier agents read under names that this one has no keyword of the same meaning for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Keywords that are read, and whose place another one takes that can't simply be put under a new name.
SUCCESSORS: Final[Mapping[tuple[str, str], str]] = {
    ("DEFAULT", "autostart_node"): "today 'orchestrate = start', with that node first in 'nodes'",
    ("DEFAULT", "mode"): "every service is hosted; take it out",
}

_ANY: Final = frozenset({"always_on", "zone"})

# Keywords of earlier agents, by group, that no part of this one reads: a file that has them says nothing wrong, and nothing happens.
# A keyword that is declared is never looked up here.
WITHOUT_EFFECT: Final[Mapping[str, frozenset[str]]] = {
    "DEFAULT": _ANY
    | {
        "access",
        "aws",
        "aws_profile",
        "cluster",
        "comp_schedule",
        "docker_swarm_args",
        "docker_swarm_managers",
        "docker_swarm_token",
        "drp_type",
        "drnoaction",
        "pool",
        "postsnap_trigger",
        "presnap_trigger",
        "push_schedule",
        "registry_creds",
        "scale",
        "scaler_slave",
        "size",
        "slaves",
        "svc_flex_cpu_high_threshold",
        "svc_flex_cpu_low_threshold",
    },
    "subset": frozenset(),
    "ip": _ANY | {"dns_name_suffix", "dns_update", "wait_dns", "provisioner", "network"},
    "disk": _ANY | {"dsf", "promote_rw", "vg_options"},
    "fs": _ANY | {"snap_size"},
    "app": _ANY,
    "container": _ANY | {"osvc_root_path", "guestos", "registry_creds"},
    "task": _ANY,
    "sync": _ANY | {"exclude"},
    "share": _ANY,
    "hb": frozenset(),
}
