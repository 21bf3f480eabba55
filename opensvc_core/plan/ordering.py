"""The order of an action: groups, then what needs what, then subsets, then names in natural order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from opensvc_core.errors import ConfigError
from opensvc_core.model.names import natural
from opensvc_core.plan.item import Item

# Addresses come first: their conflict test guards everything that follows.
START_ORDER = ("ip", "volume", "disk", "fs", "share", "container", "app", "task")


class Stage(NamedTuple):
    """Items that are acted on one after the other, or, where the stage is parallel, at the same time."""

    items: tuple[Item, ...]
    is_parallel: bool = False


def start_order(items: Sequence[Item]) -> list[Item]:
    """The items in the order of a start; a stop takes them in reverse. Groups that nothing starts are left out.

    Raises ConfigError for resources that need each other.
    """
    return [item for group in START_ORDER for item in _by_need([item for item in items if item.group == group])]


def sync_order(items: Sequence[Item]) -> list[Item]:
    """The items that copy data, in the order in which they do."""
    return _by_need([item for item in items if item.group == "sync"])


def after_what_they_stand_beside(items: Sequence[Item]) -> list[Item]:
    """The same items, but what stands beside another comes after it: what is not made yet can't be guarded."""
    return [item._replace(refers_to=item.refers_to | {item.beside}, beside="") if item.beside else item for item in items]


def stages(ordered: Sequence[Item], parallel: Mapping[str, bool]) -> list[Stage]:
    """Cut an ordered sequence into stages.

    `parallel` says for set ids (`app`, `app:web`, `container.docker:web`) whether their resources may act at the same
    time. Neighbours of one such set make one stage, unless one of them needs the other.
    """
    found: list[Stage] = []
    for item in ordered:
        last = found[-1] if found else None
        if (
            last
            and _is_parallel(item, parallel)
            and _same_set(last.items[0], item)
            and not any(_linked(item, other) for other in last.items)
        ):
            found[-1] = Stage((*last.items, item), is_parallel=True)
        else:
            found.append(Stage((item,)))
    return found


def needs(item: Item, other: Item) -> bool:
    """Whether `item` can only be up while `other` is: it refers to it, stands below its path, or has it at its side."""
    return item is not other and (
        other.rid in item.refers_to
        or other.beside == item.rid
        or bool(other.occupies and item.occupies != other.occupies and _is_below(item.occupies, other.occupies))
    )


def _by_need(items: Sequence[Item]) -> list[Item]:
    """A topological sort that takes, of what is possible, the first by subset, position and name."""
    waiting = sorted(items, key=lambda item: (item.subset, item.position, natural(item.rid)))
    ordered: list[Item] = []
    while waiting:
        ready = next((item for item in waiting if not any(needs(item, other) for other in waiting)), None)
        if ready is None:
            names = ", ".join(item.rid for item in waiting)
            raise ConfigError(f"{names} need each other: their references go round in a circle")
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _is_below(path: str, directory: str) -> bool:
    return path.startswith(directory.rstrip("/") + "/")


def _linked(one: Item, other: Item) -> bool:
    return needs(one, other) or needs(other, one)


def _same_set(one: Item, other: Item) -> bool:
    return (one.group, one.subset) == (other.group, other.subset)


def _is_parallel(item: Item, parallel: Mapping[str, bool]) -> bool:
    return any(parallel.get(name, False) for name in set_ids(item))


def set_ids(item: Item) -> tuple[str, ...]:
    """The names that a `[subset#…]` section may give to the set of an item."""
    if item.subset:
        return f"{item.group}:{item.subset}", f"{item.driver}:{item.subset}"
    return item.group, item.driver
