"""Hands: what becomes of each order of a decision: announcements, actions through the runner, leases through beat, the end of the node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, NamedTuple

from opensvc_core.api import OpensvcError, Status, command_words
from opensvc_daemon.clock import now
from opensvc_daemon.monitor.chronicle import of_request
from opensvc_daemon.orchestration.effects import DONE, MONITOR_ACTIONS, REMOVING
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.requests import Progress
from opensvc_daemon.orchestration.states import ACTIONS, STATE_OF, MonitorState
from opensvc_daemon.orchestration.view import Fencing, Guard, Reach

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor

# What the runner is asked to do for an action that it has no word for.
_STEPS: Mapping[str, tuple[str, ...]] = {"freezestop": ("stop",), "switch": ("stop",), "purge": ("unprovision", "delete")}
# These are a file of the core's state, which is written here.
_STATE = frozenset({"freeze", "thaw", "freezestop"})
# Seconds for a command of the administrator, and between looks at actions whose runner has died.
_BEFORE_LIMIT = 60.0
_ORPHANED = 0.2
_SAID = 0.2
# What a whole action leaves up or down, where its end was not heard.
_ENDS_UP = frozenset({"start", "restart"})


class Outcome(NamedTuple):
    """What became of a job of the runner."""

    is_ok: bool
    why: str = ""
    seconds: float = 0.0
    is_lost: bool = False


class Hands:
    """The hands of a monitor. Whatever takes time is a task of its own."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known = monitor, monitor.known
        self._before: dict[str, str] = {}
        self._restarting: set[str] = set()
        self._ready_at: dict[str, float] = {}
        # the requests for which this node is about to be handed a service, by its path
        self._expected: dict[str, str] = {}
        # the services of which a start is prepared
        self._prepared: set[str] = set()
        # by service, the request that ends what is started there
        self._interrupted: dict[str, str] = {}
        self._is_leaving = False

    def carry(self, order: Order) -> None:
        """Carry out one order; one that needs the runner waits for the next decision while there is none."""
        if order.do is Do.NOTHING:
            self._monitor.chronicle.waits(order)
            self._expect(order)
            return
        if self._is_leaving or (order.do in _THROUGH_RUNNER and not self._monitor.seeing.is_there) or self._is_repeated(order):
            return
        self._monitor.chronicle.ordered(order)
        self._monitor.counted["orders"] += 1
        self._monitor.events.publish(
            "decision", self._known.me, order.service, {"order": str(order), "reasons": [str(one) for one in order.reasons]}
        )
        _HANDS[order.do](self, order)

    def _is_repeated(self, order: Order) -> bool:
        """It is being carried out already, though nothing in the view says so."""
        if order.do is Do.RESTART_RESOURCE:
            return order.service in self._restarting
        if order.do is Do.FENCE:
            return self._known.peers[order.node].fencing is Fencing.RUNNING
        if order.do is Do.INTERRUPT:
            return self._interrupted.get(order.service) == order.request
        return order.do is Do.RELEASE_LEASE and order.service in self._monitor.beating.released

    # -- one method for each kind

    def _announce(self, order: Order) -> None:
        if order.state is MonitorState.READY:
            self._ready_at[order.service] = now()
            self._prepare(order.service)
        self._monitor.change(order.service, monitor=order.state, rank=order.rank)

    def _expect(self, order: Order) -> None:
        """Have a start prepared here while another node still stops what it hands over."""
        instance = self._known.instances.get(order.service)
        request = instance.request if instance else None
        is_target = request is not None and request.is_active and self._known.me in request.to
        is_awaited = any(reason.code == "request.waiting" for reason in order.reasons)
        if request and instance and is_target and is_awaited and not instance.is_active and not self._is_expected(order.service):
            self._expected[order.service] = request.id
            self._have_prepared(order.service, handed_over=True)

    def _is_expected(self, service: str) -> bool:
        request = self._known.instances[service].request
        return request is not None and request.is_active and self._expected.get(service) == request.id

    def _prepare(self, service: str) -> None:
        """Have a start prepared that follows when the ready period is over: who has its addresses is seen meanwhile."""
        if not self._is_expected(service):
            period = self._known.settings.ready_period
            self._have_prepared(service, patience=period, due=now() + period)

    def _have_prepared(self, service: str, **terms: float) -> None:
        self._prepared.add(service)
        self._monitor.seeing.connection.send({"do": "prepare", "id": 0, "service": service, "action": "start", **terms})

    def call_off(self) -> None:
        """Starts that were prepared, and that nothing leads to any more, wait for no word."""
        for service in list(self._prepared):
            instance = self._known.instances.get(service)
            if instance is None or not (instance.monitor is MonitorState.READY or self._is_expected(service)):
                self._prepared.discard(service)
                self._expected.pop(service, None)
                self._monitor.seeing.connection.send({"do": "call_off", "id": 0, "service": service})

    def _act(self, order: Order) -> None:
        self._expected.pop(order.service, None)
        if order.action == "start":
            self._prepared.discard(order.service)  # it is that one that begins
        self._monitor.change(order.service, monitor=STATE_OF[order.action])
        self._monitor.start(self._acting(order, self._before.pop(order.service, "")), str(order))

    async def _acting(self, order: Order, before: str) -> None:
        """An action from its first step to its end."""
        service = order.service
        self._monitor.events.publish(
            "action", self._known.me, service, {"action": order.action, "state": "begun", "request": order.request}
        )
        if before:
            await self._run_before(service, before)
        outcome = await self._carried_out(order)
        if order.action not in ("freeze", "thaw"):
            await self._monitor.seeing.seen([service])
        self._monitor.counted["actions_done" if outcome.is_ok else "actions_failed"][order.action] += 1
        if service in self._known.instances:
            if outcome.is_lost and not self._is_as_meant(order):
                self._lost(order)
                return
            self._tell(order, outcome)
            self._ended(order, is_ok=outcome.is_ok)

    def _lost(self, order: Order) -> None:
        """The runner has died, and what was asked for is not there: nobody knows that it failed, so it is decided anew."""
        self._monitor.chronicle.say(order.service, f"{order.action}: the runner has died meanwhile: it is looked at anew", "WARNING")
        self._monitor.change(order.service, monitor=MonitorState.IDLE, **self._monitor.seeing.last(order.service))

    async def _carried_out(self, order: Order) -> Outcome:
        try:
            if order.action in _STATE:
                state = self._monitor.node.service(order.service).state
                await asyncio.to_thread(state.thaw if order.action == "thaw" else state.freeze)
            if order.action in REMOVING:
                self._monitor.filing.bury(order.service)
        except OpensvcError as error:
            return Outcome(is_ok=False, why=str(error))
        if order.action == "provision":
            return await self._provisioned(order)
        return await self._jobs(order, _STEPS.get(order.action, () if order.action in _STATE else (order.action,)))

    async def _provisioned(self, order: Order) -> Outcome:
        """What is made is started for that, and stopped again where it was down. What another node has made meanwhile is seen before."""
        await self._monitor.seeing.looked([order.service])
        seen = self._known.pictures[order.service].values if order.service in self._known.pictures else {}
        if seen.get("is_provisioned") and not seen["is_incomplete"]:
            return Outcome(is_ok=True)
        was_up = seen.get("avail") in {Status.UP, Status.WARN}
        return await self._jobs(order, ("provision",) if was_up else ("provision", "stop"))

    async def _jobs(self, order: Order, steps: Sequence[str]) -> Outcome:
        """One job after the other, up to the first that fails."""
        outcome = Outcome(is_ok=True)
        for step in steps:
            done = await self._job(order, step)
            outcome = done._replace(seconds=outcome.seconds + done.seconds)
            if not done.is_ok:
                break
        return outcome

    async def _job(self, order: Order, action: str) -> Outcome:
        """One job of the runner; one whose runner has died is waited for all the same, as it goes on."""
        wanted = {
            "do": "act",
            "service": order.service,
            "action": action,
            "rids": list(order.rids),
            "confirmed_down": list(order.confirmed_down),
            "patience": self._known.settings.ready_period,
            "handed_over": order.is_handed_over,
            "request": order.request,
            "force": action == "delete",  # what is up stays up: a person said so
            "environment": {"OSVC_REQUEST": order.request, "OSVC_ACTION_ORIGIN": "daemon"} | self._lease_of(order),
        }
        began = now()
        try:
            done = await self._monitor.seeing.asks(wanted)
        except ConnectionError:
            await self._orphaned(order.service)
            return Outcome(is_ok=True, seconds=now() - began, is_lost=True)
        return Outcome(done.get("code") == 0, str(done.get("why") or ""), float(done.get("seconds") or now() - began))

    def _lease_of(self, order: Order) -> dict[str, str]:
        """Where the leases are kept, for what must not start without: the hook before an action looks there. Standby resources may."""
        file, instance = self._known.files.get(order.service), self._known.instances.get(order.service)
        is_leased = file is not None and file.fields.get("guard") is Guard.LEASE
        standby = {one.rid for one in instance.resources if one.is_standby} if instance else set()
        is_standby = bool(order.rids) and standby.issuperset(order.rids)
        return {"OSVC_LEASE": str(self._monitor.node.paths.run)} if is_leased and not is_standby else {}

    async def _orphaned(self, service: str) -> None:
        """Wait until no job runs for a service whose runner has died."""
        while True:
            await asyncio.sleep(_ORPHANED)
            try:
                found = await self._monitor.seeing.asks({"do": "running"})
            except ConnectionError:
                continue
            if all(job.get("service") != service for job in found.get("jobs", ())):
                return

    def _is_as_meant(self, order: Order) -> bool:
        values = self._known.pictures[order.service].values
        avail = values.get("avail", Status.UNDEF)
        if order.action == "provision":
            return values.get("is_provisioned") is True and not values.get("is_incomplete") and avail is not Status.UNDEF
        if order.action in _ENDS_UP:
            return avail in {Status.UP, Status.NA}
        return order.action in _STATE or avail not in {Status.UP, Status.WARN, Status.UNDEF}

    def _tell(self, order: Order, outcome: Outcome) -> None:
        service, whose = order.service, of_request(order.request)
        took = f"after {outcome.seconds:.2f} s"
        if not outcome.is_ok:
            self._monitor.chronicle.say(
                service, f"{order.action} failed {took}: {outcome.why or 'it is not as it should be'}{whose}", "ERROR"
            )
        elif order.action == "start" and service in self._ready_at:
            since = now() - self._ready_at[service]
            nodes = self._known.files[service].fields.get("nodes", ()) if service in self._known.files else ()
            silent = [peer for peer in self._known.peers.values() if peer.name in nodes and peer.reach not in (Reach.BEATING, Reach.UNSEEN)]
            heard = "".join(f", {now() - peer.last_heard:.2f} s after {peer.name} was last heard" for peer in silent if peer.last_heard)
            self._monitor.chronicle.say(service, f"start done {took}: up {since:.2f} s after this node was ready{heard}{whose}")
        else:
            self._monitor.chronicle.say(service, f"{order.action} done {took}{whose}")
        state = "done" if outcome.is_ok else "failed"
        told = {"action": order.action, "state": state, "why": outcome.why, "seconds": outcome.seconds, "request": order.request}
        self._monitor.events.publish("action", self._known.me, service, told)

    def _ended(self, order: Order, *, is_ok: bool) -> None:
        service = order.service
        if is_ok and order.action in ("start", "restart"):
            self._monitor.restarts.forget(service)
        seen = self._monitor.seeing.last(service)
        served = {"served": order.request} if order.request else {}
        if not is_ok:
            failed = {"failed_action": order.action} if order.action in MONITOR_ACTIONS else {}
            self._monitor.change(service, monitor=ACTIONS[STATE_OF[order.action]][1], **seen, **served, **failed)
        elif order.action in REMOVING:
            self._monitor.filing.remove(service, order.request)
        else:
            started = {"last_start": time(), "failed_action": ""} if order.action == "start" else {}
            ends = MonitorState.START_FAILED if order.action == "switch" else MonitorState.IDLE
            self._monitor.change(service, monitor=ends, **{**seen, **DONE.get(order.action, {})}, **served, **started)

    def _interrupt(self, order: Order) -> None:
        self._interrupted[order.service] = order.request
        self._monitor.start(self._interrupting(order.service), str(order))

    async def _interrupting(self, service: str) -> None:
        try:
            await self._monitor.seeing.asks({"do": "kill", "service": service})
        except ConnectionError:
            self._interrupted.pop(service, None)  # the next runner is told

    def _restart_resource(self, order: Order) -> None:
        self._restarting.add(order.service)
        if self._known.instances[order.service].monitor is MonitorState.READY:
            self._monitor.change(order.service, monitor=MonitorState.RESTARTING)
        self._monitor.start(self._restarting_resource(order), str(order))

    async def _restarting_resource(self, order: Order) -> None:
        service, rids = order.service, " ".join(order.rids)
        for rid in order.rids:
            self._monitor.restarts.tried(service, rid, now())
        try:
            outcome = await self._job(order, "start")
            await self._monitor.seeing.seen([service])
        finally:
            self._restarting.discard(service)
        said = f"is up again after {outcome.seconds:.2f} s" if outcome.is_ok else f"stays down: {outcome.why}"
        self._monitor.chronicle.say(service, f"{rids} {said}", "INFO" if outcome.is_ok else "WARNING")
        if service in self._known.instances and self._known.instances[service].monitor is MonitorState.RESTARTING:
            self._monitor.change(service, monitor=MonitorState.IDLE, **self._known.pictures[service].values)
        self._monitor.touch()

    def _ask_lease(self, order: Order) -> None:
        self._monitor.beating.released.discard(order.service)
        self._monitor.beating.send({"do": "ask_lease", "service": order.service})

    def _release_lease(self, order: Order) -> None:
        self._monitor.beating.released.add(order.service)
        self._monitor.beating.send({"do": "release_lease", "service": order.service})

    def _fence(self, order: Order) -> None:
        peer = self._known.peers[order.node]
        peer.fencing, peer.fencing_since = Fencing.RUNNING, now()
        self._monitor.start(self._fencing(order.node, peer.incarnation), str(order))
        self._monitor.touch()

    async def _fencing(self, name: str, life: int) -> None:
        """Ask the agent; what it confirms is true of the life that was silent then."""
        began = now()
        try:
            done = await self._monitor.seeing.asks({"do": "fence", "node": name})
        except ConnectionError:
            done = {"code": 1, "why": "the runner has died meanwhile: whether it was done is not known"}
        is_ok, peer = done.get("code") == 0, self._known.peers.get(name)
        if peer is None:
            return
        said = f"is confirmed to be down: fenced in {now() - began:.2f} s" if is_ok else f"could not be fenced: {done.get('why')}"
        self._monitor.say_of(name, f"{name} {said}", "INFO" if is_ok else "ERROR")
        self._monitor.events.publish("fence", name, "", {"confirmed": is_ok, "why": str(done.get("why") or "")})
        peer.fencing, peer.fencing_since = (Fencing.CONFIRMED if is_ok else Fencing.FAILED), now()
        if is_ok and peer.incarnation == life:
            peer.confirmed = life
        self._monitor.grow()

    def _leave(self, order: Order) -> None:
        if order.action == "stop":
            for name, instance in list(self._known.instances.items()):
                is_waiting = not instance.monitor.is_acting and not instance.monitor.is_failed
                if instance.is_active and not instance.is_frozen and is_waiting:
                    self._act(Order(Do.ACT, name, "stop", reasons=order.reasons))
            return
        self._is_leaving = True
        self._monitor.start(self._leaving(order, self._before.pop(order.service, "")), str(order))

    async def _leaving(self, order: Order, before: str) -> None:
        if before:
            await self._run_before(order.service, before)
        with suppress(TimeoutError):  # what is to be read afterwards has to be on the disk; a disk that hangs holds nothing up
            async with asyncio.timeout(_SAID):
                await asyncio.wrap_future(self._monitor.chronicle.later(lambda: None))
        try:
            await asyncio.to_thread(self._monitor.leave, order.action)
        except OpensvcError as error:
            self._monitor.chronicle.say(order.service, str(error), "ERROR")
            self._is_leaving = False
            if not order.service:  # the quorum is lost: another node may start at any moment what is up here
                self._leave(order._replace(action="stop"))

    def _node_state(self, order: Order) -> None:
        if order.node_state is not None:
            self._monitor.set_state(order.node_state)

    def _end_request(self, order: Order) -> None:
        request = self._known.instances[order.service].request
        if request is not None and request.id == order.request and request.is_active:
            why = "; ".join(map(str, order.reasons))
            self._monitor.learn(order.service, request.ended(order.progress or Progress.DONE, why))

    def _run(self, order: Order) -> None:
        """The command is run by the action that the same decision orders after it."""
        self._before[order.service] = order.action

    async def _run_before(self, service: str, command: str) -> None:
        try:
            wanted = {"do": "run", "argv": command_words(command), "service": service, "limit": _BEFORE_LIMIT}
            done = await self._monitor.seeing.asks(wanted)
        except (ConnectionError, ValueError) as error:
            done = {"code": 1, "why": str(error)}
        if done.get("code") != 0:
            self._monitor.chronicle.say(service, f"pre_monitor_action: {command}: {done.get('why')}", "WARNING")


_THROUGH_RUNNER = frozenset({Do.ACT, Do.INTERRUPT, Do.RESTART_RESOURCE, Do.FENCE, Do.RUN})
_HANDS: Mapping[Do, Callable[[Hands, Order], None]] = {
    kind: getattr(Hands, f"_{kind.name.lower()}") for kind in Do if kind is not Do.NOTHING
}
