"""Build: from a service's configuration to its parts. A resource that can't be used becomes a part with a problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

# What one that stands beside another has of that one, beside its keywords: where that one is left alone, it is as well.
_IN_COMMON = frozenset({"tags", "subset", "disable", "optional", "standby", "monitor", "encap", "shared"})


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
        sections = list(self._config.resources())
        described = {section.rid for section in sections}
        implied = [one for one in self._implied if one.rid not in described]
        parts = [self._part(section) for section in (*sections, *(one for one in implied if not one.beside))]
        leaders = {part.rid: part for part in parts}
        return [*parts, *_acquainted([self._companion(one, leaders[Rid(one.beside)]) for one in implied if one.beside])]

    def _part(self, section: Section) -> Part:
        try:
            policy = self._config.policy(section.rid)
        except ConfigError as error:
            return self._unusable(section, ResourceKeywords({}), str(error))
        try:
            cls = self._driver(section.driver)
        except DriverUnavailable as error:
            return self._unusable(section, policy, str(error))
        try:
            resource = self._resource(section, cls, policy)
            item = self._item(section, cls.id, policy, resource)
            return Part(item.rid, item, policy, resource, "", self._config.service.disable)
        except (ConfigError, ValueError) as error:
            return self._unusable(section, policy, str(error))

    def _companion(self, section: Section, leader: Part) -> Part:
        """One that stands beside another resource, in all that the core decides as that one."""
        known = leader.policy.values
        policy = ResourceKeywords({name: known[name] for name in _IN_COMMON if name in known})
        item = leader.item._replace(rid=Rid(section.rid), driver=section.driver, beside=leader.rid)
        resource, problem = None, f"{leader.rid} can't be used: {leader.problem}" if leader.problem else ""
        try:
            cls = self._driver(section.driver)
            item = item._replace(driver=cls.id)
            resource = None if problem else cls(self._context(section, policy), self._config.values(section.beside, cls))
        except (DriverUnavailable, ConfigError, ValueError) as error:
            problem = str(error)
        if isinstance(resource, Companion):
            resource.leader = leader.resource
        return Part(item.rid, item, policy, resource, problem, leader.is_service_disabled)

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
