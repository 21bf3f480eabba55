"""The manual pages, made from the table of commands, the declarations of keywords, and the drivers that are installed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from opensvc_core import __version__
from opensvc_core.cli import described, options
from opensvc_core.cli.render import roff
from opensvc_core.cli.table import Table, in_scope
from opensvc_core.cli.verbs.keywords import flags
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.vocabulary import ResourceKeywords
from opensvc_core.model.commandline import Option, Scope, Verb

Drivers = Mapping[str, type[Declares]]
_COMMANDS: Final = "User Commands"
_FORMATS: Final = "File Formats"
_PROGRAMS: Final[Mapping[str, tuple[str, Sequence[str], Sequence[Scope]]]] = {
    "om": (
        "start, stop, watch and fail over services",
        ("om SERVICE COMMAND [OPTIONS]", "om node|cluster|daemon COMMAND [OPTIONS]", "om help [COMMAND]"),
        ("service", "node", "cluster", "global"),
    ),
    "svcmgr": (
        "manage services",
        ("svcmgr -s SERVICE COMMAND [OPTIONS]", "SERVICE COMMAND [OPTIONS]", "svcmgr help [COMMAND]"),
        ("service", "global"),
    ),
    "nodemgr": ("manage this node", ("nodemgr COMMAND [OPTIONS]", "nodemgr help [COMMAND]"), ("node",)),
    "allservices": (
        "do something with all services, or with those that are up or down here",
        ("allservices COMMAND [OPTIONS]", "allupservices COMMAND [OPTIONS]", "alldownservices COMMAND [OPTIONS]"),
        ("service",),
    ),
}
_TITLES: Final[Mapping[Scope, str]] = {
    "service": "Of services",
    "node": "Of this node",
    "cluster": "Of the cluster",
    "global": "Of nothing in particular",
}
_ALSO: Final = ("om.1", "svcmgr.1", "nodemgr.1", "svcmon.1", "allservices.1", "opensvc.conf.5", "opensvc-drivers.5")
_ALIASES: Final = {"allupservices.1": "allservices.1", "alldownservices.1": "allservices.1"}
NAMES: Final = (*_ALSO, *_ALIASES)
_FILES: Final = {
    "/etc/opensvc/NAME.conf": "A service; below `namespaces/NAMESPACE/svc/` that of a namespace.",
    "/etc/opensvc/node.conf": "This node; what it says counts before the cluster's.",
    "/etc/opensvc/cluster.conf": "The cluster, with its secret: readable by root alone.",
    "/var/lib/opensvc/": "What is kept between commands: frozen or not, provisioned or not.",
    "/var/log/opensvc/NAME.log, NAME.log.1": "What was done with a service; `node.log`: with the node.",
    "/run/opensvc/": "What is forgotten at a reboot.",
}
_VARIABLES: Final = {
    "OSVC_ROOT_PATH": "The folder below which all files stand (`etc`, `var`, `log`, `run`, `tmp`), instead of the places above.",
    "OSVC_NODENAME": "The name of this node, instead of that of the host.",
    "OSVC_DEBUG": "With `1`, a defect shows its traceback.",
    "VISUAL, EDITOR": "The editor of `edit config`; else vi.",
    "NO_COLOR": "Not empty: no colours.",
}
_LINES: Final = """\
# A comment has a line of its own.
[DEFAULT]
nodes = n1 n2
orchestrate = ha

