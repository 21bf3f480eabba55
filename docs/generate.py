"""The reference pages that are made from the code: `python docs/generate.py` writes them, `--check` tells whether they are current."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from opensvc_core import api, errors, hookspecs
from opensvc_core.cli import main, options, table
from opensvc_core.cli.verbs import drivers as drivers_verb
from opensvc_core.cli.verbs import get, validate_config
from opensvc_core.config import converters, vocabulary
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.driver.base import Resource
from opensvc_core.model.commandline import Option, Verb
from opensvc_core.model.status import Status
from opensvc_core.registry import DRIVERS, Driver, Registry
from opensvc_core.system.entrypoints import scan

DOCS: Final = Path(__file__).resolve().parent
REFERENCE: Final = DOCS / "reference"
HOMES: Final = ("plugins", "drivers_linux", "drivers_docker")
_PRINTERS: Final[dict[Callable[[str], Any], Callable[[Any], str]]] = {
    converters.octal: converters.print_octal,
    converters.size: converters.print_size,
    converters.shell_words: converters.print_shell_words,
    converters.comma_words: converters.print_comma_words,
}
_SCOPES: Final = {
    "service": "Of services",
    "node": "Of this node (`om node …`, `nodemgr …`)",
    "cluster": "Of the cluster's configuration (`om cluster …`)",
    "global": "Of nothing in particular",
}


class NotInstalled(Exception):
    """A driver of this repository can't be described, because it can't be imported."""


# -- keywords


def keywords_page() -> str:
    """What sections may say, whatever their driver."""
    sections = (
        ("The service: `[DEFAULT]`", vocabulary.ServiceKeywords, vocabulary.Triggers),
        ("Any resource", vocabulary.ResourceKeywords, vocabulary.Triggers),
        ("Subsets: `[subset#GROUP:NAME]`", vocabulary.SubsetKeywords, Declares),
        ("Triggers, in `[DEFAULT]` and in any resource", vocabulary.Triggers, Declares),
        ("This node: `[node]` of node.conf", vocabulary.NodeKeywords, Declares),
        ("The cluster: `[cluster]` of cluster.conf", vocabulary.ClusterKeywords, Declares),
        ("Heartbeats: `[hb#NAME]` of node.conf or cluster.conf", vocabulary.HeartbeatKeywords, Declares),
    )
    intro = (
        "Keywords that the core knows. Those of each driver are in [drivers](drivers.md), the way in which a value is found in\n"
        "[configuration](configuration.md). `key@node` is allowed where a keyword is *scopable*; *inherited* means that a resource\n"
        "without the keyword has the value of `[DEFAULT]`. `om keywords DEFAULT` (or `resource`, `subset`, `node`, `cluster`)\n"
        "prints them as well."
    )
    blocks = [f"## {title}\n\n{_keyword_table(cls, without=base)}" for title, cls, base in sections]
    return _page("Keywords", intro, *blocks, _kinds([cls for _, cls, _ in sections]))


def _keyword_table(cls: type[Declares], *, without: type[Declares] = Declares, link: str = "") -> str:
    shown = [word for name, word in cls.keywords().items() if name not in without.keywords()]
    inherits = issubclass(cls, vocabulary.ResourceKeywords | Resource)
    return _rows(("keyword", "value", "default", "", ""), (_keyword_row(word, link, inherits=inherits) for word in shown))


def _keyword_row(word: Keyword[Any], link: str, *, inherits: bool) -> tuple[str, ...]:
    value = ", ".join(f"`{one}`" for one in word.candidates) or f"[{_kind(word)}]({link}#kinds-of-values)"
    default = "required" if word.required else "" if word.default is None else f"`{_default(word)}`" if _default(word) else "empty"
    marks = {"scopable": word.scopable, "inherited": inherits and bool(word.inherit), "for provisioning": word.provisioning}
    notes = [word.text, word.example and f"Example: `{word.example}`.", _older(word.aliases)]
    return f"`{word.name}`", value, default, ", ".join(mark for mark, holds in marks.items() if holds), " ".join(filter(None, notes))


def _default(word: Keyword[Any]) -> str:
    return _PRINTERS.get(word.convert, converters.print_value)(word.default)


def _older(words: Iterable[str]) -> str:
    names = ", ".join(f"`{word}`" for word in words)
    return f"Older: {names}." if names else ""


def _kind(word: Keyword[Any]) -> str:
    return str(getattr(word.convert, "__name__", "text")).replace("_", " ")


def _kinds(classes: Sequence[type[Declares]]) -> str:
    used = {word.convert for cls in classes for word in cls.keywords().values()}
    used |= {word.convert for _, cls, _ in drivers() for word in cls.keywords().values()}
    # two drivers may each have a kind of their own under one name
    named = sorted({(str(getattr(convert, "__name__", "")).replace("_", " "), _first(convert)) for convert in used})
    return "## Kinds of values\n\n" + _rows(("kind", ""), named)


# -- drivers


def drivers() -> list[tuple[list[str], type[Driver], Path]]:
    """The drivers of this repository by id: the names of their entry points, the class, the folder. Raises NotInstalled."""
    homes = {tomllib.loads(file.read_text("utf-8"))["project"]["name"]: file for home in HOMES for file in _projects(home)}
    points = tuple(point for point in scan((DRIVERS,)) if point.distribution in homes)
    registry = Registry({}, entry_points=points)
    found: dict[type[Driver], tuple[list[str], Path]] = {}
    for name, folder in _declared(homes):
        try:
            found.setdefault(registry.declared(name), ([], folder))[0].append(name)
        except errors.DriverUnavailable as error:
            raise NotInstalled(f"{folder.name}: {error} ('make venv' installs it)") from error
    return [(names, cls, folder) for cls, (names, folder) in sorted(found.items(), key=lambda entry: entry[0].id)]


def _projects(home: str) -> list[Path]:
    return sorted((DOCS.parent / home).glob("*/pyproject.toml"))


def _declared(homes: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for file in homes.values():
        groups = tomllib.loads(file.read_text("utf-8"))["project"].get("entry-points", {})
        for name in groups.get(DRIVERS, {}):
            yield name, file.parent


def drivers_page() -> str:
    """Every driver of this repository."""
    intro = (
        "The drivers of this repository; `om drivers` lists those that are installed, `om keywords DRIVER` their keywords. What any\n"
        "resource may say beside these is in [keywords](keywords.md#any-resource)."
    )
    return _page("Drivers", intro, *(_driver(names, cls, folder) for names, cls, folder in drivers()))


def _driver(names: Sequence[str], cls: type[Driver], folder: Path) -> str:
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["name"]
    abilities = [capability.__name__ for capability in drivers_verb.CAPABILITIES if issubclass(cls, capability)]
    older = sorted({*(name for name in names if name != cls.id), *cls.older_sections})
    facts = [
        f"- distribution: [{project}](../../{folder.relative_to(DOCS.parent)}/README.md)",
        f"- section: `[{cls.id.partition('.')[0]}#NAME]` with `type = {cls.id.partition('.')[2]}`"
        + "".join(f"; without a type: `[{name}#NAME]`" for name in older),
        f"- can: {', '.join(abilities) or 'tell its status'}",
    ]
    own = _keyword_table(cls, link="keywords.md") if cls.keywords() else "It has no keywords of its own."
    return f"## {cls.id}\n\n{inspect.getdoc(cls)}\n\n{chr(10).join(facts)}\n\n{own}"


# -- commands


def commands_page() -> str:
    """Every command with its options."""
    intro = (
        "`om SERVICE COMMAND`, `svcmgr -s SERVICE COMMAND` or, through the link named after a service, `SERVICE COMMAND`. SERVICE may\n"
        "be a [selector](configuration.md#selectors) of several. `om help COMMAND` prints the page of a command. Two words may be\n"
        "joined (`print_status`); an option may be cut short while it stays clear (`--ref`). Plugins may bring further commands. What a\n"
        "command ends with is in [exit codes](exit-codes.md). `om --install-completion` teaches the shell to complete."
    )
    blocks = [_scope(scope, title) for scope, title in _SCOPES.items()]
    return _page("Commands", intro, *blocks, _options_section())


def _scope(scope: Any, title: str) -> str:
    verbs = table.in_scope(table.commands(), scope)
    own = [verb for verb in verbs if verb.scopes[0] == scope]
    shared = [verb for verb in verbs if verb.scopes[0] != scope]
    also = ", ".join(f"[{verb.name}](#{verb.name.replace(' ', '-')})" for verb in shared)
    parts = [f"## {title}", f"As for services: {also}." if also else "", *(_verb(verb) for verb in own)]
    return "\n\n".join(part for part in parts if part)


def _verb(verb: Verb) -> str:
    names = " ".join(sorted(f"[`{option.flags[0]}`](#options)" for option in verb.options))
    words = " ".join([verb.name, *verb.positionals])
    older = _older(" ".join(spelling) for spelling in verb.aliases)
    details = inspect.getdoc(import_module(verb.module).run) or ""
    lines = [
        f"### {verb.name}",
        verb.help if verb.name == words else f"`{words}`: {verb.help}",
        details,
        names and f"Options: {names}",
        older,
    ]
    return "\n\n".join(line for line in lines if line)


def _options_section() -> str:
    found = {option.flags[0]: option for verb in table.commands() for option in verb.options}
    every = [options.HELP, options.VERSION, options.SERVICE, *(found[flag] for flag in sorted(found))]
    rows = ((_flags(option), " ".join(filter(None, [option.help, _older(option.aliases)]))) for option in dict.fromkeys(every))
    return "## Options\n\n" + _rows(("option", ""), rows)


def _flags(option: Option) -> str:
    value = f" {'|'.join(option.choices) or option.metavar}" if option.metavar else ""
    return ", ".join(f"`{flag}{value}`" for flag in option.flags).replace("|", "\\|")


# -- exit codes


def exit_codes_page() -> str:
    """What a command ends with."""
    known = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, errors.OpensvcError)]
    rows = [(str(cls.exit_code), f"`{cls.__name__}`", _first(cls)) for cls in known]
    rows += [
        ("0", "", "Done. “Already so” is done, too."),
        (str(get.NOT_SET), "", "`get`, `eval`: a keyword is not set."),
        (str(validate_config.ONLY_WARNINGS), "", "`validate config`: there are findings, and all are warnings."),
        (str(main.BROKEN_PIPE), "", "Who read the output has gone away."),
    ]
    body = _rows(("code", "exception", ""), sorted(rows, key=lambda row: (int(row[0]), row[1])))
    codes = _rows(("code", "status"), ((str(status.code), f"`{status}`") for status in sorted(Status, key=lambda status: status.code)))
    intro = "The same for every command. Of several services the highest counts. The exceptions are those that Python code meets."
    after = "## The command `status`\n\nIt prints nothing; its exit code is the overall status, of several services the highest:\n\n"
    return _page("Exit codes", intro, body, after + codes)


# -- hooks and api


def hooks_page() -> str:
    """Every hook with its signature."""
    intro = (
        "A plugin is a module named by an entry point. It implements hooks with functions of these names, marked with\n"
        "`opensvc_core.api.hookimpl`; an implementation may leave out parameters that it doesn't need. Modules of the group\n"
        "`opensvc.drivers` are loaded when a service needs the driver, those of `opensvc.plugins` before an action and for a command\n"
        "that the core doesn't know, those of `opensvc.references` for their prefix."
    )
    return _page("Hooks", intro, *map(_hook, _hooks()))


def _hooks() -> list[Callable[..., Any]]:
    return [value for name, value in vars(hookspecs).items() if name.startswith("opensvc_")]


def _hook(spec: Callable[..., Any]) -> str:
    settings = getattr(spec, f"{hookspecs.PROJECT}_spec")
    marks = [mark for mark, holds in (("first result", settings["firstresult"]), ("historic", settings["historic"])) if holds]
    suffix = f" ({', '.join(marks)})" if marks else ""
    return f"## {spec.__name__}{suffix}\n\n```python\n{_signed(spec.__name__, spec)}\n```\n\n{_markdown(inspect.getdoc(spec) or '')}"


def api_page() -> str:
    """What plugins may use."""
    intro = f"{inspect.getdoc(api)}\n\n```python\nfrom opensvc_core.api import Resource, Keyword, Status\n```"
    return _page("The interface for plugins: `opensvc_core.api`", intro, *(_entry(name, getattr(api, name)) for name in api.__all__))


def _entry(name: str, value: Any) -> str:
    if inspect.isfunction(value):
        return f"## {name}\n\n```python\n{_signed(name, value)}\n```\n\n{_markdown(inspect.getdoc(value) or '')}"
    if not inspect.isclass(value):
        return f"## {name}\n\n{_about(name, value)}"
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    title = f"class {name}({bases})" if bases else f"class {name}"
    if is_dataclass(value) or issubclass(value, tuple):
        title = _signed(name, value, prefix="class ")
    elif issubclass(value, Enum):
        title += ":\n" + "\n".join(f"    {member.name} = {json.dumps(member.value)}" for member in value)
    methods = [_method(member, found) for member, found in vars(value).items() if not member.startswith("_")]
    return "\n\n".join(part for part in (f"## {name}", f"```python\n{title}\n```", _doc(value), "\n".join(filter(None, methods))) if part)


def _about(name: str, value: Any) -> str:
    if name == "hookimpl":
        return "The mark of a function that implements a [hook](hooks.md)."
    supertype = getattr(value, "__supertype__", None)
    return f"A `{supertype.__name__}` that is known to be one." if supertype else f"`{str(value).replace('opensvc_core.', '')}`"


def _doc(value: type) -> str:
    text = inspect.cleandoc(value.__doc__ or "")
    return "" if text.startswith(f"{value.__name__}(") else _markdown(text)


def _markdown(text: str) -> str:
    """A docstring as Markdown: the indented `name: meaning` lines below `Parameters:` become a list."""
    text = re.sub(r"\n {8}(?=\S)", " ", text)
    text = re.sub(r"^ {4}(\w+): ", r"- `\1`: ", text, flags=re.MULTILINE)
    return re.sub(r":\n(?=- `)", ":\n\n", text)


def _method(name: str, found: Any) -> str:
    plain = found.__func__ if isinstance(found, classmethod | staticmethod) else found
    if isinstance(found, property):
        return f"- `{name}`: {_first(found)}"
    return f"- `{_signed(name, plain, prefix='')}`: {_first(plain)}" if inspect.isfunction(plain) else ""


# -- text


def _signed(name: str, function: Callable[..., Any], *, prefix: str = "def ") -> str:
    signature = inspect.signature(function)
    parameters = [
        each.replace(annotation=_bare(each.annotation)) for each in signature.parameters.values() if each.name not in ("self", "cls")
    ]
    result = inspect.Signature.empty if inspect.isclass(function) else _bare(signature.return_annotation)
    line = f"{prefix}{name}{signature.replace(parameters=parameters, return_annotation=result)}"
    if len(line) <= 120 or inspect.isfunction(function):
        return line
    return "\n".join([f"{prefix}{name}(", *(f"    {one}," for one in parameters), ")"])


class _Words(str):
    """A deferred annotation that prints without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _bare(annotation: Any) -> Any:
    text = getattr(annotation, "__forward_arg__", annotation)
    return _Words(text) if isinstance(text, str) else annotation


