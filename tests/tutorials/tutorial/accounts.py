"""The account of a page: which of its commands are replayed as they are, which adapted, and what is wrong with its scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from tutorial.pages import Page
from tutorial.steps import Kind, Step
from tutorial.texts import alike, missing_part

Where = tuple[int, str]
_OF_THE_PAGE: Final = (Kind.EXACT, Kind.UNTIL, Kind.SHOWN, Kind.EDITED)


@dataclass(frozen=True)
class Account:
    """Commands by their places, each once for each node; `adapted` has the keys, `faults` are sentences."""

    matched: frozenset[Where]
    adapted: dict[Where, frozenset[str]]
    faults: tuple[str, ...]


def account(page: Page, known: Sequence[str]) -> Account:
    """That of a page and all of its scripts; `known` are the keys there are."""
    shown = {step.place: step for step in page.commands()}
    of_page = {(place, node) for place, step in shown.items() for node in page.where(step)}
    replayed = [(script, step) for script in page.scripts() for step in page.script(script) if step.place]
    found: dict[Where, list[frozenset[str]]] = {}
    for _, step in replayed:
        for node in page.where(step):
            found.setdefault((step.place, node), []).append(frozenset(step.keys))
    faults = list(chain.from_iterable(_faults(f"{script}:{step.line}", step, shown, known) for script, step in replayed))
    faults += [f"{page.name}: line {place} on {node} is in no script" for place, node in sorted(of_page - found.keys())]
    faults += [f"{page.name}: line {place} has no command on {node}" for place, node in sorted(found.keys() - of_page)]
    keys = {where: _common(all_keys) for where, all_keys in found.items()}
    return Account(frozenset(where for where in keys if not keys[where]), {where: of for where, of in keys.items() if of}, tuple(faults))


def _common(found: Sequence[frozenset[str]]) -> frozenset[str]:
    """What is not the page's wherever a command is replayed; it may have another reason everywhere."""
    return frozenset.intersection(*found) if not all(found) else frozenset.intersection(*found) or frozenset.union(*found)


def expected(step: Step, shown: Step | None) -> tuple[str, ...]:
    """What a step has to print: what the page shows, where it says nothing of its own."""
    return shown.lines if shown and not step.keys and not step.lines else step.lines


def _faults(where: str, step: Step, shown: dict[int, Step], known: Sequence[str]) -> Iterator[str]:
    yield from (f"{where}: no such key: {key}" for key in step.keys if key not in known)
    if not (there := shown.get(step.place)):
        return
    is_same = step.text == there.text and _same_output(step, there)
    if step.keys and is_same:
        yield f"{where}: it is as the page has it, and needs no reason"
    if not step.keys and not is_same:
        yield f"{where}: it is not as the page has it, and has no reason"
    if step.lines and not step.keys and step.kind in _OF_THE_PAGE:
        yield f"{where}: what the page shows stands there once more"


def _same_output(step: Step, shown: Step) -> bool:
    if step.kind in (Kind.ANY, Kind.POWER):
        return False
    if step.kind is Kind.PARTS and step.lines:
        return missing_part(step.lines, alike(shown.lines)) is None
    return not step.keys or alike(step.lines) == alike(shown.lines)
