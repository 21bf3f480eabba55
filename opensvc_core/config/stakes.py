"""Stakes: the data of a service that a second activation would damage, and the reservations of disks that refuse one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Any

from opensvc_core.config.keywords import Keyword
from opensvc_core.config.sections import RESERVATION, Section
from opensvc_core.config.service import ServiceConfig
from opensvc_core.config.vocabulary import ResourceKeywords
from opensvc_core.errors import ConfigError, DriverUnavailable

_RESERVE: Keyword[Any] = ResourceKeywords.keywords()["scsireserv"]
# The words by which the section of a reservation may say that its resource is started without it.
_WAYS_OUT = ("disable", "optional", "tags")


class Stakes:
    """Of one service, as this node would start it; resources by their rids. Each of them raises ConfigError."""

    def __init__(self, config: ServiceConfig) -> None:
        self._config = config

    @cached_property
    def rids(self) -> tuple[str, ...]:
        """The resources with data that is damaged where two nodes have it active."""
        return tuple(rid for rid, is_damaged in self._damaged.items() if is_damaged)

    @cached_property
    def reserved(self) -> frozenset[str]:
        """The resources that are never started without a reservation of their disks."""
        return frozenset(rid for rid in self._asking if _is_reserved(self._config, rid))

    @cached_property
    def bare(self) -> tuple[str, ...]:
        """Those with data at stake, and those of which nobody here knows the driver, that stand on no disk that is reserved."""
        rids = [rid for rid, is_damaged in self._damaged.items() if is_damaged is not False and not self._config.policy(rid).disable]
        # a start goes on without an optional one: what stands on it may be started on disks that nobody has reserved
        firm = {rid for rid in self.reserved if not self._config.policy(rid).optional}
        safe = self.reserved | (self._grounds.above(firm, rids) if firm else set())
        return tuple(rid for rid in rids if rid not in safe)

    @property
    def is_exclusive(self) -> bool:
        """Whether disks refuse a second node all that it could damage."""
        return bool(self.reserved) and not self.bare

    def to_reserve(self) -> tuple[str, ...]:
        """What would have to be reserved for that; empty where one of them stands on no devices."""
        roots = [rid for rid in self.bare if rid not in self._grounds.above(set(self.bare) - {rid}, self.bare)]
        return tuple(roots) if all(_stands_on_devices(self._config, self._sections[rid]) for rid in roots) else ()

    @cached_property
    def _sections(self) -> dict[str, Section]:
        return {one.rid: one for one in self._config.resources()}

    @cached_property
    def _asking(self) -> tuple[str, ...]:
        # a file of many sections is not evaluated twice for what it does not ask for
        if not any(name in self._config.document.text() for name in (_RESERVE.name, *_RESERVE.aliases)):
            return ()
        return tuple(rid for rid, one in self._sections.items() if is_wished(self._config, one, _RESERVE))

    @cached_property
    def _damaged(self) -> dict[str, bool | None]:
        beside = {f"{rid}{RESERVATION}" for rid in self._asking}
        return {rid: _is_damaged(self._config, one) for rid, one in self._sections.items() if rid not in beside}

    @cached_property
    def _grounds(self) -> _Grounds:
        return _Grounds(self._config, list(self._sections))


class _Grounds:
    """What resources stand on, as words that name devices."""

    def __init__(self, config: ServiceConfig, rids: list[str]) -> None:
        from opensvc_core.config.checks.claims import placeholders, taken_on  # noqa: PLC0415 - few look so closely

        view = ServiceConfig(config.document, config.world, config.declarations, placeholders)
        self._claims: dict[str, list[str]] = {rid: [] for rid in rids}
        for taken in taken_on(config, rids, config.world.node):
            if taken.kind == "device":
                self._claims[taken.rid].append(taken.value)
        self._words = {rid: [*_named(view, rid), *self._claims[rid]] for rid in rids}

    def above(self, ground: Collection[str], rids: Iterable[str]) -> set[str]:
        """Those of these resources that stand on nothing but the ground, or on what does."""
        found: set[str] = set()
        while more := {rid for rid in rids if rid not in {*ground, *found} and self._is_on(rid, {*ground, *found})}:
            found |= more
        return found

    def _is_on(self, rid: str, ground: Collection[str]) -> bool:
        return bool(self._words[rid]) and all(any(self._is_of(word, one) for one in ground) for word in self._words[rid])

    def _is_of(self, word: str, rid: str) -> bool:
        """Whether a device is one that a resource has or brings: by a reference to it, by its name, or below the folder of its name."""
        names = self._claims[rid]
        return word.startswith(f"{{{rid}.") or word in names or any(word.startswith(f"/dev/{one}/") for one in names if "/" not in one)


def is_wished(config: ServiceConfig, section: Section, keyword: Keyword[Any]) -> bool:
    """Whether a resource asks for another one at its side: in its own section, or in `[DEFAULT]` for all that stand on devices."""
    try:
        if not (config.gives(section.rid, keyword) and config.value(section.rid, keyword)):
            return False
        return bool(config.key_of(section.rid, keyword)) or _stands_on_devices(config, section)
    except ConfigError:
        return False  # the resource itself tells it


def _is_reserved(config: ServiceConfig, rid: str) -> bool:
    leader, beside = config.policy(rid), f"{rid}{RESERVATION}"
    if leader.disable or "noaction" in leader.tags:
        return False
    words = ResourceKeywords.keywords()
    given = [name for name in _WAYS_OUT if config.document.has_section(beside) and config.key_of(beside, words[name])]
    own = ResourceKeywords({name: config.value(beside, words[name]) for name in given})
    return not (own.disable or "noaction" in own.tags or (own.optional and not leader.optional))


def _named(view: ServiceConfig, rid: str) -> Iterator[str]:
    for keyword in view.driver_keywords(rid).values():
        if keyword.stands_on and view.gives(rid, keyword):
            yield view.told(rid, keyword)


def _is_damaged(config: ServiceConfig, section: Section) -> bool | None:
    """None: nobody here knows the driver."""
    try:
        return bool(getattr(config.driver(section), "has_data_at_stake", False))
    except DriverUnavailable:
        return None


def _stands_on_devices(config: ServiceConfig, section: Section) -> bool:
    try:
        return bool(getattr(config.driver(section), "stands_on_devices", False))
    except DriverUnavailable:
        return False
