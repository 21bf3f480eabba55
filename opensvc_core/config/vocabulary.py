"""What every service file may say, whatever its drivers: the keywords of `[DEFAULT]`, of any resource, of subsets, of the node."""

from __future__ import annotations

from collections.abc import Mapping

from opensvc_core.config.arbitration import ArbitratorKeywords
from opensvc_core.config.converters import (
    boolean,
    command_line,
    duration,
    integer,
    lower,
    reservation_key,
    schedule_text,
    shell_words,
    text,
    tristate,
    word_set,
    words,
    words_lower,
)
from opensvc_core.config.keywords import Declares, Deferred, Keyword
from opensvc_core.config.limits import LimitKeywords
from opensvc_core.config.orchestration import OrchestrationKeywords
from opensvc_core.model.requirements import readable

ENVIRONMENTS = tuple(
    ["CERT", "DEV", "DRP", "FOR", "INT", "MUS", "POC", "PRA", "PRD", "PRJ", "PPR", "PPRD", "QUAL", "RCT", "REC", "STG", "TMP", "TST", "UAT"]
)


def is_trigger(key: str) -> bool:
    """Whether a key, with or without a scope, is a command around an action."""
    return key.startswith(("pre_", "post_", "blocking_")) and key.partition("@")[0] != "pre_monitor_action"


def _trigger(action: str, phase: str) -> Keyword[str | None]:
    when = "before" if "pre" in phase else "after"
    failing = "a failure stops the action" if phase.startswith("blocking") else "a failure is a warning"
    return Keyword(command_line, scopable=True, inherit="", text=f"Command run {when} `{action}`; {failing}.")


class Triggers(Declares):
    """Commands of the administrator around the steps of an action."""

    pre_start = _trigger("start", "pre")
    blocking_pre_start = _trigger("start", "blocking_pre")
    post_start = _trigger("start", "post")
    blocking_post_start = _trigger("start", "blocking_post")
    pre_stop = _trigger("stop", "pre")
    blocking_pre_stop = _trigger("stop", "blocking_pre")
    post_stop = _trigger("stop", "post")
    blocking_post_stop = _trigger("stop", "blocking_post")
    pre_provision = _trigger("provision", "pre")
    blocking_pre_provision = _trigger("provision", "blocking_pre")
    post_provision = _trigger("provision", "post")
    blocking_post_provision = _trigger("provision", "blocking_post")
    pre_unprovision = _trigger("unprovision", "pre")
    blocking_pre_unprovision = _trigger("unprovision", "blocking_pre")
    post_unprovision = _trigger("unprovision", "post")
    blocking_post_unprovision = _trigger("unprovision", "blocking_post")
    pre_run = _trigger("run", "pre")
    blocking_pre_run = _trigger("run", "blocking_pre")
    post_run = _trigger("run", "post")
    blocking_post_run = _trigger("run", "blocking_post")
    pre_sync_nodes = _trigger("sync_nodes", "pre")
    blocking_pre_sync_nodes = _trigger("sync_nodes", "blocking_pre")
    post_sync_nodes = _trigger("sync_nodes", "post")
    blocking_post_sync_nodes = _trigger("sync_nodes", "blocking_post")
    pre_sync_drp = _trigger("sync_drp", "pre")
    blocking_pre_sync_drp = _trigger("sync_drp", "blocking_pre")
    post_sync_drp = _trigger("sync_drp", "post")
    blocking_post_sync_drp = _trigger("sync_drp", "blocking_post")
    pre_sync_all = _trigger("sync_all", "pre")
    blocking_pre_sync_all = _trigger("sync_all", "blocking_pre")
    post_sync_all = _trigger("sync_all", "post")
    blocking_post_sync_all = _trigger("sync_all", "blocking_post")
    pre_sync_update = _trigger("sync_update", "pre")
    blocking_pre_sync_update = _trigger("sync_update", "blocking_pre")
    post_sync_update = _trigger("sync_update", "post")
    blocking_post_sync_update = _trigger("sync_update", "blocking_post")

    def command(self, phase: str, action: str) -> str:
        """The command of a phase (`blocking_pre`) of an action, or an empty text. Raises ConfigError for one that can't be evaluated."""
        value = self.values.get(f"{phase}_{action}")
        return str((value.ask() if isinstance(value, Deferred) else value) or "")


