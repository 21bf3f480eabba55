"""The help pages, and the tree of commands that the completion walks: both made by Typer from the table of verbs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import typer
from typer.core import TyperGroup

from opensvc_core.cli.options import SERVICE, VERSION
from opensvc_core.cli.reader import Frame, Page, match, visible
from opensvc_core.cli.table import Table, in_scope
from opensvc_core.model.commandline import Option, Scope, Verb

_PLACEHOLDER: Final = "SERVICE"
_EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 failed, 2 usage, 3 only warnings, 4 no such object, 5 refused, 6 locked by another action, 7 configuration."
)
_ABOUT: Final = {
    "om": "Starts, stops, watches and fails over services.",
    "svcmgr": "Manages services; svcmgr -s SERVICE COMMAND, or SERVICE COMMAND through its link.",
    "nodemgr": "Manages this node.",
    "allservices": "Does something with all services.",
    "allupservices": "Does something with the services that are up here.",
    "alldownservices": "Does something with the services that are down here.",
}
_GROUPS: Final[dict[str, tuple[Scope, str, bool]]] = {
    "node": ("node", "Commands on this node.", False),
    "cluster": ("cluster", "Commands on the configuration of the cluster.", False),
    "svc": ("service", "Commands on services that -s names.", True),
    _PLACEHOLDER: ("service", "Commands on a service, or on those that a selector names.", False),
}
_FIRST_WORDS: Final = {
    "driver": "Write drivers.",
    "daemon": "Start and stop the daemon of this node, and join a cluster with it.",
    "edit": "Edit the configuration.",
    "print": "Show something of it.",
    "validate": "Check the configuration.",
    "push": "Store what is found.",
    "install": "Set up what belongs to the node.",
    "uninstall": "Remove what install has set up.",
    "sync": "Copy data to the other nodes of the service.",
    "ssh": "How nodes log in to each other.",
    "schedule": "Do what is due by schedule.",
}
_SETTINGS: Final[dict[str, Any]] = {"rich_markup_mode": None, "pretty_exceptions_enable": False}
_CONTEXT: Final = {"help_option_names": ["--help", "-h"]}


class Names(NamedTuple):
    """What only this host knows, for the completion: its services, the rids of one, and the keywords of a file.

    The file is that of a service, or where its name is empty of what the scope says; of a keyword is told what has begun.
    """

    services: Callable[[], list[str]]
    rids: Callable[[str], list[str]]
    keywords: Callable[[Scope, str, str], list[str]]


NO_NAMES: Final = Names(list, lambda _service: [], lambda _scope, _service, _begun: [])


def show(page: Page, table: Table) -> None:
    """Print the help page that is asked for. Raises UsageError for words that are no command."""
    command = typer.main.get_command(app(page.program, table, NO_NAMES))
    command(args=[*_steps(page, table), "--help"], prog_name=page.program, standalone_mode=False)


def _steps(page: Page, table: Table) -> list[str]:
    """The words that lead to the page in the tree."""
    if page.program == "svcmon":
        return []
    if page.program == "om" and not page.selector and page.scope == "service" and page.words[:1] in {("node",), ("cluster",)}:
        scope: Scope = "node" if page.words[0] == "node" else "cluster"
        return _steps(Page(page.program, "help", "", scope, page.words[1:]), table)
    verbs = visible(Frame(page.selector, page.scope, page.words), table)
    words = _known(page.words, verbs)
    if page.program != "om":
        return words
    if page.scope in ("node", "cluster"):
        return [page.scope, *words]
    is_global = not words or any("global" in verb.scopes and verb.words[0] == words[0] for verb in verbs)
    return words if is_global and not page.selector else [page.selector or _PLACEHOLDER, *words]


def _known(words: Sequence[str], verbs: Table) -> list[str]:
    """The proper words of a command, or those that several begin with."""
    if any(tuple(words) == verb.words[: len(words)] for verb in verbs):
        return list(words)
    joined = tuple(part for word in words[:1] for part in word.split("_")) + tuple(words[1:])
    verb, _, _ = match(joined, verbs)
    return list(verb.words)


def app(program: str, table: Table, names: Names) -> typer.Typer:
    """The Typer application of a program. Its commands do nothing: it is there for its pages and its completion."""
    if program == "svcmon":
        return _svcmon(table, names)
    if program == "om":
        return _om(table, names)
    scope: Scope = "node" if program == "nodemgr" else "service"
    takes_service = program == "svcmgr"
    link = "" if program in _ABOUT else program
    verbs = visible(Frame(link, scope, ()), table)
    root = typer.Typer(help=_ABOUT.get(program, f"Manages the service {link}."), epilog=_EXIT_CODES, context_settings=_CONTEXT, **_SETTINGS)
    root.callback()(_function(_root_options(takes_service=takes_service), (), names, link))
    _fill(root, verbs, names, takes_service=takes_service, link=link)
    return root


def _root_options(*, takes_service: bool) -> tuple[Option, ...]:
    return (SERVICE, VERSION) if takes_service else (VERSION,)


def _svcmon(table: Table, names: Names) -> typer.Typer:
    verb, _, _ = match(("mon",), table)
    root = typer.Typer(context_settings=_CONTEXT, epilog=_EXIT_CODES, **_SETTINGS)
    root.command(help=verb.help)(_function((*verb.options, VERSION), verb.positionals, names, ""))
    return root


def _om(table: Table, names: Names) -> typer.Typer:
    root = typer.Typer(cls=_objects(names), help=_ABOUT["om"], epilog=_EXIT_CODES, context_settings=_CONTEXT, **_SETTINGS)
    root.callback()(_function(_root_options(takes_service=False), (), names, ""))
    for word, (scope, text, takes_service) in _GROUPS.items():
        group = typer.Typer(help=text, context_settings=_CONTEXT, **_SETTINGS)
        _fill(group, in_scope(table, scope), names, takes_service=takes_service)
        root.add_typer(group, name=word, hidden=word == "svc")
    without_selector = tuple(verb for verb in in_scope(table, "service") if not verb.needs_selector)
    _fill(root, without_selector, names, takes_service=True)
    _fill(root, in_scope(table, "global"), names)
    return root


def _objects(names: Names) -> type[TyperGroup]:
    """The group of `om`, whose first word may be any service or selector."""

    class Objects(TyperGroup):
        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            return super().get_command(ctx, cmd_name) or super().get_command(ctx, _PLACEHOLDER)

        def list_commands(self, ctx: Any) -> list[str]:
            words = super().list_commands(ctx)
            if not ctx.resilient_parsing:  # a page, not a completion
                return words
            return names.services() + [word for word in words if word != _PLACEHOLDER]

    return Objects


def _fill(group: typer.Typer, verbs: Table, names: Names, *, takes_service: bool = False, link: str = "", depth: int = 0) -> None:
    """Add verbs to a group, which stands for their first `depth` words; those of more words stand in groups of their next one."""
    for word in dict.fromkeys(verb.words[depth] for verb in verbs):
        same = [verb for verb in verbs if verb.words[depth] == word]
        if len(same) == 1 and len(same[0].words) == depth + 1:
            _add(group, same[0], names, takes_service=takes_service, link=link, depth=depth)
            continue
        inner = typer.Typer(context_settings=_CONTEXT, **_SETTINGS)
        longer = tuple(verb for verb in same if len(verb.words) > depth + 1)
        for verb in same:
            if verb not in longer:
                _add(inner, verb, names, takes_service=takes_service, link=link, depth=depth + 1)
        _fill(inner, longer, names, takes_service=takes_service, link=link, depth=depth + 1)
        text = next((verb.help for verb in same if verb not in longer), _FIRST_WORDS.get(word, ""))
        group.add_typer(inner, name=word, help=text)


def _add(group: typer.Typer, verb: Verb, names: Names, *, takes_service: bool, link: str, depth: int = 0) -> None:
    options = (*verb.options, SERVICE) if takes_service and "service" in verb.scopes else verb.options
    function = _function(options, verb.positionals, names, link)
    if len(verb.words) == depth:  # `set`, beside `set provisioned`
        group.callback(invoke_without_command=True)(function)
    else:
        group.command(" ".join(verb.words[depth:]), help=verb.help)(function)


def _function(options: Sequence[Option], positionals: Sequence[str], names: Names, link: str) -> Callable[..., None]:
    """A function whose signature tells Typer what a command takes."""

    def command(**_values: object) -> None:
        """Do nothing: runs are read elsewhere."""

    parameters = [_parameter(option, names, link) for option in options] + [_argument(name) for name in positionals]
    made: Any = command
    made.__doc__ = None
    made.__signature__ = inspect.Signature(parameters)
    made.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _parameter(option: Option, names: Names, link: str) -> inspect.Parameter:
    settings: dict[str, Any] = {"help": option.help, "show_default": False}
    kind: Any = bool
    if not option.is_switch:
        settings |= {"metavar": "|".join(option.choices) or option.metavar, "autocompletion": _completer(option, names, link)}
        kind = list[str] if option.is_repeatable else str
    default: Any = typer.Option(False if option.is_switch else None, *option.flags, **settings)
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _argument(name: str) -> inspect.Parameter:
    plain = name.strip("[].").lower()
    default: Any = typer.Argument(None if name.startswith("[") or name.endswith("...") else ..., metavar=name)
    kind: Any = list[str] if name.endswith("...") else str
    return inspect.Parameter(plain, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _completer(option: Option, names: Names, link: str) -> Callable[..., list[str]]:
    """What a shell offers as the value of an option; the last of a comma-separated list is completed."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        if option.choices:
            return list(option.choices)
        if option.complete == "keyword":
            return _keywords(ctx, option, names, link, incomplete)
        begun, comma, _ = incomplete.rpartition(",")
        return [begun + comma + name for name in _values(option, names, link or _service_of(ctx))]

    # Typer evaluates the annotations of a callback, where this module defers them
    complete.__annotations__ = {"ctx": typer.Context, "incomplete": str}
    return complete


