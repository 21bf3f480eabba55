"""The page of the tutorials that are replayed by tests: how much of them, and what is not as they have it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from textwrap import fill

from pages.installed import DOCS
from pages.text import page, rows_table

TESTS = DOCS.parent / "tests" / "tutorials"
sys.path.insert(0, str(TESTS))

from tutorial import PAGES, Account, Page, account, adaptations  # noqa: E402 - it is no installed package
from tutorial.texts import ALIKE  # noqa: E402


def tutorials_page() -> str:
    """Counts for each page; below, each reason with the commands that it is for."""
    reasons = adaptations()
    accounts = {its: account(its, [*reasons]) for its in PAGES}
    alike = ", ".join(dict.fromkeys(what for what, _, _ in ALIKE))
    intro = (
        "The tutorials of an older agent, from which people know its commands, are tests of this one: their commands are run in the\n"
        "order of their pages, with their names and addresses, on two nodes made of namespaces, and on two virtual machines where a\n"
        "volume group is needed. What is printed has to be what the page shows. A page that is there twice is replayed once."
    )
    compared = fill(
        f"Before they are compared, these are made alike: {alike}. Of what tools of the system print, which differs from version to "
        "version, the parts that matter are looked for. A command on both nodes counts twice.",
        120,
    )
    rows = [_counts(its, found) for its, found in accounts.items()]
    table = rows_table(("page", "commands", "matched", "adapted", "not matched"), rows)
    after = (
        "The pages and the scripts are in `tests/tutorials`; a run of the tests tells counts at its end. What follows is what is not as\n"
        "a page has it, and why. Numbers are lines of the page."
    )
    return page("Tutorials", intro, compared, table, after, *(_adapted(its, found, reasons) for its, found in accounts.items()))


def _counts(its: Page, found: Account) -> tuple[str, ...]:
    numbers = (len(found.matched), len(found.adapted), len(found.faults))
    return (its.title, *map(str, (sum(numbers), *numbers)))


def _adapted(its: Page, found: Account, reasons: dict[str, str]) -> str:
    commands = {step.place: step.text.partition("\n")[0] for step in its.commands()}
    places = {key: sorted({place for (place, _), keys in found.adapted.items() if key in keys}) for key in reasons}
    rows = ((f"{text[0].upper()}{text[1:]}.", _commands(places[key], commands)) for key, text in reasons.items() if places[key])
    return f"## {its.title}\n\n" + rows_table(("why", "commands"), rows)


def _commands(places: Iterable[int], commands: dict[int, str]) -> str:
    """Each command once, with its places."""
    texts: dict[str, list[str]] = {}
    for place in places:
        texts.setdefault(commands[place], []).append(str(place))
    return "; ".join(f"`{text}` ({', '.join(lines)})" for text, lines in texts.items()).replace("|", "\\|")
