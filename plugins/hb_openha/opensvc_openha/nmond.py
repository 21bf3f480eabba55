"""nmond, the manager: looks at what the listeners heard, decides for each service, and has it carried out."""

from __future__ import annotations

import os
import syslog
import threading
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

from opensvc_core.errors import OpensvcError
from opensvc_openha.accepting import said_of
from opensvc_openha.background import log
from opensvc_openha.files import Board
from opensvc_openha.install import is_ours
from opensvc_openha.links import Link
from opensvc_openha.listening import hearing_of, sign_left
from opensvc_openha.liveness import Hearing, Liveness
from opensvc_openha.machine import Order, Progress, Stage, View, Work, step
from opensvc_openha.services import Service
from opensvc_openha.states import State, recovered
from opensvc_openha.store import Store, boot
from opensvc_openha.viewing import Heard, Peer, peer_of
from opensvc_openha.works import Running

# Seconds between two passes.
INTERVAL: Final = 0.25
# How long a service that was stopped on this node is left to the peer, in seconds.
LEAVE: Final = 10.0


class Keeper:
    """What the manager keeps of one service."""

    def __init__(self, store: Store, service: Service) -> None:
        self.service, self.progress = service, Progress()
        self.work: Running | None = None
        self.lock: Board | None = None
        self._lock = store.working(service.name)

    def acquire(self) -> bool:
        """Whether no command is starting or stopping the service."""
        if self.lock is None:
            if self._lock.is_held():
                return False
            try:
                self.lock = self._lock.hold()
            except OpensvcError:
                return False
        return True

    def release(self) -> None:
        """Let commands at it."""
        if self.lock:
            self.lock.release()
            self.lock = None