def _first(value: object) -> str:
    """The first paragraph of a docstring, as one line."""
    return " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())


def _rows(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(" ".join(cell.split()) for cell in line) + " |" for line in lines)


def _page(title: str, *blocks: str) -> str:
    return "\n\n".join([f"# {title}", "<!-- made by docs/generate.py from the code: change it there -->", *blocks]).rstrip() + "\n"


# -- orchestration


def orchestration_page() -> str:
    """States and their transitions, orders, reasons."""
    intro = (
        "What the daemon's decision is made of. How it works is told in [orchestration](../explanation/orchestration.md).\n"
        "States are what `print status` and `om mon` show; the codes of the reasons stay as they are from version to version."
    )
    states = _module("opensvc_daemon.orchestration.states")
    orders = _module("opensvc_daemon.orchestration.orders")
    reasons = _module("opensvc_daemon.orchestration.reasons")
    wishes = _module("opensvc_daemon.orchestration.requests")
    return _page(
        "Orchestration",
        intro,
        "## The monitor of an instance\n\nWhile an action runs, its state says which. A failed action stays until `clear`,\n"
        "or until a person takes one of the ways out.\n\n" + _diagram(states.TRANSITIONS),
        "## The monitor of a node\n\n" + _diagram(states.NODE_TRANSITIONS),
        "## Orders\n\n" + ", ".join(f"`{do.value}`" for do in orders.Do),
        "## Requests\n\n"
        + ", ".join(f"`{wish.value}`" for wish in wishes.Wish)
        + "; each is in the end "
        + ", ".join(f"`{end.value}`" for end in wishes.Progress if end is not wishes.Progress.ACTIVE)
        + ".",
        "## Reasons\n\n" + _rows(("code", "in words"), ((f"`{code}`", _facts(text)) for code, text in reasons.TEXTS.items())),
    )


