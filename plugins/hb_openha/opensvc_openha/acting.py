"""Acting: `service -A SERVICE ACTION`, carried out on this node."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

from opensvc_core.errors import ActionRefused, NoSuchObject, OpensvcError
from opensvc_openha.actions import Action, Way, after, allowed, before, refused
from opensvc_openha.files import Board
from opensvc_openha.liveness import Liveness
from opensvc_openha.machine import GRACE, PATIENCE
from opensvc_openha.nmond import LEAVE, peer_seen
from opensvc_openha.services import Service
from opensvc_openha.states import State
from opensvc_openha.store import Store, boot
from opensvc_openha.works import Running

_LOOK = 0.2
# Until the manager has begun what it was asked for, in seconds: its passes, and the pause after it gave way.
_BEGIN = 10.0


class Acting:
    """One action on one service; `say` prints what OpenHA says."""

    def __init__(self, store: Store, node: str, name: str, say: Callable[[str], None]) -> None:
        self._store, self._node, self._say = store, node, say
        found = store.services().named(name)
        if found is None:
            raise NoSuchObject(f"service {name} not found")
        peer = found.peer(node)
        if peer is None:
            raise ActionRefused(f"we are not primary nor secondary for service {name}")
        self._service: Service = found
        self._peer: str = peer

    def act(self, action: Action) -> bool:
        """Carry it out; False: it failed. Raises ActionRefused: not in this state."""
        own, peer = self._own(), self._store.state(self._service.name, self._peer)
        if peer_seen(self._store, self._peer).liveness is not Liveness.UP:
            peer = State.UNKNOWN  # what stands in its file was said before
        is_grace = self._store.memory(self._service.name).get("ready") == "grace"
        words = {"service": self._service.name, "own": own, "peer": peer}
        way = allowed(action, own, peer, is_grace=is_grace)
        if way is None:
            raise ActionRefused(refused(action).format_map(words))
        if action not in (Action.START, Action.FREEZE_START) or way[0] is not Way.START:
            self._say(before(action).format_map(words))
        if action is Action.STOP and peer is not State.STOPPED:
            self._say(f"{self._peer} is not in STOPPED state: service will not migrate")
        is_done = {Way.RECORD: self._record, Way.STOP: self._stop, Way.START: self._start}[way[0]](action, way[1])
        if text := after(action, is_done=is_done):
            self._say(text.format_map({**words, "own": self._own()}))
        return is_done

    def _own(self) -> State | None:
        return self._store.state(self._service.name, self._node)

    def _record(self, action: Action, state: State) -> bool:
        name = self._service.name
        if state is State.START_READY:
            self._store.remember(name, ready="frozen")
        if state is State.STARTED:
            self._store.remember(name, ran_here=True, boot=boot())
        if action in (Action.FORCE_STOP, Action.FORCE_START):
            self._store.record(name, self._node, state)
            return True
        with _Working(self._store, name):
            self._store.record(name, self._node, state)
        return True

    def _stop(self, action: Action, state: State) -> bool:
        name, options = self._service.name, self._store.options()
        with _Working(self._store, name):
            self._store.record(name, self._node, State.STOPPING)
            tree = self._store.tree
            script = Running((self._service.script, "stop"), tree.log / f"{name}.log", options.stop_timeout, tree.environment())
            is_done = script.wait()
            if script.text:
                self._say(script.text)
            self._store.remember(name, leave_until=monotonic() + LEAVE)
            self._store.record(name, self._node, state if is_done else State.STOP_FAILED)
        return is_done

    def _start(self, action: Action, state: State) -> bool:
        """The manager starts what is at rest on both nodes by itself: wait for what it comes to."""
        if not Board(self._store.tree.proc, "nmond").is_held():
            raise ActionRefused(f"service {self._service.name} is not started: nmond does not run; 'ezha start' starts it")
        until = monotonic() + _BEGIN + GRACE + PATIENCE + self._store.options().fence_timeout * self._store.options().is_guarded
        said = False
        while (own := self._own()) not in (State.STARTED, State.START_FAILED):
            if own is State.START_READY and not said:
                self._say(before(Action.START).format(service=self._service.name, peer=self._shown_peer(), own=State.STOPPED))
                said = True
            if own is State.STARTING:
                until = monotonic() + _BEGIN
            if monotonic() > until:
                return False
            sleep(_LOOK)
        if own is State.STARTED and state is State.START_READY:
            return self._record(action, state)
        return own is State.STARTED

    def _shown_peer(self) -> State | None:
        return self._store.state(self._service.name, self._peer)


class _Working:
    """Nobody else starts or stops the service meanwhile."""

    def __init__(self, store: Store, name: str) -> None:
        self._board, self._name = store.working(name), name

    def __enter__(self) -> None:
        try:
            self._board.hold()
        except OpensvcError:
            raise ActionRefused(f"service {self._name} is being started or stopped: wait, or force a state") from None

    def __exit__(self, *_: object) -> None:
        self._board.release()
