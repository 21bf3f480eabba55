"""The pages of commands and of what they end with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from opensvc_core.cli import described, options, table
from opensvc_core.model.commandline import Option, Verb
from opensvc_core.model.status import Status
from pages.installed import plugin_commands
from pages.text import older_names, page, rows_table

_SCOPES: Final = {
    "service": "Of services",
    "node": "Of this node (`om node …`, `nodemgr …`)",
    "cluster": "Of the cluster (`om cluster …`)",
    "global": "Of nothing in particular",
}


def commands_page() -> str:
    """Every command with its options."""
    intro = (
        "`om SERVICE COMMAND`, `svcmgr -s SERVICE COMMAND` or, through the link named after a service, `SERVICE COMMAND`. SERVICE may\n"
        "be a [selector](configuration.md#selectors) of several. `om help COMMAND` prints the page of a command. Two words may be\n"
        "joined (`print_status`); an option may be cut short while it stays clear (`--ref`). Of plugins' commands those\n"
        "of this repository's plugins are here, each with its plugin. What a command ends with is in [exit codes](exit-codes.md).\n"
        "`om node install completion` teaches the shells to complete, `om node install man` writes the manual pages."
    )
    plugins = plugin_commands()
    blocks = [_scope(scope, title, plugins) for scope, title in _SCOPES.items()]
    return page("Commands", intro, *blocks, _options_section(plugins))


def _scope(scope: Any, title: str, plugins: Sequence[tuple[Verb, str]]) -> str:
    verbs = table.in_scope(table.commands(), scope)
    own = [verb for verb in verbs if verb.scopes[0] == scope]
    shared = [verb for verb in verbs if verb.scopes[0] != scope]
    also = ", ".join(f"[{verb.name}](#{verb.name.replace(' ', '-')})" for verb in shared)
    brought = [_verb(verb, f"Brought by {link}.") for verb, link in plugins if scope in verb.scopes]
    parts = [f"## {title}", f"As for services: {also}." if also else "", *(_verb(verb) for verb in own), *brought]
    return "\n\n".join(part for part in parts if part)


def _verb(verb: Verb, origin: str = "") -> str:
    names = " ".join(sorted(f"[`{option.flags[0]}`](#options)" for option in verb.options))
    words = " ".join([verb.name, *verb.positionals])
    older = older_names(" ".join(spelling) for spelling in verb.aliases)
    lines = [
        f"### {verb.name}",
        verb.help if verb.name == words else f"`{words}`: {verb.help}",
        described.details(verb),
        names and f"Options: {names}",
        older,
        origin,
    ]
    return "\n\n".join(line for line in lines if line)


def _options_section(plugins: Sequence[tuple[Verb, str]]) -> str:
    core = {option: "" for verb in table.commands() for option in verb.options}
    more: dict[Option, list[str]] = {}
    for verb, _ in plugins:
        for option in verb.options:
            if _described(option) not in map(_described, core):
                more.setdefault(option, []).append(f"`{verb.name}`")
    brought = {option: f"Of {', '.join(dict.fromkeys(names))}." for option, names in more.items()}
    every = {options.HELP: "", options.VERSION: "", options.SERVICE: ""}
    every |= dict(sorted((core | brought).items(), key=lambda one: one[0].flags[0]))
    rows = ((_flags(option), " ".join(filter(None, [option.help, older_names(option.aliases), whose]))) for option, whose in every.items())
    return "## Options\n\n" + rows_table(("option", ""), rows)


def _described(option: Option) -> tuple[object, ...]:
    """What a reader sees of it: plugins declare again what they share with the core."""
    return option.flags, option.help, option.metavar, option.choices


def _flags(option: Option) -> str:
    value = f" {'|'.join(option.choices) or option.metavar}" if option.metavar else ""
    return ", ".join(f"`{flag}{value}`" for flag in option.flags).replace("|", "\\|")


def exit_codes_page() -> str:
    """What a command ends with."""
    rows = ((str(one.number), one.exception and f"`{one.exception}`", one.text) for one in described.exit_codes())
    body = rows_table(("code", "exception", ""), rows)
    codes = rows_table(("code", "status"), ((str(status.code), f"`{status}`") for status in sorted(Status, key=lambda status: status.code)))
    intro = "The same for every command. Of several services the highest counts. The exceptions are those that Python code meets."
    after = "## The command `status`\n\nIt prints nothing; its exit code is the overall status, of several services the highest:\n\n"
    return page("Exit codes", intro, body, after + codes)