def rights_page() -> str:
    """The calls of the daemon's API, and who may do what."""
    listener = "opensvc_daemon.listener"
    rights, openapi, api = (_module(f"{listener}.{name}") for name in ("rights", "openapi", "api"))
    intro = "HTTP and JSON, on the node's own unix socket and over TLS. `GET /openapi.json` gives the same to machines, with all shapes."
    return _page(
        "The API of the daemon", intro, "## Who may do what", rights.rights_markdown(), "## Calls", openapi.routes_markdown(api.ROUTES)
    )


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise NotInstalled(f"{name}: {error}; 'make venv' installs it") from error


def _diagram(table: Mapping[Any, Mapping[str, Any]]) -> str:
    """A state diagram; events that lead from one state to the same other one share an arrow."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state.value}" as {state.name}' for state in table]
    for state, events in table.items():
        for target in dict.fromkeys(events.values()):
            words = ", ".join(event for event, end in events.items() if end is target)
            lines.append(f"    {state.name} --> {target.name}: {words}")
    return "\n".join([*lines, "```"])


def _facts(text: str) -> str:
    """A text with its facts in italics."""
    return re.sub(r"\{(\w+)\}", lambda found: f"*{'…' if found[1].isdigit() else found[1]}*", text).replace("|", "\\|")


PAGES: Final[dict[str, Callable[[], str]]] = {
    "keywords.md": keywords_page,
    "drivers.md": drivers_page,
    "commands.md": commands_page,
    "exit-codes.md": exit_codes_page,
    "hooks.md": hooks_page,
    "api.md": api_page,
    "orchestration.md": orchestration_page,
    "rights.md": rights_page,
}


def stale() -> list[Path]:
    """The pages that are not as the code is. Raises NotInstalled."""
    files = ((REFERENCE / name, make) for name, make in PAGES.items())
    return [file for file, make in files if not file.is_file() or file.read_text("utf-8") != make()]


def write() -> None:
    """Write all pages. Raises NotInstalled."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in {name: make() for name, make in PAGES.items()}.items():
        (REFERENCE / name).write_text(text, "utf-8")


def run(arguments: Sequence[str]) -> int:
    """Write the pages, or with --check say which are not current; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is not current")
    try:
        if not parser.parse_args(arguments).check:
            write()
            return 0
        old = stale()
    except NotInstalled as error:
        print(f"docs/generate.py: {error}", file=sys.stderr)
        return 1
    for file in old:
        print(f"{file.relative_to(DOCS.parent)} is not current; 'make docs' writes it", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
