"""The performer: one action on one instance, from the first trigger to the last check, or back to where it began."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from opensvc_core.driver.base import Resource
from opensvc_core.driver.capabilities import Provisionable, Runnable, Startable, Syncable
from opensvc_core.driver.context import service_environment
from opensvc_core.errors import ActionFailed, ActionInterrupted, ActionRefused, OpensvcError
from opensvc_core.instance.ahead import Ahead
from opensvc_core.instance.conflicts import Conflicts
from opensvc_core.instance.copying import Copying, sweep
from opensvc_core.instance.evaluate import is_provisioned, observed
from opensvc_core.instance.executors import Executor
from opensvc_core.instance.holdings import Holdings
from opensvc_core.instance.instance import Instance
from opensvc_core.instance.journal import Journal
from opensvc_core.instance.limits import Limiting
from opensvc_core.instance.outcomes import assume, check_availability, check_status, is_stopped
from opensvc_core.instance.part import PROVISIONED_GROUPS, Part
from opensvc_core.instance.request import Request
from opensvc_core.instance.syncing import refuse_where_not_up, targets
from opensvc_core.instance.triggers import commands
from opensvc_core.instance.walk import Walk, side_by_side
from opensvc_core.instance.way import way
from opensvc_core.model import requirements
from opensvc_core.model.events import Level
from opensvc_core.model.operations import Operations
from opensvc_core.plan.actions import Pass
from opensvc_core.plan.ordering import Stage


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
        self._copying = Copying(instance, request, executor, journal, cancel)
        self._conflicts = Conflicts(self._walk, journal, cancel, holdings, is_rehearsal=executor.is_rehearsal)
        self._left_out: set[str] = set()
        self._taken: list[Resource] = []
        self._failures: list[str] = []
        # seconds by rid (`checks`: who else uses what is to be started), in the order in which they began
        self.took: dict[str, float] = {}

    def perform(self) -> None:
        """Do it. Raises ActionRefused (nothing was done), ActionFailed or ActionInterrupted (what was done is taken back)."""
        ways = [(one, self._stages(one)) for one in self._request.kind.passes]
        if self._request.due_at is not None:
            ways = [(one, through) for one, through in ways if through]
        self._refuse_unusable(ways)
        if self._request.kind.is_sync and any(through for _, through in ways):
            refuse_where_not_up(self._instance)
        try:
            for one, through in ways:
                self._pass(one, through)
            if self._has_to_be_available():
                check_availability(self._instance, self._request.kind)
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

    def look_ahead(self, text: str) -> Ahead:
        """Let those look that can tell before a start is decided on; `text`: the file that they were made from."""
        one = self._request.kind.passes[-1]
        parts = [self._instance.part(item.rid) for stage in self._stages(one) for item in stage.items]
        return Ahead(text, self._conflicts.look_ahead([part for part in parts if not self._reason_to_skip(one, part)]))

    def _stages(self, one: Pass) -> list[Stage]:
        return way(self._instance, self._request, one, self._journal)

    def _refuse_unusable(self, ways: list[tuple[Pass, list[Stage]]]) -> None:
        for part in (self._instance.part(item.rid) for _, through in ways for stage in through for item in stage.items):
            if part.resource is None and not part.is_disabled and not part.is_optional:
                raise ActionRefused(f"{part.rid}: {part.problem}; nothing was done (--rid leaves it out)")

    def _pass(self, one: Pass, through: list[Stage]) -> None:
        is_whole = not self._request.selection.is_scoped and not self._request.kind.only_standby
        self._left_out.clear()
        if "start" in one.verbs:
            parts = [self._instance.part(item.rid) for stage in through for item in stage.items]
            wanted = [part for part in parts if part.resource is not None and not self._reason_to_skip(one, part)]
            self._executor.look_anew()
            with self._timed("checks"):
                self._conflicts.look(wanted, self._request)
        if is_whole:
            self._trigger("pre", one.trigger, None)
        if "stop" in one.verbs:
            sweep(self._instance.parts, self._walk, self._journal)
        if self._request.kind.is_sync:
            self._failures += self._copying.all(through, lambda: self._steps(one, through))
        else:
            self._steps(one, through)
        if is_whole:
            self._trigger("post", one.trigger, None)

    def _steps(self, one: Pass, through: list[Stage]) -> None:
        for stage in through:
            parts = [self._instance.part(item.rid) for item in stage.items]
            if stage.is_parallel and not self._executor.is_rehearsal:
                side_by_side(parts, lambda part: self._part(one, part), self._cancel)
            else:
                for part in parts:
                    self._part(one, part)

    def _raise_failures(self) -> None:
        if self._failures:
            raise ActionFailed("; ".join(self._failures))

    def _part(self, one: Pass, part: Part) -> None:
        if self._cancel.is_set():
            raise ActionInterrupted("interrupted")
        reason = self._reason_to_skip(one, part)
        if reason:
            if part.resource is None or self._conflicts.of(part.rid):
                self._left_out.add(part.rid)
            self._journal.say(reason, rid=part.rid, name="skip")
            return
        try:
            with self._timed(part.rid):
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

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        before, began = self.took.setdefault(what, 0.0), time.monotonic()
        try:
            yield
        finally:
            self.took[what] = before + time.monotonic() - began

    def _reason_to_skip(self, one: Pass, part: Part) -> str:
        stays_up = part.is_standby and not (self._request.kind.includes_standby or self._request.is_forced)
        reasons = {
            "disabled": part.is_disabled,
            "skip: left to the agent in the container": part.policy.encap,
            "skip: noaction tag": "noaction" in part.policy.tags,
            f"skip optional resource: {part.problem}": part.resource is None,
            f"skip optional resource: {self._conflicts.of(part.rid)}": bool(self._conflicts.of(part.rid)) and "start" in one.verbs,
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
        self._executor.look_anew()
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
                self._copying.one(operations, part.rid)
                return
            keeps = self._request.kind.brings_up and verb != "stop" and self._rolls_back() and not part.is_standby
            changed = self._walk.follow(operations, part.rid, keeps_undo=keeps)
            if self._executor.is_rehearsal:
                assume(verb, resource)
            elif changed:
                check_status(verb, resource, self._cancel)
            if verb == "stop" and not self._executor.is_rehearsal:
                self._holdings.give_up(resource)
        if not self._executor.is_rehearsal and verb.endswith("provision") and part.group in PROVISIONED_GROUPS:
            self._instance.state.set_provisioned(part.rid, value=verb == "provision")

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

    def _required(self, one: Pass, part: Part) -> str:
        return str(part.policy.values.get(f"{one.trigger}_requires") or "")

    def _check_requirements(self, one: Pass, part: Part) -> None:
        text = self._required(one, part)
        if not text or self._executor.is_rehearsal:
            return  # in a rehearsal, the steps before have not really changed anything
        needed = requirements.parse(text)
        self._executor.look_anew()
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

    def _has_to_be_available(self) -> bool:
        kind = self._request.kind
        return not self._executor.is_rehearsal and kind.brings_up and not kind.only_standby and not self._request.selection.is_scoped

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
            if is_stopped(resource):
                self._holdings.give_up(resource)

    def _who_instructed(self) -> str:
        return "DEFAULT.rollback" if self._request.rolls_back else "--disable-rollback"
