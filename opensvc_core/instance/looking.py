"""Looking: a service's resources made from its file, and their status seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from opensvc_core.config.guarding import doubts
from opensvc_core.config.service import ServiceConfig
from opensvc_core.driver.capabilities import Informative
from opensvc_core.driver.context import Context
from opensvc_core.driver.sight import Sight
from opensvc_core.errors import OpensvcError
from opensvc_core.instance.build import Builder, devices
from opensvc_core.instance.groups import groups_of
from opensvc_core.instance.host import Glance
from opensvc_core.instance.implied import companions, implied
from opensvc_core.instance.instance import Instance
from opensvc_core.instance.journal import Journal
from opensvc_core.instance.part import Part
from opensvc_core.instance.subject import Subject
from opensvc_core.model.names import Rid
from opensvc_core.model.snapshot import InstanceStatus, ServiceStatus
from opensvc_core.system.locks import InstanceLock

if TYPE_CHECKING:
    from opensvc_core.config.sections import Section
    from opensvc_core.config.vocabulary import ResourceKeywords
    from opensvc_core.instance.request import Request


class Look(NamedTuple):
    """One look at a service: the resources that were looked at, and what was seen of them."""

    instance: Instance
    status: ServiceStatus


def status(subject: Subject, *, shows_disabled: bool = False, shared: dict[str, Any] | None = None) -> ServiceStatus:
    """What is to be seen of the service on this node, now; disabled resources as `DEFAULT.show_disabled` says, or in any case."""
    seen = look(subject, shared={} if shared is None else shared)
    if seen.instance.keywords.show_disabled or shows_disabled:
        return seen.status
    local = seen.status.local
    local = local._replace(resources=tuple(one for one in local.resources if not one.is_disabled))
    return seen.status._replace(instances=(local,))


def look(subject: Subject, *, shared: dict[str, Any], beginning: Callable[[Part], None] | None = None) -> Look:
    """Look at all of the service on this node; `beginning` is told each resource before it is looked at."""
    seen = instance(subject, shared=shared)
    lock = InstanceLock(subject.state.lock_file)
    local = seen.evaluate(subject.state.in_progress() if lock.holder() else frozenset(), beginning)
    return Look(seen, _picture(subject, seen, local))


def _picture(subject: Subject, seen: Instance, local: InstanceStatus) -> ServiceStatus:
    keywords, found = seen.keywords, seen.doubts()
    return ServiceStatus(
        path=subject.path,
        avail=local.avail,
        overall=local.overall,
        instances=(local,),
        env=keywords.env or subject.node.settings.env,
        mode=keywords.mode,
        topology=keywords.topology,
        orchestrate=keywords.orchestrate,
        nodes=tuple(keywords.nodes or [subject.node.name]),
        notices=tuple(doubt.notice for doubt in found),
        offers=tuple(offer for doubt in found for offer in doubt.offers),
    )


def tell(subject: Subject, seen: ServiceStatus) -> None:
    """Tell the plugins when the overall status is another one than was told before. Needs the right to write `var`."""
    after = str(seen.overall)
    try:
        before = subject.state.last_overall()
        if before == after:
            return
        subject.state.keep_overall(after)
    except OpensvcError:
        return  # who may only read tells nobody
    journal = subject.journal(lambda _event: None)
    subject.node.notify("opensvc_status_changed", journal, service=str(subject.path), before=before, after=after)


def instance(
    subject: Subject,
    *,
    request: Request | None = None,
    journal: Journal | None = None,
    planned_paths: set[str] | None = None,
    shared: dict[str, Any] | None = None,
    sight: Sight | None = None,
) -> Instance:
    """The resources on this node, made from the file. Raises NoSuchObject, ConfigError.

    `request` is the action that they are made for, `planned_paths` what a plan collects, `shared` what one look keeps,
    `sight` what an action or a plan does (see `Context`).
    """
    parts: list[Part] = []
    gone: set[str] = set()
    node = subject.node
    config = ServiceConfig(subject.document(), node.world(subject.path), node.registry.driver, lambda rid, name: devices(parts, rid, name))
    facts = subject.facts(config)
    log = journal or subject.journal(lambda _event: None)

    subsets = config.subset_keywords()
    host = node.host if shared is None else shared.setdefault("host", Glance(node.host))

    def context(section: Section, policy: ResourceKeywords) -> Context:
        rid = section.rid
        return Context(
            rid=Rid(rid),
            system=host,
            log=log.of(rid),
            node=node.name,
            service=facts,
            var_dir=subject.state.resource_dir(rid),
            confirmed_down=request.confirmed_down if request else frozenset(),
            action=request.action if request else "",
            is_forced=bool(request and request.is_forced),
            planned_paths=frozenset() if planned_paths is None else planned_paths,
            planned_gone=gone,
            shared=shared,
            sight=sight if shared is None else Sight(shared),
            groups=groups_of(facts.cgroup, section, policy, service=config.service, subsets=subsets),
            patience=request.patience if request else None,
            # of an optional one, which does not count, nobody has told that it is down
            is_handed_over=bool(request and request.is_handed_over and not policy.optional),
        )

    parts.extend(Builder(config, node.registry.driver, context, [*implied(facts), *companions(config)]).parts())
    return Instance(
        parts,
        node=node.name,
        keywords=config.service,
        facts=facts,
        state=subject.state,
        subsets={name: keywords.parallel for name, keywords in subsets.items()},
        is_node_frozen=node.state.is_frozen(),
        is_older=config.document.is_older,
        store=node.store,
        doubts=partial(doubts, config),
    )


def info(subject: Subject) -> dict[str, dict[str, str]]:
    """What the resources tell of themselves, by rid."""
    resources = [part.resource for part in instance(subject).parts if part.resource and not part.is_disabled]
    return {resource.rid: _told(resource) for resource in resources if isinstance(resource, Informative)}


def _told(resource: Informative) -> dict[str, str]:
    try:
        return dict(resource.info())
    except Exception as error:  # noqa: BLE001 - one that fails hides no other
        return {"error": str(error)}
