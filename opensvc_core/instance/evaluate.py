"""Evaluate: see the status of every resource, now, and merge them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from opensvc_core.driver.base import Resource
from opensvc_core.driver.capabilities import Provisionable, SeenTogether, Standing, Syncable
from opensvc_core.errors import OpensvcError
from opensvc_core.instance.part import PROVISIONED_GROUPS, Part
from opensvc_core.instance.state import State
from opensvc_core.model.snapshot import InstanceStatus, Provisioned, ResourceStatus
from opensvc_core.model.status import Message, Observation, Status, as_standby, merge
from opensvc_core.plan.ordering import START_ORDER, set_ids

# A resource in `warn` is there, in whole or in part: what stands on it may well be up.
_READY = frozenset({Status.UP, Status.STDBY_UP, Status.NA, Status.WARN})


class Evaluation:
    """One look at an instance. Resources are seen in the order of a start, because some make sense only above others."""

    def __init__(
        self, parts: Sequence[Part], state: State, *, running: frozenset[str] = frozenset(), beginning: Callable[[Part], None] | None = None
    ) -> None:
        self._parts, self._beginning = sorted(parts, key=_height), beginning
        self._state, self._running = state, running
        self._seen: dict[str, Observation] = {}

    def observe(self, part: Part) -> Observation:
        """The raw status of one resource: seen at the first call, the same at later ones."""
        if part.rid not in self._seen:
            self._seen[part.rid] = self._look(part)
        return self._seen[part.rid]

    def instance(self, node: str, *, subsets: Mapping[str, bool], is_node_frozen: bool, priority: int) -> InstanceStatus:
        """The picture of the instance."""
        pictures: dict[str, ResourceStatus] = {part.rid: self._picture(part) for part in self._parts}
        resources = tuple(pictures[part.rid] for part in self._parts)
        avail = merge(pictures[part.rid].status for part in self._parts if part.counts_for_avail)
        return InstanceStatus(
            node=node,
            avail=avail,
            overall=self._overall(pictures),
            optional=merge(pictures[part.rid].status for part in self._parts if part.is_optional and part.is_counted),
            groups=_groups(self._parts, pictures),
            resources=resources,
            subsets={
                f"{part.group}:{part.item.subset}": any(subsets.get(name, False) for name in set_ids(part.item))
                for part in self._parts
                if part.item.subset
            },
            is_frozen=self._state.is_frozen(),
            is_node_frozen=is_node_frozen,
            provisioned=self._made(pictures),
            priority=priority,
        )

    def _overall(self, pictures: Mapping[str, ResourceStatus]) -> Status:
        counted = [(part, pictures[part.rid]) for part in self._parts if part.is_counted]
        statuses = [picture.status for part, picture in counted if not (part.group == "sync" and picture.status is Status.UP)]
        troubled = any(message.level != "info" for part, picture in counted if part.group != "sync" for message in picture.messages)
        return merge([*statuses, Status.WARN] if troubled else statuses)

    def _look(self, part: Part) -> Observation:
        if part.is_disabled or part.policy.encap:
            return Observation(Status.NA)
        if "nostatus" in part.policy.tags:
            return Status.NA.because("nostatus tag", level="info")
        if part.resource is None:
            return Status.UNDEF.because(part.problem, level="error")
        if self._beginning:
            self._beginning(part)
        if isinstance(part.resource, Syncable):
            part.resource.standing = self.standing()
        if part.resource.needs_below and not self._is_below_ready(part):
            return observed(part.resource, is_alone=True)
        if isinstance(part.resource, SeenTogether):
            self._look_at_kind(part.resource)
        return self._seen.get(part.rid) or observed(part.resource)

    def _look_at_kind(self, resource: SeenTogether) -> None:
        """See all resources of a kind by one look; those that need it are looked at alone afterwards."""
        kind = type(resource)
        asked: list[object] = [part.resource for part in self._parts if self._is_asked(part)]
        try:
            found = kind.statuses([one for one in asked if isinstance(one, SeenTogether) and type(one) is kind])
        except Exception:  # noqa: BLE001 - the look at each one tells what is wrong with it
            return
        for rid, seen in found.items():
            self._seen.setdefault(rid, seen if isinstance(seen, Observation) else Observation(seen))

    @staticmethod
    def _is_asked(part: Part) -> bool:
        return not (part.is_disabled or part.policy.encap or "nostatus" in part.policy.tags)

    def standing(self) -> Standing:
        """How the node stands to the service: as seen, or, where nothing of it can be seen, as it was left."""
        last_up, was_started = self._state.active()
        status = self.avail_below()
        return Standing(status is Status.UP or (status is Status.NA and was_started), last_up)

    def avail_below(self) -> Status:
        """The availability without the applications; with them where there is nothing else to be seen."""
        counted = [part for part in self._parts if part.counts_for_avail]
        below = merge(self._raw(part) for part in counted if part.group != "app")
        return below if below is not Status.NA else merge(map(self._raw, counted))

    def _raw(self, part: Part) -> Status:
        seen = self.observe(part).status
        return as_standby(seen) if part.is_standby else seen

    def _is_below_ready(self, part: Part) -> bool:
        height = _height(part)
        below = (other for other in self._parts if _height(other) < height and other.counts_for_avail)
        return all(self.observe(other).status in _READY for other in below)

    def _picture(self, part: Part) -> ResourceStatus:
        seen = self.observe(part)
        policy = part.policy
        label, classic_label, messages = _labels(part)
        return ResourceStatus(
            rid=part.rid,
            driver=part.item.driver,
            group=part.group,
            status=as_standby(seen.status) if part.is_standby else seen.status,
            label=label,
            classic_label=classic_label,
            messages=(*seen.messages, *messages),
            info=seen.info,
            subset=policy.subset,
            tags=tuple(sorted(policy.tags)),
            is_running=part.rid in self._running,
            is_monitored=policy.monitor,
            is_disabled=part.is_disabled,
            is_optional=part.is_optional,
            is_optional_declared=bool(policy.optional),
            is_encap=policy.encap,
            is_standby=part.is_standby,
            provisioned=self._provisioned(part, seen.status),
            restarts_left=policy.restart or None,
        )

    def _made(self, pictures: Mapping[str, ResourceStatus]) -> Provisioned:
        """Whether the instance is provisioned: also where nothing of it needs to be made, and nothing was ever unprovisioned."""
        parts = [part for part in self._parts if not part.is_disabled]
        found = together([pictures[part.rid].provisioned for part in parts])
        needs_something = any(isinstance(part.resource, Provisionable) or self._state.is_provisioned(part.rid) is False for part in parts)
        return Provisioned.YES if found is Provisioned.NO and not needs_something else found

    def _provisioned(self, part: Part, status: Status) -> Provisioned:
        if part.group not in PROVISIONED_GROUPS:
            return Provisioned.NOT_APPLICABLE
        if part.resource is None:
            return Provisioned.UNKNOWN
        if part.is_disabled:
            return Provisioned.YES
        return Provisioned.YES if is_provisioned(part.resource, self._state, status) else Provisioned.NO


def observed(resource: Resource, *, is_alone: bool = False) -> Observation:
    """What a driver sees of its resource (`is_alone`: without what is below it); `undef` with the reason where it fails."""
    try:
        seen = resource.seen_alone() if is_alone else resource.status()
    except (OpensvcError, OSError, ValueError) as error:
        return Status.UNDEF.because(str(error), level="error")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a driver raises is the state of its resource, the others go on
        return Status.UNDEF.because(f"the driver failed: {type(error).__name__}: {error}", level="error")
    return seen if isinstance(seen, Observation) else Observation(seen)


def is_provisioned(resource: Resource, state: State, status: Status) -> bool:
    """Whether a resource exists: as the host shows it, else as it was recorded."""
    if status is Status.UP:
        return True
    try:
        seen = resource.is_provisioned()
    except Exception:  # noqa: BLE001 - its status tells what is wrong
        seen = None
    return seen if seen is not None else bool(state.is_provisioned(resource.rid))


def together(provisioned: Sequence[Provisioned]) -> Provisioned:
    """Whether a service is provisioned as a whole."""
    applicable = {one for one in provisioned if one in (Provisioned.YES, Provisioned.NO)}
    if applicable == {Provisioned.NO}:
        return Provisioned.NO
    return Provisioned.PARTLY if Provisioned.NO in applicable else Provisioned.YES


def _labels(part: Part) -> tuple[str, str, tuple[Message, ...]]:
    if part.resource is None:
        return part.item.driver, part.item.driver, ()
    try:
        return part.resource.label(), part.resource.classic_label(), ()
    except Exception as error:  # noqa: BLE001 - a label must not hide the status
        return part.item.driver, part.item.driver, (Message("error", f"no label: {error}"),)


def _groups(parts: Sequence[Part], pictures: Mapping[str, ResourceStatus]) -> dict[str, Status]:
    names = dict.fromkeys(part.group for part in parts)
    return {name: merge(pictures[part.rid].status for part in parts if part.group == name and part.is_counted) for name in names}


def _height(part: Part) -> int:
    return START_ORDER.index(part.group) if part.group in START_ORDER else len(START_ORDER)