class Manager:
    """The manager of one node."""

    def __init__(self, store: Store, node: str) -> None:
        self._store, self._node = store, node
        self.board = Board(store.tree.proc, "nmond").hold()
        self._incarnation = os.urandom(8)
        self._round = 0
        self._keepers: dict[str, Keeper] = {}
        self._said_before: dict[str, str] = {}
        self._options = store.options()
        self._recover()
        self._guarded_pass(begins=False)  # who asks as soon as it runs is told what is known

    def run(self, ended: threading.Event) -> None:
        """Decide until told to end; then wait for the scripts that run, and begin nothing."""
        while not ended.wait(INTERVAL):
            self._guarded_pass(begins=True)
        while any(keeper.work for keeper in self._keepers.values()):
            self._guarded_pass(begins=False)
            threading.Event().wait(INTERVAL)

    def _guarded_pass(self, *, begins: bool) -> None:
        try:
            self._pass(begins=begins)
        except (OSError, OpensvcError) as error:
            self._once("pass", str(error))

    # -- one pass

    def _pass(self, *, begins: bool) -> None:
        now = monotonic()
        monitor = self._store.monitor()
        links = monitor.heard_by(self._node)
        heard = [_heard(self._store, link) for link in links]
        peer = peer_of([one for one, _ in heard], now)
        self._tell_of_blindness({link: one.hearing for link, (one, _) in zip(links, heard, strict=True)}, peer, now)
        self._round += 1
        self._publish(peer, [contact for _, contact in heard])
        services = self._store.services()
        for problem in (*monitor.problems, *services.problems, *self._options.problems):
            self._once(str(problem), str(problem))
        for service in services.of(self._node):
            keeper = self._keepers.get(service.name)
            if keeper is None or (keeper.service != service and keeper.progress.stage is Stage.IDLE):
                keeper = self._keepers[service.name] = Keeper(self._store, service)
            try:
                self._serve(keeper, peer, now, begins=begins)
            except OSError as error:
                self._once(service.name, f"service {service.name}: {error}")

    def _tell_of_blindness(self, hearings: Mapping[Link, Hearing], peer: Peer, now: float) -> None:
        for link, hearing in hearings.items():
            text = f"nobody listens to {link.node} on {link.where}: 'ezha start' starts what does not run"
            self._once(link.where, "" if hearing.since is not None else text)
        blind = [link.where for link, hearing in hearings.items() if hearing.liveness(now) is Liveness.BLIND]
        could_know = any(one.since is not None and now - one.since > one.timeout for one in hearings.values())
        is_doubtful = peer.liveness is Liveness.BLIND and could_know
        text = f"whether the partner node lives can't be told without {', '.join(blind)}: nothing is taken over from it"
        self._once("blind", text if is_doubtful else "")

    def _publish(self, peer: Peer, contacts: list[str]) -> None:
        if peer.said:
            echo, echo_round = peer.said.incarnation.hex(), peer.said.round
        else:
            echo, echo_round = next((contact for contact in contacts if contact), "00" * 8), 0
        ran = [name for name in self._keepers if self._store.memory(name).get("ran_here")]
        told: dict[str, Any] = {"pid": os.getpid(), "ran_here": ran}
        self.board.tell({**told, "incarnation": self._incarnation.hex(), "round": self._round, "echo": echo, "echo_round": echo_round})

    def _serve(self, keeper: Keeper, peer: Peer, now: float, *, begins: bool) -> None:
        service, store = keeper.service, self._store
        other = service.peer(self._node)
        assert other is not None
        theirs = self._their_state(service, other, peer)
        own = store.state(service.name, self._node)
        if own is None:
            self._once(service.name, f"{store.tree.state(service.name, self._node)} holds no state: nothing is started; service -A sets it")
        memory = store.memory(service.name)
        if theirs is State.STARTED and own is not State.STARTED and memory.get("ran_here"):
            store.remember(service.name, ran_here=False)
        view = View(
            *(own, theirs, self._node == service.primary, peer.liveness),
            round=self._round,
            answered=peer.answered(self._incarnation),
            heard=peer.count,
            ran_here=bool(memory.get("ran_here")),
            peer_ran_here=bool(peer.said and service.name in peer.said.ran_here),
            is_guarded=self._options.is_guarded,
            slow=peer.slow,
            split=self._options.split,
        )
        if keeper.progress.stage is Stage.IDLE and (not begins or self._leaves_it(memory, now) or not keeper.acquire()):
            return
        work = keeper.work
        done = work.done() if work else None
        progress, orders = step(keeper.progress, view, now, done=done)
        begun = [self._carry_out(service, order, view) for order in orders]  # what raises is tried again, by the next pass
        if work and done is not None:
            if work.text:
                log(syslog.LOG_EMERG if keeper.progress.stage is Stage.STARTING else syslog.LOG_ERR, work.text)
            keeper.work = None
        keeper.progress = progress
        for one in begun:
            keeper.work = one or keeper.work
        if keeper.progress.stage is Stage.IDLE:
            keeper.release()

    @staticmethod
    def _leaves_it(memory: dict[str, Any], now: float) -> bool:
        """Whether somebody has just stopped the service here, so that the peer should have it."""
        return 0 < float(memory.get("leave_until", 0)) - now <= LEAVE

    def _their_state(self, service: Service, other: str, peer: Peer) -> State | None:
        known = self._store.state(service.name, other)
        if peer.liveness is not Liveness.UP:
            if known is not State.UNKNOWN:
                self._store.record(service.name, other, State.UNKNOWN)
                log(syslog.LOG_WARNING, f"setting service {service.name} to UNKNOWN for node {other}")
            return State.UNKNOWN
        said = peer.said.states.get(service.name) if peer.said else None
        missing = f"{other} does not know the service {service.name}: 'service -a' is needed on both nodes" if said is None else ""
        self._once(f"{service.name} on {other}", missing)
        if said is not None and said is not known:
            self._store.record(service.name, other, said)
        return known if said is None else said

    # -- carrying out

    def _carry_out(self, service: Service, order: Order, view: View) -> Running | None:
        """Record, tell and begin what is ordered; what was begun. Raises OSError before it has told or begun anything."""
        if order.state is State.STARTED:
            self._store.remember(service.name, ran_here=True, boot=boot())
        if order.state is State.START_READY:
            self._store.remember(service.name, ready="grace", boot=boot())
        if order.state is not None:
            self._store.record(service.name, self._node, order.state)
        if order.text:
            log(syslog.LOG_ERR if order.is_grave else syslog.LOG_NOTICE, order.text.format(service=service.name))
        return self._begin(service, order.work, view, is_confirmed=order.is_confirmed) if order.work else None

    def _begin(self, service: Service, work: Work, view: View, *, is_confirmed: bool) -> Running:
        options, other = self._options, service.peer(self._node)
        confirmation = ("--confirm-down", str(other)) if is_confirmed and is_ours(service.script) else ()
        argv, limit = {
            Work.FENCE: ((*options.fence, str(other), service.name), options.fence_timeout),
            Work.CHECK: ((service.check, "start"), options.check_timeout),
            Work.START: ((service.script, "start", *confirmation), options.start_timeout),
            Work.STOP: ((service.script, "stop"), options.stop_timeout),
        }[work]
        told = {"OPENHA_SERVICE": service.name, "OPENHA_PEER": str(other), "OPENHA_PEER_STATE": str(view.peer)}
        return Running(argv, self._store.tree.log / f"{service.name}.log", limit, {**self._store.tree.environment(), **told})

    def _recover(self) -> None:
        """Set right what a manager that died has left."""
        for service in self._store.services().of(self._node):
            if self._store.working(service.name).is_held():
                continue
            own = self._store.state(service.name, self._node)
            left = recovered(own, is_grace=self._store.memory(service.name).get("ready") == "grace")
            if left is not None:
                log(syslog.LOG_WARNING, f"service {service.name} was left {own}: its state is {left} now")
                self._store.record(service.name, self._node, left)

    def _once(self, about: str, text: str) -> None:
        if self._said_before.get(about) != text:
            self._said_before[about] = text
            if text:
                log(syslog.LOG_ERR, text)


def _heard(store: Store, link: Link) -> tuple[Heard, str]:
    board = Board(store.tree.proc, link.board(listens=True))
    told = board.told()
    if told is None:
        return Heard(Hearing(link.timeout, doubted=sign_left(board)), is_disk=link.kind.is_disk), ""
    hearing = hearing_of(link, told)
    said = said_of(told["said"]) if "said" in told else None
    return Heard(hearing, said, told.get("count", 0), link.kind.is_disk), told.get("contact", "")


def peer_seen(store: Store, node: str) -> Peer:
    """What is known of the peer now, for commands."""
    return peer_of([_heard(store, link)[0] for link in store.monitor().heard_by(node)], monotonic())