class ServiceKeywords(Triggers, LimitKeywords, OrchestrationKeywords):
    """`[DEFAULT]`: the service itself."""

    id = Keyword(text, inherit="", text="The service's identity (a UUID), given when it is created.")
    comment = Keyword(text, inherit="", text="A note of the administrator.")
    app = Keyword(text, default="default", text="The application that the service is part of.")
    env = Keyword(text, candidates=ENVIRONMENTS, aliases=("service_type",), text="The environment: PRD, DEV, TST, …; default: the node's.")
    mode = Keyword(text, default="hosted", candidates=("hosted",), text="Older files' word for the container type; always `hosted`.")
    nodes = Keyword(words_lower, default=[], scopable=True, text="The nodes that may run the service; default: this node.", example="n1 n2")
    drpnodes = Keyword(words_lower, default=[], scopable=True, text="The nodes that take part in disaster recovery.")
    drpnode = Keyword(lower, scopable=True, text="The first of `drpnodes`.")
    encapnodes = Keyword(words_lower, default=[], text="The containers that run an agent of their own for this service.")
    autostart_node = Keyword(words_lower, default=[], scopable=True, text="Older files: the node that starts the service at boot.")
    rollback = Keyword(boolean, default=True, scopable=True, text="Undo a start that failed.")
    disable = Keyword(boolean, default=False, scopable=True, text="Leave the whole service alone.")
    create_pg = Keyword(boolean, default=True, scopable=True, text="Keep processes in control groups; without them there are no limits.")
    lock_timeout = Keyword(duration, default=60.0, text="Seconds to wait for another action on the same instance.")
    show_disabled = Keyword(boolean, default=True, scopable=True, text="Show disabled resources in the status.")
    docker_data_dir = Keyword(
        text,
        name="container_data_dir",
        scopable=True,
        text="The data of the service's private docker daemon.",
        aliases=("docker_data_dir",),
    )
    docker_daemon_args = Keyword(shell_words, default=[], scopable=True, text="Arguments for the service's private docker daemon.")
    run_requires = Keyword(readable, default="", scopable=True, text="Resources and their states without which tasks don't run.")
    status_schedule = Keyword(
        schedule_text, default="@10", scopable=True, text="When the stored status is refreshed; 'print schedule' tells what follows."
    )
    resinfo_schedule = Keyword(schedule_text, default="@60", scopable=True, text="When the resources are asked about themselves.")
    monitor_schedule = Keyword(
        schedule_text,
        default="",
        scopable=True,
        text="When it is looked whether monitored resources are up, where a cluster manager has the service; default: @1 if there are any.",
        example="@2",
    )
    run_schedule = Keyword(schedule_text, default="", scopable=True, text="When tasks run that have no schedule of their own.")
    sync_schedule = Keyword(
        schedule_text,
        default="04:00-06:00@121",
        scopable=True,
        text="When data is copied that has no schedule of its own; default in an older file: 03:59-05:59@121.",
        example='["02:00-04:00@121 mon-fri", "@121 sat,sun"]',
    )


