"""The keywords that say where and when a service runs: topology, orchestration, placement, guards."""

from __future__ import annotations

from opensvc_core.config.converters import boolean, integer, text, words_lower
from opensvc_core.config.document import Document
from opensvc_core.config.keywords import Declares, Keyword

GUARDS = ("auto", "none", "fence", "lease", "exclusive")
# The type of a heartbeat that is another program's.
_MANAGER = "openha"
MONITOR_ACTIONS = ("freezestop", "switch", "crash", "reboot", "none")


def monitor_actions(value: str) -> list[str]:
    """One action, or two: the second is for when the first one fails."""
    found = value.lower().split()
    if len(found) > 2 or any(word not in MONITOR_ACTIONS for word in found):
        raise ValueError(f"{value!r}: no monitor actions; allowed: one or two of {', '.join(MONITOR_ACTIONS)}")
    return found


class OrchestrationKeywords(Declares):
    """Part of `[DEFAULT]`."""

    topology = Keyword(
        text,
        default="failover",
        candidates=("failover", "flex"),
        scopable=True,
        aliases=("cluster_type",),
        text="On one node, or on several.",
    )
    orchestrate = Keyword(
        text,
        default="no",
        candidates=("no", "start", "ha"),
        scopable=True,
        text="What the agent starts on its own: nothing, at boot, always.",
    )
    placement = Keyword(
        text,
        default="nodes order",
        candidates=("none", "nodes order", "load avg", "shift", "spread", "score", "last start"),
        text="How the node that runs the service is chosen.",
    )
    flex_primary = Keyword(text, scopable=True, text="The node that leads a flex service; default: the first of `nodes`.")
    drp_flex_primary = Keyword(text, scopable=True, text="The same among `drpnodes`.")
    flex_min = Keyword(integer, default=1, aliases=("flex_min_nodes",), text="Instances of a flex service that are wanted at least.")
    flex_max = Keyword(integer, default=0, aliases=("flex_max_nodes",), text="Instances that are allowed at most; 0: one on each node.")
    flex_target = Keyword(integer, default=0, text="Instances that are wanted; 0: as many as `flex_min`.")
    priority = Keyword(integer, default=100, scopable=True, text="Lower is more important.")
    parents = Keyword(words_lower, default=[], scopable=True, text="Services to be up before this one.", example="db web@n1")
    children = Keyword(words_lower, default=[], scopable=True, text="Services to be down before this one goes down.")
    hard_affinity = Keyword(words_lower, default=[], aliases=("affinity",), text="Services that have to be up on the node.", example="db")
    hard_anti_affinity = Keyword(words_lower, default=[], aliases=("anti_affinity",), text="Services that must not be up on the node.")
    soft_affinity = Keyword(words_lower, default=[], text="Services beside which it runs if it can.")
    soft_anti_affinity = Keyword(words_lower, default=[], text="Services that it keeps away from if it can.")
    constraints = Keyword(
        boolean,
        default=True,
        scopable=True,
        text="Whether this node may run it, from what the node knows of itself.",
        example='$("{node.loc_city}" == "Paris")',
    )
    guard = Keyword(
        text,
        default="auto",
        candidates=GUARDS,
        text="What makes sure that a silent node has it down before it is started elsewhere: fencing that is confirmed, a lease of the "
        "majority, a reservation of its disks. `auto`: the reservation where all that has data stands on disks with `scsireserv`, else "
        "fencing where it is configured, else none. `exclusive` with anything that is not reserved is none.",
    )
    split_policy = Keyword(
        text,
        default="refuse",
        candidates=("refuse", "accept"),
        text="Without a guard, and with data at stake: whether a start that may be the second one is refused or accepted.",
    )
    split_resolution = Keyword(
        text,
        default="freeze",
        candidates=("freeze", "quorum"),
        text="When it is found up on two nodes: both are kept and frozen, or the one stays whose node had the quorum.",
    )
    monitor_action = Keyword(
        monitor_actions,
        default=[],
        scopable=True,
        text="What follows when a monitored resource stays down; a second word is for when the first one fails. Default: `switch` of a "
        "service with `orchestrate = ha`. Where a cluster manager has the service: `none`, or `freezestop`, whatever else is said.",
        example="freezestop crash",
    )
    pre_monitor_action = Keyword(text, scopable=True, text="A command run before `monitor_action`.")
    stonith = Keyword(boolean, default=False, scopable=True, text="Fence the node that had the service before taking it over.")


def manager_of(document: Document) -> str:
    """The section that hands a service to a cluster manager beside this agent, or an empty text."""
    heartbeats = (name for name in document.sections() if name.startswith("hb#"))
    return next((name for name in heartbeats if (document.get(name, "type") or "").lower() == _MANAGER), "")
