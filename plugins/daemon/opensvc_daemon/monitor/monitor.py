"""The monitor of a node: it keeps what the node knows, asks for decisions, has them carried out, and tells its peers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from opensvc_core.api import Node, NoSuchObject
from opensvc_daemon.clock import now
from opensvc_daemon.monitor import host, kept, telling
from opensvc_daemon.monitor.beating import Beating
from opensvc_daemon.monitor.chronicle import Chronicle, of_request
from opensvc_daemon.monitor.configuring import Configuring
from opensvc_daemon.monitor.ending import Ending
from opensvc_daemon.monitor.events import Events, reserved
from opensvc_daemon.monitor.filing import Filing
from opensvc_daemon.monitor.hands import Hands
from opensvc_daemon.monitor.hearing import Hearing
from opensvc_daemon.monitor.knowledge import Knowledge, Picture
from opensvc_daemon.monitor.looking import Restarts
from opensvc_daemon.monitor.merging import Merging
from opensvc_daemon.monitor.ordering import Ordering
from opensvc_daemon.monitor.publishing import Publishing, Told
from opensvc_daemon.monitor.scheduling import Scheduling
from opensvc_daemon.monitor.seeing import Seeing
from opensvc_daemon.monitor.viewing import view_of
from opensvc_daemon.monitor.wishing import Wishing
from opensvc_daemon.orchestration.absence import served_at_end
from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.former import named
from opensvc_daemon.orchestration.orders import Order
from opensvc_daemon.orchestration.quorum import votes
from opensvc_daemon.orchestration.requests import Progress, Request
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import InstanceView, View

# Seconds between what happens and what follows of it: what comes together is decided once.
LOOP: Final = 0.002
# The longest of these moments: where a decision takes long, as many services are there, at most half of the time is spent on it.
_BUSY: Final = 0.2
_MOMENT: Final = 1e-3
# Requests that have ended, and can still be asked for.
_ENDED: Final = 1000
# The longest time between two pulses.
_PULSE: Final = 0.5


class Monitor:
    """One monitor. What it does for the sides that it stands between, each has in a part of its own.

    Parameters:
        node: the core's node, as the files are now.
        leave: ends the node at once, by `crash` or `reboot`.

    Attributes:
        said: the last orders, by service. ended: the last requests that have ended, by id, with their services.
    """

    def __init__(self, node: Node, *, leave: Callable[[str], None]) -> None:
        began = now()
        self.node, self.leave, self.boot = node, leave, host.boot_id()
        self.known = Knowledge(node.name, state_since=began, awake_since=began, is_frozen=node.state.is_frozen())
        self.hearing, self.restarts, self.events, self.chronicle = Hearing(self.known), Restarts(), _events(node), Chronicle(node)
        self.counted: dict[str, Any] = {"decisions": 0, "orders": 0, "actions_done": Counter(), "actions_failed": Counter()}
        self.said: dict[str, list[Order]] = {}
        self.ended: dict[str, tuple[str, Request]] = {}
        self.interval = 1.0
        self.listener: Any = None
        self._loop = asyncio.get_running_loop()
        self.exit: asyncio.Future[int] = self._loop.create_future()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_due, self._is_news, self._looped, self._took = False, True, began, 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._branches = telling.Branches()
        self.filing, self.merging = Filing(self), Merging(self)
        self.publishing = Publishing(self.known, self.hearing, Told(self.merging.merge, self.merging.take_note, self.pulse))
        self.beating, self.seeing, self.configuring, self.ending = Beating(self), Seeing(self), Configuring(self), Ending(self)
        self.hands, self.scheduling, self.wishing, self.ordering = Hands(self), Scheduling(self), Wishing(self), Ordering(self)

    # -- its life

    async def run(self, serve: Callable[[Monitor], Awaitable[None]]) -> int:
        """Live until the daemon stops; the exit code. `serve` starts what others ask the monitor through."""
        self._loop.set_exception_handler(self._failed)
        self.configuring.configure()
        await self.filing.look_at_files()
        self.configuring.see_host()
        self.start(self.beating.connection.run(), "beat")
        self.start(self.seeing.connection.run(), "runner")
        self.start(self._tick(), "tick")
        self.start(self.filing.poll(), "files")
        self.start(self.configuring.watch_host(), "host")
        self.start(self.scheduling.run(), "scheduler")
        await serve(self)
        self.say("the daemon begins")
        try:
            return await self.exit
        finally:
            await self._end()

    async def _end(self) -> None:
        if self.listener is not None:
            await self.listener.stop()
        self.publishing.end()
        self.filing.end()
        for task in self._tasks:
            task.cancel()
        self.chronicle.end()

    async def listen(self, start: Callable[..., Awaitable[Any]]) -> None:
        """Have the API served: `start(node, log=)` gives what can be asked how it is, and be ended."""
        self.listener = await start(self.node, log=self._log_of_listener)
        self.configuring.tell_threads(listener=self.listener.report)

    def _log_of_listener(self, level: str, text: str, request: str = "") -> None:
        self.say(f"{text}{of_request(request)}", level.upper())

    def start(self, do: Any, name: str) -> None:
        """Have a task of this life do something."""
        task: asyncio.Task[Any] = asyncio.create_task(do, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._watched)

    def _watched(self, task: asyncio.Task[Any]) -> None:
        """A task of ours has ended. One that failed is a fault of ours: the next monitor begins anew, with all that is known to be so."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self.exit.done():
            self.exit.set_exception(error)

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The same for what the loop calls by itself: better begun anew than going on half."""
        if not self.exit.done():
            self.exit.set_exception(context.get("exception") or RuntimeError(context["message"]))

    # -- the loop

    async def _tick(self) -> None:
        """The pulse, for as long as the loop runs."""
        while True:
            self.pulse()
            await asyncio.sleep(min(self.interval / 2, _PULSE))

    def beats(self) -> None:
        """Notice a gap: what happened meanwhile was missed. Called before anything that was heard is taken for what is now."""
        moment = now()
        if moment - self._looped > self.known.settings.heartbeat_timeout / 2:
            self.say(f"this node's monitor was away for {moment - self._looped:.1f} s", "WARNING")
            self.known.awake_since = moment
            self.hearing.woke(moment)
            up = [service for service, instance in self.known.instances.items() if instance.is_active]
            self.start(self.seeing.looked(up), "look after a gap")  # others may have taken it over
            self.touch()
        self._looped = moment

    def pulse(self) -> None:
        """Tell beat that the loop runs, and what the next beats say."""
        self.beats()
        merged = self.publishing.merged()
        self.beating.send({"do": "pulse", "state": self.known.state.value, "generation": self.known.generation, "merged": merged})

    def touch(self) -> None:
        """What is known has changed: decide, soon."""
        if not self._is_due and not self.exit.done():
            self._is_due = True
            self._loop.call_later(max(LOOP, min(self._took, _BUSY)), self._evaluate)

    def _evaluate(self) -> None:
        """Read everything, decide once, carry out everything."""
        self._is_due = False
        if self.exit.done():
            return
        began = now()
        self.beats()
        self.beating.hear()
        self._note_loneliness()
        self.publish()
        view, moment = self._view(), now()
        decision = decide(view, moment)
        self.counted["decisions"] += 1
        self.chronicle.note(view, moment, decision)
        self.said = {}
        for order in decision.orders:
            self.said.setdefault(order.service, []).append(order)
            self.hands.carry(order)
        self.hands.call_off()
        self.filing.follow_up()
        self.publish()
        self._wake_at(min(decision.wake if decision.wake is not None else float("inf"), self.hearing.due(now())))
        self._took = now() - began

    def _wake_at(self, moment: float) -> None:
        """Decide at a moment, though nothing has changed."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        if moment != float("inf"):
            self._alarm = self._loop.call_later(max(moment - now(), 0.0) + _MOMENT, self.touch)

    def _note_loneliness(self) -> None:
        """What is up without the quorum is up alone, until it is down."""
        if not self.known.settings.has_quorum_rule:
            return
        is_majority = votes(view_of(self.known)).is_majority
        for service, instance in list(self.known.instances.items()):
            if instance.is_active and not is_majority:
                self.change(service, is_alone=True)
            elif instance.is_alone and not instance.is_active:
                self.change(service, is_alone=False)

    def _view(self) -> View:
        """What to decide by, once it is noted who may have a service that its file does not name any more."""
        view = view_of(self.known)
        changed = dict(named(view))
        for service, nodes in changed.items():
            self.change(service, named=nodes)
        return view_of(self.known) if changed else view

    # -- what it says

    def publish(self) -> None:
        """Tell what has changed."""
        if not self._is_news:
            return
        self._is_news = False
        if self.publishing.publish({**telling.tree_of(self.known, self._branches), **self.filing.cluster_tree()}):
            self.pulse()

    def grow(self) -> None:
        """Something of our own has changed."""
        self._is_news = True
        self.touch()

    def set_state(self, state: NodeState) -> None:
        """What the node as a whole is doing."""
        if state is not self.known.state:
            self.say(f"this node is in {state.value}")
            self.events.publish("node", self.known.me, "", {"state": state.value})
            self.known.state, self.known.state_since = state, now()
            self.grow()

    def change(self, service: str, **values: Any) -> None:
        """Say something else of an instance; what outlives the daemon goes to the disk."""
        instance = self.known.instances[service]
        if values.get("monitor", instance.monitor) is not instance.monitor:
            values["monitor_since"] = now()
        changed = instance._replace(**values)
        if changed == instance:
            return
        if values.get("monitor") is MonitorState.READY:
            # the next generation is the one that announces it
            changed = changed._replace(monitor_generation=self.known.generation + 1)
        self.known.instances[service] = changed
        if (after := kept.Kept.of(changed, self.boot)) != kept.Kept.of(instance, self.boot):
            self.chronicle.later(_keep, self.node, service, after)
        self._tell_change(service, instance, changed)
        self.grow()

    def _tell_change(self, service: str, before: InstanceView, after: InstanceView) -> None:
        picture = self.known.pictures.get(service) or Picture()
        self.events.publish("instance", self.known.me, service, telling.instance_tree(after, picture))
        if after.request is not None and after.request != before.request:
            self._tell_replaced(service, before.request, after.request)
            self.remember(service, after.request)

    def _tell_replaced(self, service: str, request: Request | None, later: Request) -> None:
        """What another request takes the place of comes to no other end, and somebody may wait for it."""
        if request is not None and request.is_active and request.id != later.id:
            why = f"{later.wish.value} was asked for before its end was known here"
            self.remember(service, request.ended(Progress.ABORTED, why))

    def learn(self, service: str, request: Request) -> None:
        """What people asked for, or its end."""
        instance = self.known.instances[service]
        self.change(service, request=request, served=served_at_end(instance, request))

    def remember(self, service: str, request: Request) -> None:
        """A request is new, or has come to its end."""
        if not request.is_active:
            self.ended[request.id] = (service, request)
            while len(self.ended) > _ENDED:
                del self.ended[next(iter(self.ended))]
        self.events.publish("request", self.known.me, service, telling.request_json(request))

    def say(self, text: str, level: str = "INFO") -> None:
        """A line of the node's log."""
        self.chronicle.say("", text, level)

    def say_of(self, peer: str, text: str, level: str = "INFO") -> None:
        """A line about a peer: for the node, and for each service that it may run."""
        self.say(text, level)
        for path, file in self.known.files.items():
            if path in self.known.instances and peer in file.fields.get("nodes", ()):
                self.chronicle.say(path, text, level)


def _events(node: Node) -> Events:
    return Events(reserved(node.paths.var / "node" / "events.json"))


def _keep(node: Node, service: str, value: kept.Kept) -> None:
    """Write what outlives the daemon, where the service is still there; a full disk keeps nobody from going on."""
    subject = node.service(service)
    with suppress(OSError, NoSuchObject):
        if subject.file:
            kept.write(subject.state.folder, value)
