"""The performer: one action on one instance, from the first trigger to the last check, or back to where it began."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from opensvc_core.driver.base import Resource
from opensvc_core.driver.capabilities import ExposesDevices, Preflight, Provisionable, Runnable, Startable, Syncable
from opensvc_core.driver.context import service_environment
from opensvc_core.errors import ActionFailed, ActionInterrupted, ActionRefused, Conflict, OpensvcError, UsageError
from opensvc_core.instance.evaluate import is_provisioned, observed
from opensvc_core.instance.executors import Executor
from opensvc_core.instance.holdings import Holdings
from opensvc_core.instance.instance import Instance
from opensvc_core.instance.journal import Journal
from opensvc_core.instance.limits import Limiting
from opensvc_core.instance.part import PROVISIONED_GROUPS, Part
from opensvc_core.instance.syncing import finish, refuse_where_not_up, targets, why_not_up
from opensvc_core.instance.triggers import commands
from opensvc_core.instance.walk import Walk, side_by_side, wait_for
from opensvc_core.model import requirements
from opensvc_core.model.events import Level
from opensvc_core.model.operations import Operations
from opensvc_core.model.status import Status
from opensvc_core.plan.actions import ACTIONS, Action, Pass
from opensvc_core.plan.item import Item
from opensvc_core.plan.ordering import Stage, after_what_they_stand_beside, stages, start_order, sync_order
from opensvc_core.plan.selection import EVERYTHING, Selection, cut, select

_AFTER = {
    "start": frozenset({Status.UP, Status.NA}),
    "stop": frozenset({Status.DOWN, Status.NA}),
}
# What the steps that follow in a plan find.
_ASSUMED = {"start": Status.UP, "stop": Status.DOWN}
_AVAILABLE = frozenset({Status.UP, Status.STDBY_UP, Status.NA})


class Request(NamedTuple):
    """What is asked for: the action, on what, and how.

    `is_forced` sets aside what an administrator may set aside (standby resources are stopped as well); `rolls_back` false
    leaves a failed start as it is; `confirmed_down` are nodes that the administrator knows to be dead. `due_at`: only what
    its schedule lets run at this moment (seconds since 1970-01-01 UTC); None: schedules are not looked at. `shown_as` is how
    the service's command is named where it is called on another node; `keeps_own`: of two configurations that were edited
    independently, this node's is the one to keep. `id` is that of what was asked of the cluster, for the logs of all nodes.
    """

    action: str
    selection: Selection = EVERYTHING
    is_forced: bool = False
    rolls_back: bool = True
    confirmed_down: frozenset[str] = frozenset()
    due_at: float | None = None
    shown_as: str = ""
    keeps_own: bool = False
    id: str = ""

    @property
    def kind(self) -> Action:
        """The action's row in the table."""
        if self.action not in ACTIONS:
            raise UsageError(f"no action {self.action!r}; actions are {', '.join(ACTIONS)}")
        return ACTIONS[self.action]


