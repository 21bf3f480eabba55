"""The command line cut into words and options, before and after the verb is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from opensvc_core.cli.options import Arguments
from opensvc_core.errors import UsageError
from opensvc_core.model.commandline import Option


class Given(NamedTuple):
    """An option as it was typed; the value is None for a switch."""

    flag: str
    value: str | None


class Line(NamedTuple):
    """A command line: its words, its options, and what followed `--`."""

    words: tuple[str, ...]
    given: tuple[Given, ...]
    rest: tuple[str, ...]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message: `; did you mean 'start'?`, or nothing."""
    import difflib  # noqa: PLC0415 - only an error needs it

    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def find(flag: str, options: Iterable[Option]) -> list[Option]:
    """The options that `flag` may mean: those spelled so, else those whose long spelling begins so."""
    distinct = list({id(option): option for option in options}.values())
    exact = [option for option in distinct if flag in option.spellings]
    if exact or not flag.startswith("--"):
        return exact
    return [option for option in distinct if any(spelling.startswith(flag) for spelling in option.spellings)]


def scan(argv: Sequence[str], every: Sequence[Option], near: Callable[[tuple[str, ...]], Sequence[Option]]) -> Line:
    """Cut `argv`.

    `every` has all options there are; `near(words)` those of the verbs that the words so far can still become.
    They only decide whether a flag has a value: the verb decides later whether it takes the option. Raises UsageError.
    """
    words: list[str] = []
    given: list[Given] = []
    tokens = list(reversed(argv))
    while tokens:
        token = tokens.pop()
        if token == "--":
            break
        if token.startswith("-") and token != "-":
            given.append(_option(token, tokens, near(tuple(words)), every))
        else:
            words.append(token)
    return Line(tuple(words), tuple(given), tuple(reversed(tokens)))


def _option(token: str, tokens: list[str], near: Sequence[Option], every: Sequence[Option]) -> Given:
    """Read the option that `token` begins; its value, or further short flags in the same token, are in or go to `tokens`."""
    flag, glued, has_value = _cut(token)
    is_switch = _is_switch(flag, near, every)
    if not is_switch:
        return Given(flag, glued if has_value else _value(flag, tokens, every))
    if token.startswith("--") and has_value:
        raise UsageError(f"{flag} takes no value")
    if glued:
        tokens.append("-" + glued)
    return Given(flag, None)


def _cut(token: str) -> tuple[str, str, bool]:
    """The flag, what is glued to it, and whether anything is: `--rid=a`, `-sweb`."""
    if token.startswith("--"):
        flag, equals, value = token.partition("=")
        return flag, value, bool(equals)
    return token[:2], token[2:], len(token) > 2


def _is_switch(flag: str, near: Sequence[Option], every: Sequence[Option]) -> bool:
    candidates = find(flag, near) or find(flag, every)
    if not candidates:
        flags = [spelling for option in near for spelling in option.flags]
        raise UsageError(f"no option {flag!r}{did_you_mean(flag, flags)}")
    if len({option.is_switch for option in candidates}) > 1:
        raise UsageError(_ambiguous(flag, candidates))
    return candidates[0].is_switch


def _value(flag: str, tokens: list[str], every: Sequence[Option]) -> str:
    # A value that is spelled as an option is one that was forgotten; `--rid=--local` would say it is meant
    if not tokens or tokens[-1] == "--" or (tokens[-1].startswith("-") and find(tokens[-1].partition("=")[0], every)):
        raise UsageError(f"{flag} needs a value")
    return tokens.pop()


def _ambiguous(flag: str, candidates: Iterable[Option]) -> str:
    return f"{flag!r} may be {' or '.join(option.flags[0] for option in candidates)}; write more of it"


def arguments(
    line: Line, verb: str, options: Sequence[Option], preset: dict[str, object], positionals: tuple[str, ...]
) -> tuple[Arguments, str]:
    """The values of the options that `verb` takes, and the selector that `--service` gave. Raises UsageError."""
    values = dict(preset)
    for given in line.given:
        option = _taken(given, verb, options)
        if option.name in preset:
            raise UsageError(f"{given.flag} can't be given here: the command says it already ({option.flags[0]} {preset[option.name]})")
        values[option.name] = _merged(option, given, values)
    selector = str(values.pop("service", ""))
    own = {name: value for name, value in values.items() if name in Arguments._fields}
    more = {option.name: values.get(option.name, _default(option)) for option in options if _is_foreign(option)}
    return Arguments(positionals=positionals, more=more, **own), selector  # type: ignore[arg-type]  # a test compares the types


def _is_foreign(option: Option) -> bool:
    return option.name not in {*Arguments._fields, "service", "help", "version"}


def _default(option: Option) -> object:
    if option.is_repeatable:
        return ()
    return False if option.is_switch else None


def _taken(given: Given, verb: str, options: Sequence[Option]) -> Option:
    """The option of the verb that is meant."""
    candidates = [option for option in find(given.flag, options) if option.is_switch == (given.value is None)]
    if len(candidates) > 1:
        raise UsageError(_ambiguous(given.flag, candidates))
    if not candidates:
        flags = [spelling for option in options for spelling in option.flags]
        raise UsageError(f"'{verb}' takes no {given.flag}{did_you_mean(given.flag, flags)}")
    return candidates[0]


def _merged(option: Option, given: Given, values: dict[str, object]) -> object:
    """The value of an option with this occurrence counted in."""
    if given.value is None:
        return True
    value = _converted(option, given.value)
    earlier = values.get(option.name)
    if option.is_repeatable:
        return (*earlier, value) if isinstance(earlier, tuple) else (value,)
    if earlier is not None and earlier != value:
        # Taking the last one would act on other resources than those that a person reads there
        raise UsageError(f"{option.flags[0]} is given twice, with {earlier} and {value}")
    return value


def _converted(option: Option, text: str) -> object:
    flag = option.flags[0]
    if option.choices and text not in option.choices:
        raise UsageError(f"{flag} {text!r}: it has to be {', '.join(option.choices[:-1])} or {option.choices[-1]}")
    try:
        return option.convert(text)
    except ValueError as exc:
        raise UsageError(f"{flag} {text!r}: it has to be {exc}") from exc
