"""The way of an action: which resources it goes through, and in which order."""

from __future__ import annotations

from collections.abc import Iterator

from opensvc_core.errors import UsageError
from opensvc_core.instance.instance import Instance
from opensvc_core.instance.journal import Journal
from opensvc_core.instance.request import Request
from opensvc_core.instance.syncing import why_not_up
from opensvc_core.model.events import Level
from opensvc_core.plan.actions import Pass
from opensvc_core.plan.item import Item
from opensvc_core.plan.ordering import Stage, after_what_they_stand_beside, stages, start_order, sync_order
from opensvc_core.plan.selection import cut, select


def way(instance: Instance, request: Request, one: Pass, journal: Journal) -> list[Stage]:
    """The stages of one pass of an action; the log has why something is left out. Raises UsageError: nothing is selected."""
    selection, kind = request.selection, request.kind
    items = select([part.item for part in instance.parts], selection)
    if kind.verbs & {"provision", "unprovision"}:
        items = after_what_they_stand_beside(items)
    in_order = sync_order(items) if kind.is_sync else start_order(items)
    ordered = [item for item in in_order if (item.group == "task") == kind.only_tasks]
    if not ordered and (selection.is_scoped or kind.only_tasks) and (kind.is_sync or request.due_at is None):
        raise UsageError(f"'{kind.name}' has nothing to act on; the service has {', '.join(item.rid for item in items) or 'no resources'}")
    if not ordered and kind.is_sync and not journal.is_by_scheduler:
        journal.say("skip sync: the service has no other node", name="skip")
    if request.due_at is not None:
        ordered = _due(instance, request, ordered, request.due_at, journal)
    if kind.only_standby:
        ordered = [item for item in ordered if instance.part(item.rid).is_standby]
    ordered = cut(ordered[::-1], selection.downto, "downto") if one.is_reverse else cut(ordered, selection.upto, "upto")
    return stages(ordered, instance.subsets)


def _due(instance: Instance, request: Request, items: list[Item], now: float, journal: Journal) -> list[Item]:
    """Those that are due. Why the others are not is told to who asked; after a scheduler only the log has it."""
    from opensvc_core.instance.scheduled import refusal  # noqa: PLC0415 - a calendar, which most actions need not

    is_by_hand = request.kind.is_sync and not journal.is_by_scheduler
    asks_interval_alone = is_by_hand and not instance.is_older
    parts = [instance.part(item.rid) for item in items]
    is_spread = journal.is_by_scheduler
    reasons = {part.rid: refusal(instance, part, now, is_any_period=asks_interval_alone, is_spread=is_spread) for part in parts}
    if request.kind.is_sync and journal.is_by_scheduler and (reason := why_not_up(instance)):
        reasons = dict.fromkeys(reasons, reason)
    word, level = request.kind.passes[0].verbs[0], Level.DEBUG if journal.is_by_scheduler else Level.INFO
    for rid, reason in reasons.items():
        if reason:
            journal.say(f"skip {word}: {reason}", rid=rid, level=level, name="skip")
    return [item for item in items if not reasons[item.rid]]


def rids_of(request: Request, instance: Instance) -> Iterator[str]:
    """The resources that a request is about."""
    return (item.rid for item in select([part.item for part in instance.parts], request.selection))
