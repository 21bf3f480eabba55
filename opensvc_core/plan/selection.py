"""Which resources an action is about: `--rid`, `--tags`, `--subset`, `--upto`, `--downto`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opensvc_core.errors import UsageError
from opensvc_core.plan.item import Item


class Selection(NamedTuple):
    """What the command line selects. Fields that are empty select everything; the others intersect.

    Parameters:
        rids: rids (`fs#1`), groups (`fs`) or driver ids (`app.forking`).
        tags: each element is one tag or several joined by `+`; one element that matches is enough.
        subsets: names of subsets.
        upto: the group or rid after which a start goes no further; downto: the same for a stop.
    """

    rids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    subsets: tuple[str, ...] = ()
    upto: str = ""
    downto: str = ""

    @property
    def is_scoped(self) -> bool:
        """Only a part of the service is meant: no decision about the whole follows from it."""
        return self != EVERYTHING


EVERYTHING = Selection()


def select(items: Sequence[Item], selection: Selection) -> list[Item]:
    """The items selected, in the order given. Raises UsageError when nothing is left, or a word names nothing."""
    for word in selection.rids:
        if not any(_is_named(item, word) for item in items):
            raise UsageError(f"no resource matches {word!r}; the service has {_names(items)}")
    chosen = _with_companions(items, [item for item in items if _is_selected(item, selection)])
    if selection.is_scoped and not chosen:
        raise UsageError(f"no resource matches the selection; the service has {_names(items)}")
    return chosen


def cut(items: Sequence[Item], barrier: str, option: str) -> list[Item]:
    """The ordered items up to the barrier and including it. Raises UsageError when the barrier names nothing."""
    if not barrier:
        return list(items)
    named = _with_companions(items, [item for item in items if _is_named(item, barrier)])
    positions = [position for position, item in enumerate(items) if item in named]
    if not positions:
        raise UsageError(f"--{option} {barrier}: no resource of this name; the service has {_names(items)}")
    return list(items[: positions[-1] + 1])


def _with_companions(items: Sequence[Item], chosen: Sequence[Item]) -> list[Item]:
    """Those chosen and what stands beside them, in the order given."""
    rids = {item.rid for item in chosen}
    return [item for item in items if item.rid in rids or item.beside in rids]


def _is_selected(item: Item, selection: Selection) -> bool:
    return (
        (not selection.rids or any(_is_named(item, word) for word in selection.rids))
        and (not selection.subsets or item.subset in selection.subsets)
        and (not selection.tags or any(item.tags.issuperset(alternative.split("+")) for alternative in selection.tags))
    )


def _is_named(item: Item, word: str) -> bool:
    return word in (item.rid, item.group, item.driver, item.rid.partition("#")[0])


def _names(items: Sequence[Item]) -> str:
    return ", ".join(item.rid for item in items) or "no resources"
