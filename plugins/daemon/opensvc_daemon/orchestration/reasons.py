"""Reasons: why something is done or left, as a stable code with its facts, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

# The codes are part of the interface: programs read them. `{0}`, `{1}` … are the facts; `{node}` is the node it is about.
TEXTS: Mapping[str, str] = {
    # nodes that are no candidates
    "node.unknown": "{node} is not a member of the cluster",
    "node.deaf": "{node} does not hear this node",
    "node.silent": "{node} is silent",
    "node.unseen": "{node} was not heard since the daemon began here",
    "node.gone": "{node} is down",
    "node.init": "{node} is still looking at its services",
    "node.state": "{node} is in {0}",
    "node.frozen": "{node} is frozen: 'om node thaw' there",
    "node.overloaded": "{node} is overloaded",
    "node.version": "{node} runs daemon protocol {0}, this node {1}: upgrade the older one",
    "instance.missing": "{node} has no instance",
    "instance.foreign": "{node} is none of its nodes any more",
    "instance.unprovisioned": "the instance on {node} is not provisioned: 'provision' makes it",
    "instance.frozen": "the instance on {node} is frozen: 'thaw' there",
    "instance.failed": "the last action on {node} failed ({0}): 'clear' after a look at its log",
    "instance.n/a": "the instance on {node} has no status of its own",
    "instance.constraints": "{node} does not meet the constraints",
    "affinity.hard": "{0} is not up on {node}",
    "anti-affinity.hard": "{0} is up on {node}",
    "affinity.soft": "{0} is up on another candidate, not on {node}",
    "anti-affinity.soft": "{0} is up on {node}, and another candidate is free of it",
    # the service
    "service.disabled": "the service is disabled",
    "service.managed": "a cluster manager beside the daemon starts and stops it",
    "orchestrate.no": "orchestrate is 'no': started on request only",
    "orchestrate.start": "orchestrate is 'start': only {0} starts it by itself",
    "placement.none": "placement is 'none': started on request only",
    "placement.leader": "{node} is the best of {0}",
    "placement.preferred": "{node} is preferred",
    "service.up": "it is up on {node}",
    "service.wanted": "no node that is heard has it up",
    "service.warn": "it is in warn on {node}: it is not taken over from there before it is down; look at its resources",
    "service.undef": "its status on {node} is not known",
    "service.acting": "{node} has an action under way ({0})",
    "service.dirty": "the start on {node} failed and was not rolled back: stop it there, then 'clear'",
    "service.config": "{node} has another configuration of it",
    "flex.missing": "{0} of {1} wanted instances are up",
    "flex.excess": "{0} instances are up, {1} are wanted",
    "split": "it is active on {0} at once",
    "split.freeze": "the split is kept as it is, frozen, for a person to resolve: 'stop --local' on one node, then 'thaw'",
    "split.lease": "the lease decides: the node that can't renew it stops",
    "split.untold": "it was active on {node}, which has said something since that has not arrived here yet",
    "split.heard": "it is active on {node} by its word, which may be old: it was not heard until a moment ago, and looks for {0} more",
    "split.quorum": "{node} had the quorum, this node had not",
    "parents": "{0} is not up",
    "children": "{0} is not down",
    "ready": "ready for {0} more, so that others can object",
    "ready.unheard": "{node} has not yet acknowledged that this node is ready",
    "ready.contest": "{node} is ready as well, and comes first",
    "ready.over": "the ready period is over and nobody objected",
    "parallel": "as many actions run here as may at once ({0}, max_parallel)",
    # nodes that may have it active
    "awaited": "{node} announced {0} and is awaited for {1} more",
    "peer.left": "{node} has it down and nobody stopped it there: what is left of it is taken over",
    "peer.released": "{node} has stopped it, and all tell that it is down: nobody has to be asked on the network",
    "peer.shutting": "{node} is shutting down",
    "guard.none": (
        "{node} does not answer and may have it active; data is at stake and no guard is configured: configure fencing or a lease, "
        "accept the risk with 'split_policy = accept', or confirm with '--confirm-down {node}' that the node is down"
    ),
    "guard.accept": "{node} does not answer; a double start is accepted (split_policy)",
    "guard.removing": (
        "{node} does not answer, and may be removing what the service stands on: it starts when {node} is heard, or is confirmed to be "
        "down with '--confirm-down {node}'"
    ),
    "guard.probe": "{node} does not answer; no data is at stake: it starts if nobody answers for its addresses",
    "guard.own": "{node} does not answer; it was up here, so it starts if {node} has not taken it over",
    "guard.exclusive": "{node} does not answer; what it holds is taken over",
    "fence.unable": "{node} does not answer and nothing is configured to fence it",
    "fence.running": "{node} is being fenced",
    "fence.failed": "fencing {node} failed, it is tried again in {0}; '--confirm-down {node}' where the node is known to be down",
    "fence.delay": "{node} runs what is more important, so it may fence first: {0} more",
    "fence.minority": "this part of the cluster has less than half of the votes ({0} of {1}): it fences nobody",
    "fence": "{node} does not answer and may have {0} active",
    "fence.confirmed": "{node} is confirmed to be down",
    "lease.needed": "it runs with a lease of the majority only",
    "lease.asked": "the lease is being asked for",
    "lease.refused": "the majority does not grant the lease: another node has it, or too few answer",
    "lease.held": "the lease is held",
    "lease.idle": "it is down here: the lease is given back",
    # this node
    "self.state": "this node is in {0}",
    "self.woke": "this node was away for a moment and listens for {0} before it starts anything",
    "quorum.missing": "this part of the cluster has {0} of {1} votes",
    "rejoin.complete": "all members are there",
    "rejoin.running": "{node} is there and runs already",
    "rejoin.over": "the rejoin grace period is over",
    "rejoin.waiting": "the cluster begins: waiting for {0}, {1} at most",
    "drain": "this node is being drained",
    "drain.frozen": "this node is being drained, but the instance is frozen",
    "drain.done": "everything has stopped here that is not frozen",
    "shutdown": "this node is being shut down",
    # resources
    "resource.down": "{0} is down",
    "resource.restart": "{0} is down: {1} restarts are left",
    "resource.delay": "{0} is started again in {1}",
    "resource.standby": "{0} is a standby resource and down",
    "monitor.action": "{0} is monitored and stays down",
    "monitor.no-action": "{0} is monitored and stays down, but no monitor_action is configured",
    "monitor.no-candidate": "{0} is monitored and stays down, but no other node can take over",
    "monitor.no-takeover": "{0} is monitored and stays down, but after '{1}' of {node} no guard would let another node take over",
    "monitor.failed": "{0} is monitored and stays down; the monitor action {1} failed, and nothing is configured to follow it",
    # requests
    "request": "requested: {0}",
    "request.done": "{0} is done",
    "request.failed": "it failed on {node}",
    "request.silent": "{node} does not answer and may not have done it",
    "request.gone": "{node} is down and would bring it back: start it, or take it out of 'nodes'",
    "request.late": "{node} was away when {0} was asked for and done",
    "request.waiting": "{node} has not done it yet",
    "request.provision-up": (
        "{node} lacks what it needs, and to make it would start it there for a moment, while it is up on {0}: 'stop' it first, or where "
        "nothing is to be made 'set provisioned' on {node}"
    ),
    "request.target": "there is no node to go to: {0}",
    "request.targets": "it runs on one node, and several are named: {0}",
    "request.unavailable": "no node is able to do it",
    "action.running": "an action is under way here ({0})",
}


class Reason(NamedTuple):
    """One reason: its code, the node that it is about, and its facts in the order of the text."""

    code: str
    node: str = ""
    facts: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In words."""
        return TEXTS[self.code].format(*self.facts, node=self.node)
