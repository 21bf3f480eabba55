"""The options of the command line: one declaration each, from which runs are read, help pages and completions are made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from opensvc_core.model.commandline import Option

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST: Final = 10 * 366 * 86400
_NUMBER: Final = r"\d+(?:\.\d+)?"


class Arguments(NamedTuple):
    """What a verb is given: each option of the core with its value, the further words, and the options of plugins in `more`.

    Durations are seconds; None where there is a value to be told from none.
    """

    positionals: tuple[str, ...] = ()
    more: Mapping[str, object] = MappingProxyType({})
    add: str | None = None
    at: int | None = None
    cluster: bool = False
    color: str = "auto"
    config: str = ""
    confirm_down: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    cron: bool = False
    disable_rollback: bool = False
    downto: str = ""
    env: tuple[str, ...] = ()
    eval: bool = False
    fix: bool = False
    folder: str = ""
    follow: bool = False
    force: bool = False
    format: str = "human"
    impersonate: str = ""
    interactive: bool = False
    keep_own: bool = False
    kw: tuple[str, ...] = ()
    lines: int | None = None
    local: bool = False
    max_delay: float | None = None
    node: str = ""
    param: str = ""
    plan: bool = False
    refresh: bool = False
    set: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    remove: str | None = None
    rid: str = ""
    show_disabled: bool = False
    subset: str = ""
    tags: str = ""
    time: float | None = None
    update_stored: bool = False
    upto: str = ""
    value: str | None = None
    wait: bool = False
    waitlock: float | None = None
    watch: bool = False


def seconds(text: str) -> float:
    """Read a duration: `90`, `5m`, `1h30m`. Raises ValueError."""
    if re.fullmatch(rf"{_NUMBER}|(?:{_NUMBER}[smhd])+", text, re.ASCII) is None:
        raise ValueError("a duration such as 90, 5m or 1h30m")
    total = sum(float(number) * _UNITS[unit] for number, unit in re.findall(rf"({_NUMBER})([smhd]?)", text, re.ASCII))
    if total > _LONGEST:
        raise ValueError("at most 10 years")
    return total


def count(text: str) -> int:
    """Read a whole number, 0 or more. Raises ValueError."""
    if re.fullmatch(r"\d{1,9}", text, re.ASCII) is None:
        raise ValueError("a whole number")
    return int(text)


def not_empty(text: str) -> str:
    """Refuse an empty value, which for a selection would mean everything. Raises ValueError."""
    if not text.strip(" ,"):
        raise ValueError("a value that is not empty")
    return text


# Taken by every command.
HELP: Final = Option("help", ("--help", "-h"), "Show this page.")
VERSION: Final = Option("version", ("--version",), "Show the version.")
# Taken by the commands of services where the program does not name the service itself.
SERVICE: Final = Option("service", ("--service", "-s"), "The service, or a selector of several.", "SERVICE", not_empty, complete="service")

ADD: Final = Option("add", ("--add",), "Add this word to the list that --param holds.", "WORD")
CLUSTER: Final = Option("cluster", ("--cluster",), "Act on this node in the place of the cluster manager that has the service.")
COLOR: Final = Option("color", ("--color",), "Colours: yes, no, or auto for a terminal.", "WHEN", choices=("auto", "yes", "no"))
CONFIG: Final = Option(
    "config", ("--config",), "Begin with the configuration of this service or file; - reads JSON from the input.", "FROM", not_empty
)
CONFIRM_DOWN: Final = Option(
    "confirm_down",
    ("--confirm-down",),
    "This node is known to be dead: what it held may be taken over; may be repeated.",
    "NODE",
    not_empty,
    is_repeatable=True,
)
CRON: Final = Option("cron", ("--cron",), "Called by a scheduler: say nothing where nothing is due.")
DELETE: Final = Option("delete", ("--delete",), "Delete this section; may be repeated.", "SECTION", not_empty, is_repeatable=True)
DISABLE_ROLLBACK: Final = Option("disable_rollback", ("--disable-rollback",), "After a failure keep what was started.")
DOWNTO: Final = Option("downto", ("--downto",), "Stop down to and including this resource or group.", "RID", not_empty, complete="rid")
ENV: Final = Option("env", ("--env",), "Set a key of the section env; may be repeated.", "KEY=VALUE", not_empty, is_repeatable=True)
EVAL: Final = Option("eval", ("--eval",), "Show values with scopes and references resolved.")
FIX: Final = Option("fix", ("--fix",), "Replace older names of keywords by those of today, and keep all else as it is.")
FOLDER: Final = Option("folder", ("--folder",), "The folder to write to, made when missing.", "FOLDER", not_empty)
FOLLOW: Final = Option("follow", ("--follow", "-f"), "Go on with new lines as they come.")
FORCE: Final = Option("force", ("--force", "-f"), "Do it in spite of the checks that would refuse.")
FORMAT: Final = Option("format", ("--format",), "Output for people or for machines.", "FORMAT", choices=("human", "json"))
IMPERSONATE: Final = Option("impersonate", ("--impersonate",), "Resolve scopes and references as this node would.", "NODE", not_empty)
INDEX: Final = Option("at", ("--index",), "The place in the list for --add, from 0.", "NUMBER", count)
INTERACTIVE: Final = Option("interactive", ("--interactive", "-i"), "Ask for each value.")
KEEP_OWN: Final = Option("keep_own", ("--keep-own",), "Let this node's configuration take the place of one that was edited elsewhere.")
KW: Final = Option(
    "kw",
    ("--kw",),
    "A keyword, SECTION.KEY=VALUE to set it; may be repeated.",
    "KEYWORD",
    not_empty,
    is_repeatable=True,
    complete="keyword",
)
LINES: Final = Option("lines", ("--lines",), "How many of the last lines to show.", "NUMBER", count, aliases=("--backlog",))
LOCAL: Final = Option("local", ("--local",), "Act on this node alone, past the cluster.")
MAX_DELAY: Final = Option("max_delay", ("--maxdelaydb",), "Spread the work over this time.", "SECONDS", seconds)
NODE: Final = Option("node", ("--node",), "Other nodes, comma-separated; '*' for all that are known.", "NODES", not_empty)
PARAM: Final = Option("param", ("--param",), "The keyword, SECTION.KEY.", "KEYWORD", not_empty, complete="keyword")
PLAN: Final = Option("plan", ("--plan",), "Print what would be done, do nothing.", aliases=("--dry-run",))
REFRESH: Final = Option("refresh", ("--refresh", "-r"), "See everything anew, on the peers too; what this node shows always is.")
REMOVE: Final = Option("remove", ("--remove",), "Take this word from the list that --param holds.", "WORD")
RID: Final = Option("rid", ("--rid",), "Only these resources: rids, groups or drivers, comma-separated.", "RIDS", not_empty, complete="rid")
SET: Final = Option(
    "set", ("--set",), "Set a keyword; may be repeated.", "SECTION.KEY=VALUE", not_empty, is_repeatable=True, complete="keyword"
)
SHOW_DISABLED: Final = Option("show_disabled", ("--show-disabled",), "Show disabled resources too.")
SUBSET: Final = Option(
    "subset", ("--subset",), "Only the resources of these subsets, comma-separated.", "NAMES", not_empty, aliases=("--subsets",)
)
TAGS: Final = Option("tags", ("--tags",), "Only resources with one of these tags; A+B asks for both.", "TAGS", not_empty)
TIME: Final = Option("time", ("--time",), "How long to wait for the cluster; the order stands after it.", "DURATION", seconds)
UNSET: Final = Option(
    "unset", ("--unset",), "Remove a keyword; may be repeated.", "SECTION.KEY", not_empty, is_repeatable=True, complete="keyword"
)
UPDATE_STORED: Final = Option("update_stored", ("--updatedb",), "Refresh the stored status, print nothing.")
UPTO: Final = Option("upto", ("--upto",), "Start up to and including this resource or group.", "RID", not_empty, complete="rid")
VALUE: Final = Option("value", ("--value",), "The value for --param.", "VALUE")
WAIT: Final = Option("wait", ("--wait",), "Return when the cluster has done it.")
WAITLOCK: Final = Option("waitlock", ("--waitlock",), "How long to wait for another action on the service to end.", "DURATION", seconds)
WATCH: Final = Option("watch", ("--watch", "-w"), "Show it anew at each change, until ^C.")
