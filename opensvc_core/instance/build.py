"""Build: from a service's configuration to its parts. A resource that can't be used becomes a part with a problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from opensvc_core.config.keywords import Declares
from opensvc_core.config.sections import Section
from opensvc_core.config.service import ServiceConfig
from opensvc_core.config.vocabulary import ResourceKeywords
from opensvc_core.driver.base import Resource
from opensvc_core.driver.capabilities import Companion, ExposesDevices, UsesDevices
from opensvc_core.driver.context import Context
from opensvc_core.errors import ConfigError, DriverUnavailable
from opensvc_core.instance.part import Part
from opensvc_core.model.names import Rid
from opensvc_core.plan.item import Item

# What one that stands beside another has of that one, where the section of its name says nothing else.
_IN_COMMON = frozenset({"tags", "subset", "disable", "optional", "standby", "monitor", "encap", "shared"})
# Where that one is left alone, it is as well, whatever its section says.
_LEFT_ALONE = ("disable", "encap")


class Builder:
    """Makes the parts of a service.

    `driver` gives the class of a driver's name (DriverUnavailable where there is none), `context` what a resource is given;
    `implied` are resources that are there without a section, too; where the file has one of their name, it gives them values.
    """

    def __init__(
        self,
        config: ServiceConfig,
        driver: Callable[[str], type[Resource]],
        context: Callable[[Section, ResourceKeywords], Context],
        implied: Sequence[Section] = (),
    ) -> None:
        self._config, self._driver, self._context, self._implied = config, driver, context, implied

    def parts(self) -> list[Part]:
        """One part for each resource section, in the order of the file, then those of the implied resources."""
        companions = {one.rid: one for one in self._implied if one.beside}
        sections = [section for section in self._config.resources() if section.rid not in companions]
        described = {section.rid for section in sections}
        implied = (one for one in self._implied if not one.beside and one.rid not in described)
        parts = _told([self._part(section) for section in (*sections, *implied)])
        leaders = {part.rid: part for part in parts}
        return [*parts, *_acquainted([self._companion(one, leaders[Rid(one.beside)]) for one in companions.values()])]

    def _part(self, section: Section) -> Part:
        try:
            policy = self._config.policy(section.rid)
        except ConfigError as error:
            return self._unusable(section, ResourceKeywords({}), str(error))
        try:
            cls = self._config.variant(section.rid, self._driver(section.driver))
        except DriverUnavailable as error:
            return self._unusable(section, policy, str(error))
        try:
            resource = self._resource(section, cls, policy)
            item = self._item(section, cls.id, policy, resource)
            return Part(item.rid, item, policy, resource, "", self._config.service.disable)
        except (ConfigError, ValueError) as error:
            return self._unusable(section, policy, str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a driver raises is the state of its resource, the others go on
            return self._unusable(section, policy, f"the driver failed: {type(error).__name__}: {error}")

    def _companion(self, section: Section, leader: Part) -> Part:
        """One that stands beside another resource: as that one, where the section of its name says nothing else."""
        policy = ResourceKeywords(_in_common(leader))
        item = leader.item._replace(rid=Rid(section.rid), driver=section.driver, beside=leader.rid)
        resource, problem = None, f"{leader.rid} can't be used: {leader.problem}" if leader.problem else ""
        try:
            policy = self._described(section.rid, leader)
            refers_to = item.refers_to | self._config.refers_to(section.rid) - {leader.rid}
            item = item._replace(subset=policy.subset, tags=frozenset(policy.tags), refers_to=refers_to)
            cls = self._driver(section.driver)
            item = item._replace(driver=cls.id)
            values = {**self._config.values(section.beside, cls), **self._own(section.rid, cls)}
            resource = None if problem else cls(self._context(section, policy), values)
        except (DriverUnavailable, ConfigError, ValueError) as error:
            problem = str(error)
        if isinstance(resource, Companion):
            resource.leader = leader.resource
        return Part(item.rid, item, policy, resource, problem, leader.is_service_disabled)

    def _described(self, rid: str, leader: Part) -> ResourceKeywords:
        """What the core does with one that stands beside another. Raises ConfigError, also for a section that is another resource."""
        own = self._own(rid, ResourceKeywords)
        if "type" in own:
            raise self._config.error(f"it is what {leader.rid} asks for, and can have no type", rid, "type")
        left_alone = {name: True for name in _LEFT_ALONE if getattr(leader.policy, name)}
        return ResourceKeywords({**_in_common(leader), **own, **left_alone})

    def _own(self, rid: str, declares: type[Declares]) -> dict[str, Any]:
        """The values that a section itself gives, none of them inherited."""
        if not self._config.document.has_section(rid):
            return {}
        words = declares.keywords()
        return {name: self._config.value(rid, word) for name, word in words.items() if self._config.key_of(rid, word)}

    def _resource(self, section: Section, cls: type[Resource], policy: ResourceKeywords) -> Resource:
        values = self._config.values(section.rid, cls)
        missing = [name for name, word in cls.keywords().items() if word.required and not word.provisioning and name not in values]
        if missing:
            raise self._config.error(f"{missing[0]} is required", section.rid)
        return cls(self._context(section, policy), values)

    def _unusable(self, section: Section, policy: ResourceKeywords, problem: str) -> Part:
        item = self._item(section, section.driver, policy, None)
        return Part(item.rid, item, policy, None, problem, self._config.service.disable)

    def _item(self, section: Section, driver: str, policy: ResourceKeywords, resource: Resource | None) -> Item:
        return Item(
            rid=Rid(section.rid),
            group=section.group,
            driver=driver,
            subset=policy.subset,
            tags=frozenset(policy.tags),
            refers_to=self._config.refers_to(section.rid),
            occupies=resource.occupies() if resource else "",
            position=resource.position() if resource else 0,
        )


def _in_common(leader: Part) -> dict[str, Any]:
    """What one that stands beside another has of that one."""
    known = leader.policy.values
    return {name: known[name] for name in _IN_COMMON if name in known}


def _told(parts: Sequence[Part]) -> Sequence[Part]:
    """The same parts: those that make devices available know which the service names."""
    named = frozenset(name for part in parts for name in _devices_named(part))
    for part in parts:
        if isinstance(part.resource, ExposesDevices):
            part.resource.named = named
    return parts


def _devices_named(part: Part) -> Iterator[str]:
    """The devices that a resource claims as its file says them; of what is left alone, none."""
    if part.resource is None or part.is_disabled or part.policy.encap:
        return
    for keyword in part.resource.keywords().values():
        value = part.resource.values.get(keyword.name) if keyword.claims == "device" else None
        words = value if isinstance(value, (list, tuple, frozenset)) else [value]
        yield from (word for word in words if isinstance(word, str) and word.startswith("/dev/"))


def _acquainted(parts: Sequence[Part]) -> Sequence[Part]:
    """The same parts: their resources know the others of their kind."""
    companions: list[Companion] = []
    for part in parts:
        if isinstance(part.resource, Companion):
            companions.append(part.resource)
    for one in companions:
        one.fellows = [other for other in companions if type(other) is type(one) and other is not one]
    return parts


def devices(parts: Sequence[Part], rid: str, name: str) -> Sequence[str] | None:
    """What a resource tells of its devices (`exposed_devs`, `sub_devs`); None where it has none to tell."""
    resource = next((part.resource for part in parts if part.rid == rid), None)
    if name == "exposed_devs" and isinstance(resource, ExposesDevices):
        return resource.exposed_devices()
    if name == "sub_devs" and isinstance(resource, UsesDevices):
        return resource.sub_devices()
    return None