class ResourceKeywords(Triggers, LimitKeywords):
    """Any resource: what the core, not the driver, does with it."""

    type = Keyword(text, scopable=True, inherit="", text="The driver inside its group.")
    comment = Keyword(text, inherit="", text="A note of the administrator.")
    tags = Keyword(word_set, default=frozenset(), scopable=True, text="Labels for `--tags`; `noaction` and `nostatus` have a meaning.")
    subset = Keyword(text, default="", scopable=True, inherit="", text="The set of resources that it is part of.")
    disable = Keyword(boolean, default=False, scopable=True, inherit="", text="Leave it alone; its status is n/a.")
    optional = Keyword(tristate, scopable=True, text="Its failure is a warning, and `avail` doesn't count it.")
    standby = Keyword(tristate, scopable=True, text="Kept up on the nodes that don't run the service as well.")
    monitor = Keyword(boolean, default=False, scopable=True, text="When it is down while the service is up, `monitor_action` follows.")
    restart = Keyword(
        integer, default=0, scopable=True, text="How often it is started again before it counts as failed; standby: twice at least."
    )
    restart_delay = Keyword(duration, default=0.0, scopable=True, text="Seconds between two such starts.")
    shared = Keyword(boolean, default=False, scopable=True, text="Provisioned once for all nodes.")
    provision = Keyword(boolean, default=True, scopable=True, text="Take part in `provision`.")
    unprovision = Keyword(boolean, default=True, scopable=True, text="Take part in `unprovision`.")
    encap = Keyword(boolean, default=False, scopable=True, text="Left to the agent inside the service's container.")
    scsireserv = Keyword(boolean, default=False, aliases=("scsi_reserve",), text="Reserve the disks for the node that has them active.")
    prkey = Keyword(
        reservation_key,
        scopable=True,
        text="The key of this node in reservations; default: the one in node.conf, else one made of the node's name.",
        example="0x2f00000000000001",
    )
    no_preempt_abort = Keyword(
        boolean, default=False, scopable=True, text="Take a reservation over without ending the commands that the other node has under way."
    )
    start_requires = Keyword(readable, default="", scopable=True, inherit="", text="Resources and states without which it doesn't start.")
    stop_requires = Keyword(readable, default="", scopable=True, inherit="", text="The same for stop.")
    provision_requires = Keyword(readable, default="", scopable=True, inherit="", text="The same for provision.")
    unprovision_requires = Keyword(readable, default="", scopable=True, inherit="", text="The same for unprovision.")
    run_requires = Keyword(readable, default="", scopable=True, text="The same for run.")
    sync_nodes_requires = Keyword(readable, default="", scopable=True, inherit="", text="The same for sync nodes.")
    sync_drp_requires = Keyword(readable, default="", scopable=True, inherit="", text="The same for sync drp.")
    sync_all_requires = Keyword(readable, default="", scopable=True, inherit="", text="The same for sync all.")
    sync_update_requires = Keyword(readable, default="", scopable=True, inherit="", text="The same for sync update.")


class SubsetKeywords(LimitKeywords):
    """`[subset#group:name]`."""

    parallel = Keyword(boolean, default=False, scopable=True, inherit="", text="Its resources start and stop at the same time.")


class NodeKeywords(Declares):
    """`[node]` of node.conf: this node."""

    prkey = Keyword(reservation_key, text="Its key in reservations of disks; default: one made of its name.", example="0x2f00000000000001")
    env = Keyword(text, default="TST", candidates=ENVIRONMENTS, aliases=("host_mode",), text="The environment that this node is part of.")
    ruser = Keyword(text, default="root", aliases=("user",), text="The user that logs in to the peers.")
    maintenance_grace_period = Keyword(duration, default=60.0, text="Seconds that a restart of the daemon is waited for by the peers.")
    rejoin_grace_period = Keyword(duration, default=90.0, text="Seconds after boot in which missing peers are waited for.")
    ready_period = Keyword(duration, default=1.0, text="Seconds between ready and starting, in which peers may object.")
    split_action = Keyword(
        text,
        default="stop",
        candidates=("stop", "crash", "reboot"),
        text="What a node does that lost the quorum: stop its services, or end itself.",
    )
    fence_delay = Keyword(duration, default=5.0, text="Seconds that the peer with the more important services may fence first.")
    fence_retry = Keyword(duration, default=30.0, text="Seconds between two attempts to fence a node.")
    max_parallel = Keyword(integer, default=10, text="Actions that run at the same time.")
    uuid = Keyword(text, text="The node's identity.")
    loc_country = Keyword(text, text="Where it stands: country.")
    loc_city = Keyword(text, text="Where it stands: city.")
    loc_building = Keyword(text, text="Where it stands: building.")
    loc_room = Keyword(text, text="Where it stands: room.")
    loc_rack = Keyword(text, text="Where it stands: rack.")


