"""The commands: one table of verbs, walked by the reader, the help pages and the completion; a verb's module is imported when it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from opensvc_core.cli import options as o
from opensvc_core.model.commandline import Option, Scope, Verb, Words

Table = tuple[Verb, ...]


def commands(extra: Iterable[Verb] = ()) -> Table:
    """The verbs of the core, then those that plugins bring; a plugin replaces no verb of the core."""
    taken = {(scope, verb.words) for verb in CORE for scope in verb.scopes}
    return CORE + tuple(verb for verb in extra if taken.isdisjoint((scope, verb.words) for scope in verb.scopes))


def in_scope(table: Table, scope: Scope) -> Table:
    """The verbs that work on `scope`."""
    return tuple(verb for verb in table if scope in verb.scopes)


def _verb(
    name: str,
    text: str,
    *options: Option,
    scopes: tuple[Scope, ...] = ("service",),
    positionals: Words = (),
    aliases: Mapping[str, Mapping[str, object]] | None = None,
    needs_selector: bool = True,
    module: str = "",
) -> Verb:
    """A verb of the core; its module is named after its words, unless it shares one (the session tells the words)."""
    older = {tuple(words.split()): preset for words, preset in (aliases or {}).items()}
    place = "opensvc_core.cli.verbs." + (module or name.replace(" ", "_"))
    return Verb(tuple(name.split()), place, text, options, scopes, positionals, older, needs_selector)


def _by_group(action: str) -> dict[str, dict[str, object]]:
    """The older commands on one group, such as `startip`."""
    return {action + group: {"rid": group} for group in ("ip", "disk", "fs", "share", "container", "app")}


_SELECTION: Final = (o.RID, o.TAGS, o.SUBSET)
_ORDER: Final = (o.WAIT, o.TIME)
_ACTION: Final = (o.LOCAL, *_SELECTION, o.FORCE, o.PLAN, o.WAITLOCK)
_SYNC: Final = (*_SELECTION, o.FORCE, o.PLAN, o.WAITLOCK, o.CRON, o.KEEP_OWN)
_EVERY: Final[tuple[Scope, ...]] = ("service", "node", "cluster")
_HOSTS: Final[tuple[Scope, ...]] = ("service", "node")

CORE: Final[Table] = (
    _verb(
        "create",
        "Create a service, frozen.",
        *(o.KW, o.CONFIG, o.ENV, o.INTERACTIVE, o.FORCE),
        needs_selector=False,
    ),
    _verb("ls", "List services.", o.FORMAT, needs_selector=False),
    _verb(
        "delete", "Delete the configuration and the state of the service, or sections of it.", o.LOCAL, o.RID, o.FORCE, o.WAITLOCK, *_ORDER
    ),
    _verb("edit config", "Open the configuration in an editor, and check it after.", scopes=_EVERY),
    _verb(
        "print config",
        "Show the configuration.",
        *(o.EVAL, o.IMPERSONATE, o.FORMAT),
        scopes=_EVERY,
        aliases={"json config": {"format": "json"}},
    ),
    _verb("validate config", "Check the configuration.", o.FIX, o.FORMAT, scopes=_EVERY),
    _verb("get", "Show the values of keywords.", o.KW, o.PARAM, o.EVAL, o.IMPERSONATE, o.FORMAT, scopes=_EVERY),
    _verb("set", "Set keywords.", o.KW, o.PARAM, o.VALUE, o.ADD, o.REMOVE, o.INDEX, scopes=_EVERY),
    _verb("unset", "Remove keywords.", o.KW, o.PARAM, scopes=_EVERY),
    _verb("update", "Set and remove keywords and delete sections, at once.", o.SET, o.UNSET, o.DELETE, o.FORCE, scopes=_EVERY),
    _verb("eval", "Show the values of keywords, resolved.", o.KW, o.PARAM, o.IMPERSONATE, o.FORMAT, scopes=_EVERY, module="get"),
    _verb(
        "print status",
        "Show the status of the service and its resources.",
        *(o.REFRESH, o.NODE, o.SHOW_DISABLED, o.FORMAT, o.COLOR),
        aliases={"json status": {"format": "json"}},
    ),
    _verb("status", "Answer with the status as the exit code.", o.REFRESH),
    _verb("print resinfo", "Show what the resources tell about themselves.", o.FORMAT),
    _verb("push resinfo", "Ask the resources about themselves, and store it.", o.FORMAT, aliases={"push": {}}, module="print_resinfo"),
    _verb("print devs", "Show the devices that the resources use and provide.", o.FORMAT, *_SELECTION),
    _verb("resource monitor", "See to monitored resources that are down, under a cluster manager.", o.CRON),
    _verb("schedule run", "Do what is due by schedule; for cron, or a timer.", scopes=_HOSTS),
    _verb("print schedule", "Show what is done by itself, when it was and when it will be.", o.FORMAT, scopes=_HOSTS),
    _verb(
        "start",
        "Start the service, or resources of it.",
        *(*_ACTION, o.CLUSTER, *_ORDER, o.UPTO, o.DISABLE_ROLLBACK, o.CONFIRM_DOWN),
        aliases=_by_group("start"),
        module="act",
    ),
    _verb("stop", "Stop the service, or resources of it.", *_ACTION, o.CLUSTER, *_ORDER, o.DOWNTO, aliases=_by_group("stop"), module="act"),
    _verb("restart", "Stop, then start.", *_ACTION, o.CLUSTER, *_ORDER, o.DISABLE_ROLLBACK, o.CONFIRM_DOWN, module="act"),
    _verb("boot", "What is due when the node comes up.", *_ACTION),
    _verb("shutdown", "Stop everything, standby resources too.", *_ACTION, *_ORDER),
    _verb(
        "provision",
        "Make what the resources need, then start.",
        *(*_ACTION, o.CLUSTER, *_ORDER, o.UPTO, o.DISABLE_ROLLBACK, o.CONFIRM_DOWN),
        module="act",
    ),
    _verb("unprovision", "Stop, then destroy what provision made.", *_ACTION, o.CLUSTER, *_ORDER, o.DOWNTO, module="act"),
    _verb("set provisioned", "Note that the resources are provisioned.", *_SELECTION, module="mark"),
    _verb("set unprovisioned", "Note that the resources are not provisioned.", *_SELECTION, module="mark"),
    _verb("freeze", "Keep the daemon from starting and stopping on its own.", o.LOCAL, *_ORDER),
    _verb("thaw", "Let the daemon act again.", o.LOCAL, *_ORDER, aliases={"unfreeze": {}}, module="freeze"),
    _verb("freeze", "Keep the daemon from starting and stopping on this node.", o.LOCAL, o.NODE, scopes=("node",)),
    _verb("thaw", "Let the daemon act again on this node.", o.LOCAL, o.NODE, scopes=("node",), aliases={"unfreeze": {}}, module="freeze"),
    _verb("enable", "Let resources take part in actions again.", *_SELECTION, module="enable"),
    _verb("disable", "Keep resources out of actions.", *_SELECTION, module="enable"),
    _verb("run", "Run the tasks of the service.", *_ACTION, o.CRON, module="act"),
    _verb(
        "sync nodes",
        "Copy the configuration and the data to the service's other nodes.",
        *_SYNC,
        aliases={"syncnodes": {}},
        module="sync",
    ),
    _verb("sync drp", "Copy them to the nodes for disaster recovery.", *_SYNC, aliases={"syncdrp": {}}, module="sync"),
    _verb("sync all", "Copy them to all of these nodes.", *_SYNC, aliases={"syncall": {}}, module="sync"),
    _verb("sync update", "The same as 'sync all'.", *_SYNC, aliases={"syncupdate": {}}, module="sync"),
    _verb("postsync", "Put in its place what another node has sent; called by that node.", o.WAITLOCK),
    _verb("logs", "Show the log.", o.FOLLOW, o.LINES, o.LOCAL, scopes=_HOSTS),
    _verb("ls", "List the nodes of the cluster; without a daemon, this one.", o.FORMAT, scopes=("node",), module="node_ls"),
    _verb("print status", "Show whether the node is frozen, and what it has.", o.FORMAT, scopes=("node",), module="node_status"),
    _verb("print asset", "Show what the node is: system, hardware, addresses.", o.FORMAT, scopes=("node",)),
    _verb(
        "print capabilities",
        "Show which drivers the node can run, and why not the others.",
        o.FORMAT,
        scopes=("node",),
        aliases={"scan capabilities": {}},
    ),
    _verb("print devs", "Show the block devices, and the services that use them.", o.FORMAT, scopes=("node",), module="node_devs"),
    _verb("install units", "Have systemd start and stop the services with the node.", o.FORCE, scopes=("node",), module="units"),
    _verb("install man", "Write the manual pages.", o.FOLDER, o.FORCE, scopes=("node",), module="shared"),
    _verb("install completion", "Have shells complete the commands.", o.FOLDER, o.FORCE, scopes=("node",), module="shared"),
    _verb(
        "update ssh keys",
        "Make, exchange and authorise the keys by which nodes log in to each other.",
        *(o.NODE, o.FORCE),
        scopes=("node",),
    ),
    _verb("shutdown", "Stop all services, before the node goes down.", scopes=("node",), module="node_shutdown"),
    _verb("uninstall units", "Have systemd leave the services alone.", o.FORCE, scopes=("node",), module="units"),
    _verb("uninstall man", "Remove the manual pages.", o.FOLDER, o.FORCE, scopes=("node",), module="shared"),
    _verb("uninstall completion", "Have shells complete nothing.", o.FOLDER, o.FORCE, scopes=("node",), module="shared"),
    _verb("drivers", "List the drivers that are installed.", o.FORMAT, scopes=("global",)),
    _verb("driver new", "Make a package with a new driver.", o.FOLDER, scopes=("global",), positionals=("DRIVER",)),
    _verb("keywords", "Show the keywords of a driver.", o.FORMAT, scopes=("global",), positionals=("DRIVER", "[VALUE]")),
    _verb("schema", "Show the JSON schema of a `service`, `node` or `cluster` file.", scopes=("global",), positionals=("KIND",)),
    _verb(
        "mon",
        "Show the nodes and the services of the cluster.",
        *(o.SERVICE, o.WATCH, o.COLOR, o.FORMAT, o.UPDATE_STORED, o.MAX_DELAY),
        scopes=("global",),
        aliases={"monitor": {}},
    ),
)