[fs#data]
type = ext4
dev = /dev/vg1/data
mnt = /srv/{name}
mnt@n2 = /data/{name}
"""


def pages(table: Table, drivers: Drivers) -> dict[str, str]:
    """The text of each page by its name, such as `om.1`; `drivers` are those that are installed, by their ids."""
    found = {f"{program}.1": _program(program, table) for program in _PROGRAMS}
    found |= {"svcmon.1": _svcmon(table), "opensvc.conf.5": _configuration(), "opensvc-drivers.5": _drivers(drivers)}
    # whole pages, for who reads a file
    return found | {name: found[target] for name, target in _ALIASES.items()}


def _page(name: str, text: str, title: str, blocks: Iterator[str]) -> str:
    stem, _, number = name.rpartition(".")
    names = [stem, *(alias.rpartition(".")[0] for alias, target in _ALIASES.items() if target == name)]
    beginning = [roff.heading("NAME"), f"{', '.join(map(roff.plain, names))} \\- {roff.words(text)}\n"]
    also = (f"\\fB{roff.plain(one.rpartition('.')[0])}\\fP({one[-1]})" for one in _ALSO if one != name)
    end = [roff.heading("SEE ALSO"), ",\n".join(also) + "\n"]
    source = f"opensvc {__version__}"
    return roff.page(stem, int(number), source=source, title=title, blocks=[*beginning, *blocks, *end])


def _program(program: str, table: Table) -> str:
    text, synopsis, scopes = _PROGRAMS[program]
    verbs = {scope: in_scope(table, scope) for scope in scopes}

    def blocks() -> Iterator[str]:
        yield from _synopsis(synopsis)
        yield roff.heading("DESCRIPTION")
        yield roff.paragraphs(
            "SERVICE is the name of a service, or a selector of several, such as `web*` or `app=shop`. Two words may be joined\n"
            "(`print_status`), an option may be cut short while it stays clear (`--ref`).\n"
            f"`{program} help COMMAND` prints the page of a command."
        )
        yield roff.heading("COMMANDS")
        for scope in scopes:
            yield roff.subheading(_TITLES[scope]) if len(scopes) > 1 else ""
            yield from map(_verb, verbs[scope])
        yield from _options({option: None for scope in scopes for verb in verbs[scope] for option in verb.options})
        yield from _surroundings()

    return _page(f"{program}.1", text, _COMMANDS, blocks())


def _svcmon(table: Table) -> str:
    (verb,) = (verb for verb in table if verb.words == ("mon",))

    def blocks() -> Iterator[str]:
        yield from _synopsis(["svcmon [OPTIONS]"])
        yield roff.heading("DESCRIPTION")
        yield roff.paragraphs(f"{verb.help}\n\n{described.details(verb)}")
        yield from _options(dict.fromkeys(verb.options))
        yield from _surroundings()

    return _page("svcmon.1", "show the services of the cluster", _COMMANDS, blocks())


def _synopsis(lines: Sequence[str]) -> Iterator[str]:
    yield roff.heading("SYNOPSIS")
    yield "\n.br\n".join(roff.words(line) for line in lines) + "\n"


def _verb(verb: Verb) -> str:
    names = ", ".join(f"`{option.flags[0]}`" for option in verb.options)
    text = "\n\n".join(filter(None, [verb.help, described.details(verb), names and f"Options: {names}."]))
    return roff.entry(verb.name, text, detail=" ".join(verb.positionals))


def _options(found: Mapping[Option, None]) -> Iterator[str]:
    yield roff.heading("OPTIONS")
    every = [options.HELP, options.VERSION, *sorted(found, key=lambda option: option.flags[0])]
    for flags_, text in dict.fromkeys((", ".join(option.flags), (option.help, _value(option))) for option in every):
        yield roff.entry(flags_, text[0], detail=text[1])


def _value(option: Option) -> str:
    return "|".join(option.choices) or option.metavar


def _surroundings() -> Iterator[str]:
    yield roff.heading("EXIT STATUS")
    yield roff.paragraphs("The same for every command; of several services the highest counts. `status` answers with the status instead.")
    by_number: dict[int, list[str]] = {}
    for one in described.exit_codes():
        by_number.setdefault(one.number, []).append(one.text)
    yield from (roff.entry(str(number), " ".join(texts)) for number, texts in by_number.items())
    yield roff.heading("FILES")
    yield from (roff.entry(name, text) for name, text in _FILES.items())
    yield roff.heading("ENVIRONMENT")
    yield from (roff.entry(name, text) for name, text in _VARIABLES.items())


def _configuration() -> str:
    def blocks() -> Iterator[str]:
        yield roff.heading("SYNOPSIS")
        yield "/etc/opensvc/NAME.conf, /etc/opensvc/node.conf, /etc/opensvc/cluster.conf\n"
        yield roff.heading("DESCRIPTION")
        yield roff.paragraphs("A service is described by one file, the node and the cluster by one each. All have sections with keywords:")
        yield roff.verbatim(_LINES)
        yield roff.paragraphs(
            "`[DEFAULT]` is the service; `[GROUP#NAME]` is a resource, whose `type` names the driver inside the group. `key@SCOPE` gives\n"
            "a keyword another value on some nodes: the name of one, `nodes` or `drpnodes`. `{key}`, `{SECTION.KEY}` and `{node.KEY}`\n"
            "are replaced by values, `$(…)` by what an expression comes to. A line that is indented deeper than its key goes on\n"
            "with the value.\n\n"
            "`om SERVICE set --kw SECTION.KEY=VALUE` changes one keyword and leaves every other byte as it is;\n"
            "`om SERVICE validate config` says what is wrong, with the way out; `om keywords DRIVER` prints the keywords of a driver."
        )
        for section in described.sections():
            yield roff.heading(section.title.replace("`", ""))
            yield from _keywords(section.declares, section.without)
        yield roff.heading("FILES")
        yield from (roff.entry(name, text) for name, text in _FILES.items())

    return _page("opensvc.conf.5", "services, the node and the cluster of the opensvc agent", _FORMATS, blocks())


def _drivers(drivers: Drivers) -> str:
    def blocks() -> Iterator[str]:
        yield roff.heading("DESCRIPTION")
        yield roff.paragraphs(
            "The drivers that were installed when this page was, by their ids: `fs.ext4` handles the section `[fs#NAME]` with\n"
            "`type = ext4`. What any resource may say beside these keywords is in `opensvc.conf`(5)."
        )
        for name, cls in sorted(drivers.items()):
            yield roff.heading(name)
            yield roff.paragraphs(inspect.getdoc(cls) or "")
            yield from _keywords(cls, ResourceKeywords)

    return _page("opensvc-drivers.5", "resource drivers of the opensvc agent, and their keywords", _FORMATS, blocks())


def _keywords(declares: type[Declares], without: type[Declares]) -> Iterator[str]:
    left_out = without.keywords()
    for name, keyword in declares.keywords().items():
        if name not in left_out:
            yield roff.entry(name, _told(keyword), detail=flags(keyword))


def _told(keyword: Keyword[Any]) -> str:
    return keyword.text + (f" Example: `{keyword.example}`." if keyword.example else "")