class ClusterKeywords(Declares):
    """`[cluster]` of cluster.conf: the nodes that work together."""

    name = Keyword(text, default="default", text="The cluster's name.")
    id = Keyword(text, text="The cluster's identity.")
    secret = Keyword(text, text="The key that its members share.")
    next_secret = Keyword(text, text="The key that is to follow `secret`: it is used as soon as all members have it.")
    nodes = Keyword(words, default=[], text="Its members.")
    drpnodes = Keyword(words, default=[], text="Its members for disaster recovery.")
    dns = Keyword(words, default=[], scopable=True, text="The addresses of its name servers.")
    quorum = Keyword(boolean, default=False, text="A part without the majority stops its services.")
    lease = Keyword(duration, default=10.0, text="Seconds for which a majority lets a node run a service with `guard = lease`.")
    lease_renewal = Keyword(duration, default=1.0, text="Seconds between two renewals of a lease.")
    lease_stop_limit = Keyword(duration, default=5.0, text="Seconds that the stop of a service may take whose lease is not renewed.")
    lease_drift = Keyword(float, default=0.01, text="How fast or slow the clocks of two nodes may be, as a share.", example="0.01")


class HeartbeatKeywords(Declares):
    """`[hb#…]` of node.conf or cluster.conf: what every heartbeat has."""

    type = Keyword(text, required=True, inherit="", text="The heartbeat's driver.")
    timeout = Keyword(duration, default=5.0, scopable=True, inherit="", text="Seconds without a beat until a peer is stale.")
    interval = Keyword(duration, default=1.0, scopable=True, inherit="", text="Seconds between beats.")
    nodes = Keyword(words, default=[], scopable=True, inherit="", text="The members that use it; default: all.", example="n1 n2")


class ListenerKeywords(Declares):
    """`[listener]` of node.conf or cluster.conf: where the daemon's API listens."""

    port = Keyword(integer, default=1214, scopable=True, text="The TCP port; 0: only the unix socket of the node.")
    addr = Keyword(
        text,
        default="",
        scopable=True,
        text="The address to listen on, and where the other members find the API; default: all addresses, and the node's name.",
        example="10.0.0.1",
    )


class TokenKeywords(Declares):
    """`[token#…]` of cluster.conf: who may call the API without being a member; `om daemon token` makes it."""

    role = Keyword(text, required=True, inherit="", candidates=("admin", "operator", "guest"), text="What it may do.", example="operator")
    hash = Keyword(text, required=True, inherit="", text="SHA-256 of the token, which is shown once and kept nowhere.", example="9f86d081")
    expires = Keyword(integer, inherit="", text="When it ends, in seconds since 1970-01-01 UTC; default: never.", example="1893456000")


# Sections of node.conf and cluster.conf whose words are free, or belong to other parts: the daemon, older agents.
HOST_OTHERS = frozenset({"env", "labels", "syslog", "reboot", "network", "pool", "array", "switch", "stonith", "watchdog"})
# The sections of node.conf and cluster.conf that have declarations.
HOST_SECTIONS: Mapping[str, type[Declares]] = {
    "node": NodeKeywords,
    "cluster": ClusterKeywords,
    "hb": HeartbeatKeywords,
    "listener": ListenerKeywords,
    "token": TokenKeywords,
    "arbitrator": ArbitratorKeywords,
}