class Performer:
    """Performs a request on an instance with an executor: the host's, or a rehearsal's."""

    def __init__(
        self,
        instance: Instance,
        request: Request,
        executor: Executor,
        journal: Journal,
        cancel: threading.Event,
        *,
        holdings: Holdings,
    ) -> None:
        self._instance, self._request, self._journal, self._cancel = instance, request, journal, cancel
        self._executor, self._holdings = executor, holdings
        self._walk = Walk(executor, journal)
        self._limiting = Limiting(executor, journal)
        self._conflicts: dict[str, str] = {}
        self._left_out: set[str] = set()
        self._taken: list[Resource] = []
        self._failures: list[str] = []
        self._cleaning = threading.Lock()

    def perform(self) -> None:
        """Do it. Raises ActionRefused (nothing was done), ActionFailed or ActionInterrupted (what was done is taken back)."""
        ways = [(one, self._stages(one)) for one in self._request.kind.passes]
        if self._request.due_at is not None:
            ways = [(one, way) for one, way in ways if way]
        self._refuse_unusable(ways)
        if self._request.kind.is_sync and any(way for _, way in ways):
            refuse_where_not_up(self._instance)
        try:
            for one, way in ways:
                self._pass(one, way)
            self._check_availability()
            self._raise_failures()
        except (ActionInterrupted, KeyboardInterrupt) as error:
            self._give_up("interrupted")
            raise ActionInterrupted(f"{self._request.action} was interrupted") from error
        except OpensvcError as error:
            self._give_up(str(error))
            raise
        except Exception as error:
            self._give_up(f"{type(error).__name__}: {error}")
            raise ActionFailed(f"{self._request.action}: {type(error).__name__}: {error}") from error

    def is_idle(self) -> bool:
        """Whether a request for what is due finds nothing; the log has why."""
        return self._request.due_at is not None and not any(self._stages(one) for one in self._request.kind.passes)

    def _stages(self, one: Pass) -> list[Stage]:
        selection, kind = self._request.selection, self._request.kind
        items = select([part.item for part in self._instance.parts], selection)
        if kind.verbs & {"provision", "unprovision"}:
            items = after_what_they_stand_beside(items)
        in_order = sync_order(items) if kind.is_sync else start_order(items)
        ordered = [item for item in in_order if (item.group == "task") == kind.only_tasks]
        if not ordered and (selection.is_scoped or kind.only_tasks) and (kind.is_sync or self._request.due_at is None):
            raise UsageError(
                f"'{kind.name}' has nothing to act on; the service has {', '.join(item.rid for item in items) or 'no resources'}"
            )
        if not ordered and kind.is_sync and not self._journal.is_by_scheduler:
            self._journal.say("skip sync: the service has no other node", name="skip")
        if self._request.due_at is not None:
            ordered = self._due(ordered, self._request.due_at)
        if kind.only_standby:
            ordered = [item for item in ordered if self._instance.part(item.rid).is_standby]
        ordered = cut(ordered[::-1], selection.downto, "downto") if one.is_reverse else cut(ordered, selection.upto, "upto")
        return stages(ordered, self._instance.subsets)

    def _due(self, items: list[Item], now: float) -> list[Item]:
        """Those that are due. Why the others are not is told to who asked; after a scheduler only the log has it."""
        from opensvc_core.instance.scheduled import refusal  # noqa: PLC0415 - a calendar, which most actions need not

        is_by_hand = self._request.kind.is_sync and not self._journal.is_by_scheduler
        asks_interval_alone = is_by_hand and not self._instance.is_older
        parts = [self._instance.part(item.rid) for item in items]
        reasons = {part.rid: refusal(self._instance, part, now, is_any_period=asks_interval_alone) for part in parts}
        if self._request.kind.is_sync and self._journal.is_by_scheduler and (reason := why_not_up(self._instance)):
            reasons = dict.fromkeys(reasons, reason)
        word, level = self._request.kind.passes[0].verbs[0], Level.DEBUG if self._journal.is_by_scheduler else Level.INFO
        for rid, reason in reasons.items():
            if reason:
                self._journal.say(f"skip {word}: {reason}", rid=rid, level=level, name="skip")
        return [item for item in items if not reasons[item.rid]]

    def _refuse_unusable(self, ways: list[tuple[Pass, list[Stage]]]) -> None:
        for part in (self._instance.part(item.rid) for _, way in ways for stage in way for item in stage.items):
            if part.resource is None and not part.is_disabled and not part.is_optional:
                raise ActionRefused(f"{part.rid}: {part.problem}; nothing was done (--rid leaves it out)")

    def _pass(self, one: Pass, way: list[Stage]) -> None:
        is_whole = not self._request.selection.is_scoped and not self._request.kind.only_standby
        self._left_out.clear()
        if "start" in one.verbs:
            self._preflight(one, [self._instance.part(item.rid) for stage in way for item in stage.items])
        if is_whole:
            self._trigger("pre", one.trigger, None)
        if "stop" in one.verbs:
            self._sweep()
        for stage in way:
            parts = [self._instance.part(item.rid) for item in stage.items]
            if stage.is_parallel and not self._executor.is_rehearsal:
                side_by_side(parts, lambda part: self._part(one, part), self._cancel)
            else:
                for part in parts:
                    self._part(one, part)
        if self._request.kind.is_sync:
            self._failures += finish(
                self._instance, self._executor, self._journal, shown_as=self._request.shown_as, keeps_own=self._request.keeps_own
            )
        if is_whole:
            self._trigger("post", one.trigger, None)

    def _raise_failures(self) -> None:
        if self._failures:
            raise ActionFailed("; ".join(self._failures))

    def _preflight(self, one: Pass, parts: list[Part]) -> None:
        """Let all that can tell look whether they are in use elsewhere. Raises Conflict."""
        wanted = [part for part in parts if part.resource is not None and not self._reason_to_skip(one, part)]
        for part in wanted:
            if part.resource and (held := self._holdings.in_the_way(part.resource)):
                self._note_conflict(part, held)
        able = [part for part in wanted if isinstance(part.resource, Preflight) and part.rid not in self._conflicts]
        if self._executor.is_rehearsal or len(able) < 2:
            for part in able:
                self._look_ahead(part)
        else:
            side_by_side(able, self._look_ahead, self._cancel)
        in_use = [part for part in wanted if part.rid in self._conflicts and not part.is_optional]
        if in_use:
            rids = ", ".join(part.rid for part in in_use)
            seen = tuple(f"{part.rid}: {self._conflicts[part.rid]}" for part in in_use)
            raise Conflict(f"{self._request.action} aborted due to resource {rids} conflict", seen)

    def _look_ahead(self, part: Part) -> None:
        assert isinstance(part.resource, Preflight)
        try:
            self._walk.follow(part.resource.preflight(), part.rid, keeps_undo=False)
        except Conflict as error:
            self._note_conflict(part, str(error))
        except ActionFailed:
            if not part.is_optional:
                raise  # the start of an optional one says it again, and is ignored there

    def _note_conflict(self, part: Part, text: str) -> None:
        self._conflicts[part.rid] = text
        self._journal.say(text, rid=part.rid, level=Level.DEBUG, name="conflict")

    def _part(self, one: Pass, part: Part) -> None:
        if self._cancel.is_set():
            raise ActionInterrupted("interrupted")
        reason = self._reason_to_skip(one, part)
        if reason:
            if part.resource is None or part.rid in self._conflicts:
                self._left_out.add(part.rid)
            self._journal.say(reason, rid=part.rid, name="skip")
            return
        try:
            self._act(one, part)
        except ActionFailed as error:
            if self._request.kind.is_sync:  # no copy waits for another, nor for a node that can't be reached
                self._failures.append(str(error))
                return
            # a task is optional by nature for the service, not for who runs it
            if not part.is_optional or (self._request.kind.only_tasks and not part.policy.optional):
                raise
            self._left_out.add(part.rid)
            self._journal.say(str(error), rid=part.rid, level=Level.ERROR)
            self._journal.say(f"ignore {self._request.action} error on optional resource", rid=part.rid, level=Level.WARNING)

    def _reason_to_skip(self, one: Pass, part: Part) -> str:
        stays_up = part.is_standby and not (self._request.kind.includes_standby or self._request.is_forced)
        reasons = {
            "disabled": part.is_disabled,
            "skip: left to the agent in the container": part.policy.encap,
            "skip: noaction tag": "noaction" in part.policy.tags,
            f"skip optional resource: {part.problem}": part.resource is None,
            f"skip optional resource: {self._conflicts.get(part.rid)}": part.rid in self._conflicts and "start" in one.verbs,
            "skip 'stop' on standby resource (--force to override)": one.trigger == "stop" and stays_up,
            "skip: its requirements are impossible": requirements.IMPOSSIBLE in self._required(one, part).split(),
        }
        reason = next((reason for reason, holds in reasons.items() if holds), "")
        if not reason and "start" in one.verbs and part.is_optional and (guard := self._missing_guard(part)):
            return f"skip: {guard}, which guards it, did not start"
        if not reason and one.is_reverse and part.resource and (held := self._holdings.in_the_way(part.resource)):
            return f"skip: {held}"
        return reason

    def _missing_guard(self, part: Part) -> str:
        """What stands beside it and should be up, and was left out because it is optional as well; empty: nothing."""
        beside = (other.rid for other in self._instance.parts if other.item.beside == part.rid and not other.is_disabled)
        return next((rid for rid in beside if rid in self._left_out), "")

    def _act(self, one: Pass, part: Part) -> None:
        self._check_requirements(one, part)
        self._trigger("pre", one.trigger, part)
        for verb in one.verbs:
            self._verb(verb, part)
        self._trigger("post", one.trigger, part)

    def _verb(self, verb: str, part: Part) -> None:
        resource = part.resource
        assert resource is not None
        operations = self._operations(verb, part, resource)
        if operations is not None and verb in ("start", "provision", "run") and not self._executor.is_rehearsal:
            resource.refuse_untold()
        if operations is not None:
            if verb in ("start", "run"):
                self._limiting.limit(resource)
            if verb == "start" and not self._executor.is_rehearsal:
                self._holdings.take(resource)
                self._taken.append(resource)
            if verb == "sync":
                self._copy(operations, part.rid)
                return
            keeps = self._request.kind.brings_up and verb != "stop" and self._rolls_back() and not part.is_standby
            changed = self._walk.follow(operations, part.rid, keeps_undo=keeps)
            if self._executor.is_rehearsal:
                self._assume(verb, resource)
            elif changed and verb in _AFTER:
                self._check_status(verb, resource)
            if verb == "stop" and not self._executor.is_rehearsal:
                self._holdings.give_up(resource)
        if not self._executor.is_rehearsal and verb.endswith("provision") and part.group in PROVISIONED_GROUPS:
            self._instance.state.set_provisioned(part.rid, value=verb == "provision")

    def _copy(self, operations: Operations, rid: str) -> None:
        """Let it copy; what it made for that alone is taken back when it has ended, also after an interruption."""
        walk = Walk(self._executor, self._journal)
        try:
            walk.follow(operations, rid, keeps_undo=True)
        finally:
            with self._cleaning:  # one at a time: each holds off the interruption that the others have to see
                is_cancelled = self._cancel.is_set()
                if is_cancelled:
                    self._cancel.clear()
                try:
                    walk.take_back()
                finally:
                    if is_cancelled:
                        self._cancel.set()

    def _sweep(self) -> None:
        """Take away what killed copies have left; where that fails, the stop tells what keeps it from its end."""
        for part in self._instance.parts:
            if isinstance(part.resource, Syncable) and not part.is_disabled:
                try:
                    self._walk.follow(part.resource.sweep(), part.rid, keeps_undo=False)
                except ActionFailed as error:
                    self._journal.say(str(error), rid=part.rid, level=Level.WARNING)

    def _operations(self, verb: str, part: Part, resource: Resource) -> Operations | None:
        if verb in ("start", "stop") and isinstance(resource, Startable):
            return resource.start() if verb == "start" else resource.stop()
        if verb == "run" and isinstance(resource, Runnable):
            return resource.run()
        if verb == "sync" and isinstance(resource, Syncable):
            return resource.sync(targets(self._instance, self._request.kind))
        if isinstance(resource, Provisionable):
            if (
                verb == "provision"
                and part.policy.provision
                and not is_provisioned(resource, self._instance.state, observed(resource).status)
            ):
                return resource.provision()
            if verb == "unprovision" and part.policy.unprovision:
                return resource.unprovision()
        return None

    def _assume(self, verb: str, resource: Resource) -> None:
        """For the steps of the plan that follow, the step is done."""
        resource.assumed = _ASSUMED.get(verb)
        path, planned, gone = resource.occupies(), resource.context.planned_paths, resource.context.planned_gone
        if not isinstance(planned, set) or not isinstance(gone, set):
            return
        devices = set(resource.exposed_devices()) if isinstance(resource, ExposesDevices) else set()
        if verb == "start":
            planned |= devices | ({path, *map(str, Path(path).parents)} if path else set())
            gone -= devices
        elif verb == "stop":
            planned -= devices
            gone |= devices

    def _check_status(self, verb: str, resource: Resource) -> None:
        """A step has succeeded when the status says so, never by exit codes alone."""
        if wait_for(lambda: observed(resource).status in _AFTER[verb], resource.settle(verb), self._cancel):
            return
        seen = observed(resource)
        if seen.status in _AFTER[verb]:
            return
        if verb == "start" and seen.status is Status.WARN:
            return  # it runs, and its status will go on to say what is wrong
        reasons = "".join(f": {message.text}" for message in seen.messages)
        raise ActionFailed(f"{resource.rid} is {seen.status} after {verb}{reasons}")

    def _required(self, one: Pass, part: Part) -> str:
        return str(part.policy.values.get(f"{one.trigger}_requires") or "")

    def _check_requirements(self, one: Pass, part: Part) -> None:
        text = self._required(one, part)
        if not text or self._executor.is_rehearsal:
            return  # in a rehearsal, the steps before have not really changed anything
        needed = requirements.parse(text)
        statuses = self._instance.statuses([requirement.rid for requirement in needed])
        missing = requirements.unmet(needed, statuses)
        if missing:
            raise ActionFailed(f"{part.rid}: {'; '.join(missing)}")

    def _trigger(self, phase: str, action: str, part: Part | None) -> None:
        rid = part.rid if part else ""
        triggers = part.policy if part else self._instance.keywords
        environment = service_environment(self._instance.facts, self._request.action)
        for command, is_blocking in commands(triggers, phase, action, environment):
            try:
                self._executor.execute(command, rid)
            except ActionFailed as error:
                if is_blocking:
                    raise ActionFailed(f"blocking error: {error}") from error
                self._journal.say(str(error), rid=rid, level=Level.WARNING)

    def _check_availability(self) -> None:
        kind = self._request.kind
        if self._executor.is_rehearsal or not kind.brings_up or kind.only_standby or self._request.selection.is_scoped:
            return
        seen = self._instance.evaluate()
        if seen.avail not in _AVAILABLE:
            lacking = (one for one in seen.resources if one.status not in _AVAILABLE and self._instance.part(one.rid).counts_for_avail)
            reasons = "; ".join(": ".join([f"{one.rid} is {one.status}", *(message.text for message in one.messages)]) for one in lacking)
            raise ActionFailed(f"every step of {kind.name} is done, but the instance's avail status is {seen.avail}: {reasons}")

    def _rolls_back(self) -> bool:
        return self._request.rolls_back and self._instance.keywords.rollback

    def _give_up(self, text: str) -> None:
        action = self._request.action
        if self._executor.is_rehearsal:
            return
        self._journal.say(text, level=Level.ERROR, name="failed", classic=f"'{action}' action stopped on execution error: {text}")
        if not self._request.kind.brings_up:
            return
        if not self._rolls_back():
            self._journal.say(f"skip rollback {action}: as instructed by {self._who_instructed()}")
        elif not self._walk.undo.entries:
            self._journal.say(f"skip rollback {action}: no resource activated")
        else:
            self._journal.say(f"trying to rollback {action} on {', '.join(self._walk.undo.rids())}")
            self._cancel.clear()
            self._walk.take_back()
        self._give_up_holdings()

    def _give_up_holdings(self) -> None:
        """What did not come up, or was taken back, holds nothing."""
        for resource in self._taken:
            if observed(resource).status in _AFTER["stop"]:
                self._holdings.give_up(resource)

    def _who_instructed(self) -> str:
        return "DEFAULT.rollback" if self._request.rolls_back else "--disable-rollback"


def rids_of(request: Request, instance: Instance) -> Iterator[str]:
    """The resources that a request is about."""
    return (item.rid for item in select([part.item for part in instance.parts], request.selection))
