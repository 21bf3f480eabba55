"""The monitor: a node's daemon. It keeps what the node knows, asks for decisions, and tells its peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from opensvc_core.api import Status
from opensvc_daemon.orchestration.absence import served_at_end
from opensvc_daemon.orchestration.former import named
from opensvc_daemon.orchestration.orders import Order
from opensvc_daemon.orchestration.reaching import as_seen, follows
from opensvc_daemon.orchestration.requests import Request, latest
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import Fencing, InstanceView, Reach, View
from opensvc_daemon.simulation.carrying import Carrying
from opensvc_daemon.simulation.data import Config, Life, Message, NodeData
from opensvc_daemon.simulation.hearing import CONTACT
from opensvc_daemon.simulation.viewing import view_of

if TYPE_CHECKING:
    from opensvc_daemon.simulation.machine import Machine

# Seconds between what happens and what follows of it: a loop of the monitor.
LOOP = 0.002
# The look at all services after a start of the daemon.
LOOK = 0.5
MOMENT = 1e-6


class Monitor:
    """One life of a daemon."""

    def __init__(self, machine: Machine) -> None:
        world, now = machine.world, machine.now
        self.machine, self.world, self.name = machine, world, machine.name
        self.incarnation = world.next_incarnation()
        self.hearing = world.listen(self, now)
        self.state, self.state_since, self.awake_since = NodeState.INIT, now, now
        self.generation = 1
        self.instances: dict[str, InstanceView] = {}
        self.theirs: dict[str, dict[str, InstanceView]] = {}
        self.data_of: dict[str, NodeData] = {}
        self.state_seen: dict[str, float] = {}
        self.merged: Mapping[str, Life] = {}
        self.confirmed: dict[str, int] = {}
        self.fencing: dict[str, tuple[Fencing, float]] = {}
        self.answering: dict[str, bool] = {}
        self.reasons: dict[str, Order] = {}
        self.decided = 0
        self.is_hung = False
        self.carrying = Carrying(self)
        self._data: NodeData | None = None
        self._is_due, self._is_news = False, True
        self._wakes = self._checks = float("inf")
        self._looped = now
        self._held_up: list[Callable[[], None]] = []

    # -- its life

    def begin(self) -> None:
        """Look at all services, then rejoin."""
        self.machine.say("the daemon begins")
        for service in self.machine.disk.configs:
            self.configure(service)
        for name in self.instances:
            self.change(name, avail=Status.UNDEF)
        self._look_at_all()
        self._tick(self.machine.now)

    def _look_at_all(self) -> None:
        """What an earlier daemon has begun has to end first: until then nobody knows what the services will be."""
        if self.machine.runner.running:
            self.after(LOOK, self._look_at_all)
            return
        self.after(LOOK, self._looked)

    def _looked(self) -> None:
        for name in list(self.instances):
            self.look(name)
        self.set_state(NodeState.REJOIN)

    def after(self, own_seconds: float, do: Callable[[], None]) -> None:
        """Do something later, in this life, when the loop is not hung."""

        def when_possible() -> None:
            if self.machine.monitor is not self:
                return
            if self.is_hung:
                self._held_up.append(when_possible)
            else:
                self._loop()
                do()

        self.machine.after(own_seconds, when_possible)

    def hang(self, seconds: float) -> None:
        """The loop alone stands still for a while."""
        self.is_hung = True
        self.machine.say("the monitor hangs")
        self.machine.after(seconds, self.go_on)

    def go_on(self) -> None:
        """The loop runs again, with all that waited for it."""
        was_hung, self.is_hung = self.is_hung, False
        if was_hung and self.machine.monitor is self:
            self.machine.say("the monitor goes on")
            held_up, self._held_up = self._held_up, []
            for do in held_up:
                self.world.agenda.after(0.0, self.machine.guarded(do))

    def _loop(self) -> float:
        """Notice a gap. What the clock shows now."""
        now = self.machine.now
        if now - self._looped > self.world.setup.settings.heartbeat_timeout / 2:
            self.awake_since = now
            self.hearing.woke(now)
            self.touch()
        self._looped = now
        return now

    # -- beats

    def _tick(self, now: float) -> None:
        self._ask_arbitrators()
        self._beat(now)
        self._check(now)
        self.machine.again(self.world.interval, self._pulse)

    def _pulse(self) -> None:
        if self.machine.monitor is not self:
            return
        if self.is_hung:
            self._held_up.append(self._pulse)
            return
        self._tick(self._loop())

    def _check(self, now: float) -> None:
        """Who has fallen silent, or is heard again; and be there at the moment when the next one may fall silent."""
        for peer in self.hearing.refresh(now):
            ear = self.hearing.ears[peer]
            self.machine.say(f"{peer} is {ear.reach.value}")
            if ear.reach is Reach.BEATING:
                self.fencing.pop(peer, None)
            if ear.reach in CONTACT and self.confirmed.pop(peer, None) is not None:
                self.grow()  # it lives: what was confirmed was wrong, or is over
            self.touch()
        silent = self.hearing.falls_silent()
        if silent - now < self.world.interval and silent < self._checks:
            self._checks = silent
            self.after(max(0.0, silent - now) + MOMENT, self._check_again)

    def _check_again(self) -> None:
        self._checks = float("inf")
        self._check(self.machine.now)

    def _beat(self, now: float) -> None:
        message = Message(self.data(), self.hearing.beat(self.merged, self.generation, now))
        self.world.broadcast(self.name, message, is_news=self._is_news)
        self._is_news = False

    def hears(self, message: Message, link: str) -> None:
        """A message has arrived."""
        if self.is_hung:
            self._held_up.append(lambda: self.hears(message, link))
            return
        now = self._loop()
        if self.hearing.received(message, link, now):
            self._merge(message.data, now)
            self._check(now)
            self.touch()

    def _merge(self, data: NodeData, now: float) -> None:
        """Take what a peer says of itself, with the moments at which it was first seen here."""
        known = self.data_of.get(data.node)
        if data is known or (known and data.incarnation == known.incarnation and data.generation <= known.generation):
            return
        if known is None or data.incarnation != known.incarnation:
            self.confirmed.pop(data.node, None)
            self.fencing.pop(data.node, None)
        if known is None or data.state is not known.state:
            self.state_seen[data.node] = now
        self.data_of[data.node] = data
        before = self.theirs.get(data.node, {})
        self.theirs[data.node] = {name: as_seen(instance, before.get(name), now) for name, instance in data.instances.items()}
        self.merged = {**self.merged, data.node: Life(data.incarnation, data.generation)}
        self._adopt(data)
        self._is_news = True
        if self._own_gone() != self.data().gone:
            self.grow()

    def _adopt(self, data: NodeData) -> None:
        """What is the cluster's and not the peer's own: files, and what people asked for."""
        for name, config in data.configs.items():
            known = self.machine.disk.configs.get(name)
            version = self.machine.disk.buried.get(name, 0) if known is None else known.version
            if version < config.version:
                self.machine.disk.configs[name] = config
                self.configure(name)
        for name, instance in data.instances.items():
            own = self.instances.get(name)
            if own is not None and instance.request is not None and latest((own.request, instance.request)) != own.request:
                self.learn(name, instance.request)

    def learn(self, service: str, request: Request) -> None:
        """What people asked for, or its end."""
        instance = self.instances[service]
        self.change(service, request=request, served=served_at_end(instance, request))

    # -- what it says

    def data(self) -> NodeData:
        """Of this node, as the next beat carries it."""
        if self._data is None:
            machine, disk = self.machine, self.machine.disk
            self._data = NodeData(
                *(self.name, self.incarnation, self.generation, self.state, disk.is_frozen, machine.is_overloaded, machine.load),
                dict(self.instances),
                dict(disk.configs),
                self._own_gone(),
            )
        return self._data

    def gone(self) -> Mapping[str, int]:
        """The lives that run nothing any more: known here, or to a peer that is heard."""
        found = self._own_gone()
        for peer, data in self.data_of.items():
            if self.hearing.ears[peer].reach is Reach.BEATING:
                found = {**{name: life for name, life in data.gone.items() if self._is_life(name, life)}, **found}
        return found

    def _own_gone(self) -> dict[str, int]:
        return {**self.confirmed, **self._farewells()}

    def _is_life(self, name: str, life: int) -> bool:
        return name in self.hearing.ears and self.hearing.ears[name].incarnation in (0, life)

    def _farewells(self) -> dict[str, int]:
        """Peers whose last word was that they shut down and run nothing."""
        return {
            peer: data.incarnation
            for peer, data in self.data_of.items()
            if data.state is NodeState.SHUTTING and not any(one.may_be_active for one in data.instances.values())
        }

    def change(self, service: str, **values: Any) -> None:
        """Say something else of an instance. What outlives the daemon goes to the disk first."""
        instance = self.instances[service]
        if "monitor" in values:
            values["monitor_since"] = self.machine.now
        changed = instance._replace(**values)
        if changed == instance:
            return
        if values.get("monitor") is MonitorState.READY:
            changed = changed._replace(monitor_generation=self.generation + 1)
        self.instances[service] = changed
        kept = self.machine.kept(service)
        kept.is_frozen, kept.is_provisioned, kept.expects_up = changed.is_frozen, changed.is_provisioned, changed.expects_up
        kept.is_left, kept.named = changed.is_left, changed.named
        kept.served, kept.request, kept.last_start = changed.served, changed.request, changed.last_start
        self.grow()

    def grow(self) -> None:
        """Something of our own has changed."""
        self.generation += 1
        self._data, self._is_news = None, True
        self.touch()

    def set_state(self, state: NodeState) -> None:
        """What the node as a whole is doing."""
        if state is not self.state:
            self.machine.say(f"is in {state.value}")
            self.state, self.state_since = state, self.machine.now
            self.grow()

    def look(self, service: str) -> None:
        """Read the status of an instance."""
        if service in self.instances:
            load = self.machine.load_of(service)
            self.change(service, avail=load.avail(), resources=load.resources())

    def configure(self, service: str) -> None:
        """Take a service's file: there is an instance, where it names this node or something still runs."""
        config = self.machine.disk.configs[service]
        load = self.machine.load_of(service)
        load.setup = config.setup
        if service in self.instances:
            self.change(service, config=str(config.version), meets_constraints=self.name not in config.setup.unfit)
            self._drop_foreign(service, config)
        elif self.name in config.setup.nodes or load.is_active:
            self.instances[service] = self._instance(service, config)
            self.grow()
        self.touch()

    def _drop_foreign(self, service: str, config: Config) -> None:
        instance = self.instances[service]
        if self.name not in config.setup.nodes and not instance.may_be_active and not self.machine.load_of(service).is_active:
            del self.instances[service]
            self.grow()

    def _instance(self, service: str, config: Config) -> InstanceView:
        kept = self.machine.kept(service)
        load = self.machine.load_of(service)
        return InstanceView(
            load.avail(),
            resources=load.resources(),
            is_frozen=kept.is_frozen,
            is_provisioned=kept.is_provisioned,
            expects_up=kept.expects_up,
            is_left=kept.is_left,
            served=kept.served,
            request=kept.request,
            last_start=kept.last_start,
            named=kept.named or config.setup.nodes,
            config=str(config.version),
            meets_constraints=self.name not in config.setup.unfit,
        )

    def ask(self, service: str, request: Request) -> None:
        """A person asks for something, here."""
        known = latest((*(found.get(service, InstanceView()).request for found in self.theirs.values()), self.instances[service].request))
        self.change(service, request=follows(request, known)._replace(origin=self.name))

    def is_at_rest(self) -> bool:
        """Nothing is due here, nobody's data is on its way, and whom it hears is settled."""
        if self._is_due or self._is_news or self.is_hung or self._checks < float("inf"):
            return False
        return all(self._is_settled(self.world.machines[peer].monitor, ear.reach) for peer, ear in self.hearing.ears.items())

    def _is_settled(self, peer: Monitor | None, reach: Reach) -> bool:
        if reach is Reach.HEARD:
            return False  # each of its beats counts: the first that is missed may change what is known
        if peer is None:
            return reach is not Reach.BEATING
        is_heard = self.world.network.is_open(peer.name, self.name)
        if is_heard and self.data_of.get(peer.name) is not peer.data():
            return False
        is_mutual = is_heard and self.world.network.is_open(self.name, peer.name)
        return (reach is Reach.BEATING) is is_mutual and (not is_mutual or self.hearing.ears[peer.name].merged == self.generation)

    def leapt(self, own_seconds: float) -> None:
        """So much time has passed with nothing but beats as before."""
        self._looped += own_seconds
        self.hearing.leapt(own_seconds)

    def _ask_arbitrators(self) -> None:
        """An arbitrator has a vote for who reaches it, and is reached by it."""
        for name in self.world.setup.arbitrators:
            is_answering = self.world.reaches(self.name, name)
            if self.answering.get(name) is not is_answering:
                self.answering[name] = is_answering
                self.touch()

    # -- decisions

    def touch(self) -> None:
        """The view has changed: decide, soon."""
        if not self._is_due:
            self._is_due = True
            self.after(LOOP, self._evaluate)

    def _evaluate(self) -> None:
        self._is_due = False
        now = self.machine.now
        decision = self.world.decide(self._view(), now)
        self.decided += 1
        self.world.decisions += 1
        self.world.referee.decided(self, decision)
        said = {order.service or order.node: order for order in decision.orders}
        for order in decision.orders:
            self.carrying.carry(order)
        self.reasons = said
        for name in [one for one in self.instances if self.name not in self.machine.disk.configs[one].setup.nodes]:
            self._drop_foreign(name, self.machine.disk.configs[name])
        if self._is_news and self.machine.monitor is self:
            self._beat(now)
        if decision.wake is not None:
            self._wake_at(decision.wake)

    def _view(self) -> View:
        """What to decide by, once it is noted who may have a service that its file does not name any more."""
        view = view_of(self)
        changed = dict(named(view))
        for service, nodes in changed.items():
            self.change(service, named=nodes)
        return view_of(self) if changed else view

    def _wake_at(self, moment: float) -> None:
        """Decide at a moment, though nothing has changed."""
        self._wakes = moment
        self.after(max(moment - self.machine.now, 0.0) + MOMENT, lambda: self._wake(moment))

    def _wake(self, moment: float) -> None:
        if self._wakes == moment:
            self.touch()
