"""The parser of every run: from a command line to one verb with its arguments.

Typer makes the help pages and the completion from the same declarations, but reads no run, for two reasons. Importing
it costs about 60 ms on a modest machine: more than all of `svcmgr ls` or `svcmgr get` may. And the older dialect of
these commands is not click's: options before the words (`web --waitlock 3600 postsync`), joined words
(`print_status`), options cut short (`--ref`), commands named by a link, hints for a word too many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from opensvc_core.cli.options import HELP, KW, RID, SERVICE, VERSION, Arguments
from opensvc_core.cli.scan import Line, arguments, did_you_mean, find, scan
from opensvc_core.cli.table import Table, in_scope
from opensvc_core.errors import UnknownCommand, UsageError
from opensvc_core.model.commandline import Option, Scope, Verb, Words
from opensvc_core.model.names import KINDS

# Commands on many services at once.
MASS: Final = ("allservices", "allupservices", "alldownservices")
PROGRAMS: Final = ("om", "svcmgr", "nodemgr", "svcmon", *MASS)
_EVERY_SERVICE: Final = "*/svc/*"
_SCOPE_WORDS: Final[Mapping[str, Scope]] = {"svc": "service", "node": "node", "cluster": "cluster"}


class Invocation(NamedTuple):
    """A command line understood: `verb` with `arguments`, on what `scope` and `selector` say."""

    program: str
    selector: str
    scope: Scope
    verb: Verb
    arguments: Arguments

    @property
    def positionals(self) -> Words:
        """The words after those of the verb."""
        return self.arguments.positionals


class Page(NamedTuple):
    """A command line that asks for text: `help` on `words` (or on everything), a short `usage`, or the `version`."""

    program: str
    kind: Literal["help", "usage", "version"]
    selector: str = ""
    scope: Scope = "global"
    words: Words = ()


class Frame(NamedTuple):
    """What the program and its first word settle: the selector or scope, the words of the verb, whether `-s` may stand."""

    selector: str
    scope: Scope
    words: Words
    takes_service: bool = False


IsService = Callable[[str], bool]


def read(program: str, argv: Sequence[str], table: Table, is_service: IsService) -> Invocation | Page:
    """Understand a command line.

    `program` is `om`, `svcmgr`, `nodemgr`, `svcmon`, or the name of a service whose link was called. `is_service`
    says whether a service has this name; it is asked only where a word may be both. Raises UsageError.
    """
    if not argv and program != "svcmon":
        return Page(program, "usage")
    every = (SERVICE, HELP, VERSION, *(option for verb in table for option in verb.options))

    def near(words: Words) -> Sequence[Option]:
        frame = place(program, words, table, is_service)
        return _options_after(frame, visible(frame, table))

    own, foreign = _cut_foreign(program, argv, table, is_service)
    line = _scan(program, own, every, near, table=table, is_service=is_service)
    line = line._replace(rest=(*line.rest, *foreign))
    frame = place(program, line.words, table, is_service)
    return _page(program, line, frame, near(line.words)) or _invocation(program, line, frame, table, is_service)


def _cut_foreign(program: str, argv: Sequence[str], table: Table, is_service: IsService) -> tuple[Sequence[str], Sequence[str]]:
    """Cut off what a verb that passes on is not to be read of: all that follows its words."""
    passing = [verb.words for verb in table if verb.passes_on]
    for words in passing:
        for end in range(len(words), len(argv) + 1):
            if tuple(argv[end - len(words) : end]) == words and _begins(program, tuple(argv[:end]), words, is_service):
                return argv[:end], argv[end:]
    return argv, ()


def _begins(program: str, typed: Words, words: Words, is_service: IsService) -> bool:
    """Whether these are the words of the verb, and none of them names a service: `svcmgr -s docker docker ps`."""
    before = typed[: -len(words)]
    if program == "om":
        return bool(before) or not is_service(words[0])
    return not before or before[-1] not in SERVICE.spellings


def _scan(
    program: str,
    argv: Sequence[str],
    every: Sequence[Option],
    near: Callable[[Words], Sequence[Option]],
    *,
    table: Table,
    is_service: IsService,
) -> Line:
    """Cut the line. An option that nothing here has may be meant for a command of a plugin: UnknownCommand says so."""
    words: Words = ()

    def watched(found: Words) -> Sequence[Option]:
        nonlocal words
        words = found
        return near(found)

    try:
        return scan(argv, every, watched)
    except UsageError as error:
        frame = place(program, words, table, is_service)
        known = {spelling[0] for spelling in _spellings(visible(frame, table))}
        if program == "om" and frame.selector and not frame.words:  # a word alone: no service, it has no command
            raise UnknownCommand(str(error)) from error
        if frame.words and _expanded(frame.words, visible(frame, table))[0] not in {*known, "help"}:
            raise UnknownCommand(str(error)) from error
        raise


def place(program: str, words: Words, table: Table, is_service: IsService) -> Frame:
    """Settle what the program and the first word say; never fails, so that it may be asked with half of the words."""
    if program == "svcmon":
        return Frame("", "global", ("mon", *words), takes_service=True)
    if program == "nodemgr":
        return Frame("", "node", words)
    if program == "svcmgr":
        return Frame("", "service", words, takes_service=True)
    if program in MASS:
        return Frame(_EVERY_SERVICE, "service", words)
    if program == "om":
        return _place_om(words, table, is_service)
    return Frame(program, "service", words)


def _place_om(words: Words, table: Table, is_service: IsService) -> Frame:
    if not words:
        return Frame("", "global", ())
    head, rest = words[0], words[1:]
    if scope := _SCOPE_WORDS.get(head):
        return Frame("", scope, rest, takes_service=scope == "service")
    if _is_command_word(head, table) and not is_service(head):
        return Frame("", "service", words, takes_service=True)
    return Frame(head, "service", rest)


def _is_command_word(word: str, table: Table) -> bool:
    verbs = in_scope(table, "service") + in_scope(table, "global")
    return word == "help" or _expanded((word,), verbs)[0] in {spelling[0] for spelling in _spellings(verbs)}


def visible(frame: Frame, table: Table) -> Table:
    """The verbs that can follow: those of the scope, and the global ones where no service is named."""
    own = in_scope(table, frame.scope)
    return own + in_scope(table, "global") if not frame.selector and frame.scope in ("service", "node") else own


def _spellings(verbs: Table) -> dict[Words, tuple[Verb, Mapping[str, object]]]:
    """Every way to write a verb, with the options that it stands for."""
    older = {words: (verb, preset) for verb in verbs for words, preset in verb.aliases.items()}
    return older | {verb.words: (verb, {}) for verb in verbs}


def _expanded(words: Words, verbs: Table) -> Words:
    """`print_status` as two words."""
    parts = tuple(words[0].split("_")) if words else ()
    return parts + words[1:] if len(parts) > 1 and parts in _spellings(verbs) else words


def _own_options(verb: Verb, frame: Frame) -> tuple[Option, ...]:
    """What the verb takes here: `-s` too, where nothing else has named the service."""
    return (*verb.options, SERVICE) if frame.takes_service and "service" in verb.scopes else verb.options


def _options_after(frame: Frame, verbs: Table) -> list[Option]:
    """The options of the verbs that the words so far are, or can still become."""
    words = _expanded(frame.words, verbs)
    possible = [verb for spelling, (verb, _) in _spellings(verbs).items() if all(a == b for a, b in zip(spelling, words, strict=False))]
    return [HELP, VERSION, *(option for verb in possible for option in _own_options(verb, frame))]


def _page(program: str, line: Line, frame: Frame, options: Sequence[Option]) -> Page | None:
    asked = {option.name for given in line.given for option in find(given.flag, options) if option in (HELP, VERSION)}
    words = frame.words
    if "version" in asked:
        return Page(program, "version")
    if words[:1] == ("help",):
        return Page(program, "help", frame.selector, frame.scope, words[1:])
    return Page(program, "help", frame.selector, frame.scope, words) if "help" in asked else None


def _invocation(program: str, line: Line, frame: Frame, table: Table, is_service: IsService) -> Invocation:
    verbs = visible(frame, table)
    _check_frame(program, frame, table, is_service)
    words = _expanded(frame.words, verbs)
    verb, length, preset = match(words, verbs)
    options = _own_options(verb, frame)
    positionals = words[length:] + line.rest
    given, service = arguments(line, verb.name, options, dict(preset), positionals)
    selector = frame.selector or service
    if verb.needs_selector and frame.scope == "service" and "service" in verb.scopes and not selector:
        raise UsageError(_which_service(program, verb, positionals, is_service))
    _check_words(verb, positionals, words[length:])
    return Invocation(program, selector, frame.scope if frame.scope in verb.scopes else "global", verb, given)


def _which_service(program: str, verb: Verb, words: Words, is_service: IsService) -> str:
    name = words[0] if words and is_service(words[0]) else "SERVICE"
    return f"which service? write '{program} {name if program == 'om' else '-s ' + name} {verb.name}'"


def _check_frame(program: str, frame: Frame, table: Table, is_service: IsService) -> None:
    """Refuse a first word without a command, and objects that are no services."""
    if program == "om" and frame.selector in KINDS:
        raise UsageError(f"objects of the kind {frame.selector!r} are not managed here, only services are")
    if frame.words:
        return
    head = frame.selector or frame.scope
    known = {"node", "cluster", *(words[0] for words in _spellings(in_scope(table, "global")))}
    hint = did_you_mean(head, known) if frame.selector and program == "om" and not is_service(head) else ""
    called = " ".join([program, head] if program == "om" and head != "global" else [program])
    raise UnknownCommand(f"no command given{hint or f'; {called} help lists them'}")


def match(words: Words, verbs: Table) -> tuple[Verb, int, Mapping[str, object]]:
    """The verb that most of the first words spell, how many they are, and the options that they stand for. Raises UsageError."""
    spellings = _spellings(verbs)
    for length in range(len(words), 0, -1):
        if found := spellings.get(words[:length]):
            return found[0], length, found[1]
    raise UnknownCommand(_unknown(words, verbs))


def _unknown(words: Words, verbs: Table) -> str:
    begun = [verb.name for verb in verbs if verb.words[0] == words[0]]
    if begun and len(words) == 1:
        return f"{words[0]!r} is not all: {', '.join(begun)}"
    known = {verb.name for verb in verbs} | {" ".join(older) for verb in verbs for older in verb.aliases}
    for length in (2, 1):
        tried = " ".join(words[:length]).replace("_", " ")
        if hint := did_you_mean(tried, known | {verb.words[0] for verb in verbs}):
            return f"no command {tried!r}{hint}"
    return f"no command {' '.join(words[: 2 if begun else 1])!r}"


def _check_words(verb: Verb, words: Words, typed: Words) -> None:
    """Refuse words too many and too few; the hint is about a typed word, not about what follows `--`."""
    takes_any = any(name.endswith("...") for name in verb.positionals)
    needed = [name for name in verb.positionals if not name.startswith("[") and not name.endswith("...")]
    if len(words) > len(verb.positionals) and not takes_any:
        extra = words[len(verb.positionals)]
        raise UsageError(f"one word too many: {extra!r}{_hint(verb, extra) if extra in typed else ''}")
    if len(words) < len(needed):
        raise UsageError(f"'{verb.name}' needs {' '.join(needed[len(words) :])}")


def _hint(verb: Verb, word: str) -> str:
    """What a word too many was probably meant to be."""
    flags = {spelling: option for option in verb.options for spelling in option.spellings}
    meant = ""
    if "#" in word and RID in verb.options:
        meant = f"--rid {word}"
    elif "=" in word and KW in verb.options:
        meant = f"--kw {word}"
    elif f"--{word}" in flags:
        meant = f"--{word}"
    return f"; did you mean {meant!r}?" if meant else ""