def _keywords(ctx: typer.Context, option: Option, names: Names, link: str, begun: str) -> list[str]:
    """Keywords, and sections with the dot after which their keywords are told; what sets one goes on with its value."""
    scope = _scope_of(ctx)
    found = names.keywords(scope, (link or _service_of(ctx)) if scope == "service" else "", begun)
    sign = "=" if option.name == "set" or ctx.info_name in ("set", "create") else ""
    return [name if name.endswith(".") else name + sign for name in found]


def _values(option: Option, names: Names, service: str) -> list[str]:
    if option.complete == "service":
        return names.services()
    if option.complete == "rid" and service:
        rids = names.rids(service)
        return rids + list(dict.fromkeys(rid.partition("#")[0] for rid in rids))
    return []


def _chain(ctx: typer.Context) -> list[Any]:
    """The contexts of the words so far, the program's last."""
    chain: list[Any] = [ctx]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    return chain


def _scope_of(ctx: typer.Context) -> Scope:
    program, *words = [context.info_name for context in reversed(_chain(ctx))]
    if program == "nodemgr" or (program == "om" and words[:1] == ["node"]):
        return "node"
    return "cluster" if program == "om" and words[:1] == ["cluster"] else "service"


def _service_of(ctx: typer.Context) -> str:
    """The service that the words so far name: by `-s`, or as the word after `om`."""
    chain = _chain(ctx)
    named = [str(context.params["service"]) for context in chain if context.params.get("service")]
    root, *inner = reversed(chain)
    word = str(inner[0].info_name) if inner and root.info_name == "om" else ""
    return named[0] if named else word
