"""ezha: starts and stops the programs of a tree."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from opensvc_core.errors import OpensvcError, UsageError
from opensvc_openha.acting import Acting
from opensvc_openha.actions import Action
from opensvc_openha.background import REPLACES, complain
from opensvc_openha.files import Board
from opensvc_openha.keys import key_of
from opensvc_openha.links import Link
from opensvc_openha.services import Service
from opensvc_openha.states import State
from opensvc_openha.store import Store, boot
from opensvc_openha.tree import Tree

USAGE: Final = "Usage: ezha {start|stop|kill|restart|status} [-v]"
# Seconds: for the heartbeats to reach the other node; for a program to end.
_CONVERGE, _END = 2.0, 15.0
_ASK: Final = 60.0
# Whether it is listened to, and the link.
_Heart = tuple[bool, Link]


class Ezha:
    """The programs of one node."""

    def __init__(self, store: Store, node: str, say: Callable[[str], None]) -> None:
        self._store, self._node, self._say = store, node, say

    def run(self, word: str) -> int:
        """Its exit code."""
        words = {"start": self.start, "stop": self.stop, "kill": self.kill, "restart": self.restart, "status": self.status}
        if word not in words:
            raise UsageError(USAGE)
        return words[word]()

    def start(self) -> int:
        """Check the configuration, record what is stopped, start heartbeats and manager; 1: some heartbeats are not started."""
        hearts, problems = self._checked()
        if Board(self._store.tree.proc, "nmond").is_held():
            self._say("nmond runs already")
        else:
            for service in self._store.services().of(self._node):
                self._record(service)
        problems += [problem for listens, link in hearts if not self._runs(link) and (problem := self._begun(link, listens=listens))]
        if problems:
            complain("\n".join([*problems, "the heartbeats of these lines are not started; 'ezha start' does it once that is mended"]))
        self._manage()
        return 1 if problems else 0

    def stop(self) -> int:
        """End the manager, stop the services that are started here; end the heartbeats, where none of the services may still run."""
        self._end(["nmond"])
        left = [service.name for service in self._store.services().of(self._node) if not self._is_stopped(service)]
        if left:
            names = ", ".join(left)
            complain(f"{names}: may still run here; the heartbeats go on, so that the other node does not start it. 'ezha kill' ends them")
            return 1
        self._end(self._hearts())
        return 0

    def kill(self) -> int:
        """End all programs; services and their states stay as they are."""
        self._end_all()
        services = self._store.services().of(self._node)
        if left := [service.name for service in services if self._store.state(service.name, self._node) is State.STARTED]:
            complain(f"{', '.join(left)}: still runs here; the other node hears nothing, and starts it too unless it is frozen there")
        return 0

    def restart(self) -> int:
        """Start all programs anew; services and their states stay as they are.

        The manager ends first. Each heartbeat goes on until the program that takes its place is ready, so that the other node misses none.
        """
        hearts, problems = self._checked()
        self._end(["nmond"])
        problems += [problem for listens, link in hearts if (problem := self._begun(link, listens=listens))]
        if problems:
            complain("\n".join([*problems, "the heartbeats of these lines are not started anew; what ran before goes on"]))
        lines = {link.board(listens=link.node != self._node) for link in self._store.monitor().links}
        self._manage()
        self._end([name for name in self._hearts() if name not in lines])  # one that hangs keeps no manager from its work
        return 1 if problems else 0

    def status(self) -> int:
        """Tell which programs run; 0: all of them do, 3: not all (as init scripts answer, LSB 3.1)."""
        names = [*self._hearts(), "nmond"]
        boards = [Board(self._store.tree.proc, name) for name in names]
        for board in boards:
            told = board.told() or {}
            print(f"{board.lock.stem.replace(',', ' ')} {'runs, pid ' + str(told.get('pid')) if board.is_held() else 'does not run'}")
        return 0 if all(board.is_held() for board in boards) else 3

    # -- start

    def _checked(self) -> tuple[list[_Heart], list[str]]:
        """The heartbeats that can be started, and what the others lack.

        Raises OpensvcError: the files are wrong, or the node would be deaf or dumb.
        """
        store = self._store
        monitor, services, options = store.monitor(), store.services(), store.options()
        problems = [str(problem) for problem in (*monitor.problems, *services.problems, *options.problems)]
        if not monitor.problems and not monitor.sent_by(self._node):
            problems.append(f"{store.tree.monitor}: no line of this node, {self._node}: it would send no heartbeat")
        if not monitor.problems and not monitor.heard_by(self._node):
            problems.append(f"{store.tree.monitor}: no line of another node than {self._node}: nobody would be heard")
        if len({link.node for link in monitor.links}) > 2:
            problems.append(f"{store.tree.monitor}: lines of more than two nodes; a cluster of this manager has two")
        if problem := monitor.room_problem(self._node, [service.name for service in services.of(self._node)]):
            problems.append(f"{store.tree.services}: {problem}")
        if options.fence and not os.access(options.fence[0], os.X_OK):
            problems.append(f"{store.tree.options}: fence: {options.fence[0]} can't be run: no silent node would be confirmed to be dead")
        lacking = {link: [] if self._runs(link) else list(_lacking(link)) for link in monitor.links}
        hearts = [(link.node != self._node, link) for link in monitor.links if not lacking[link]]
        lacked = [f"{store.tree.monitor}:{link.line}: {problem}" for link, found in lacking.items() for problem in found]
        if problems or not _is_enough(listens for listens, _ in hearts):
            raise OpensvcError("\n".join([*problems, *lacked, "nothing was started"]))
        return sorted(hearts, key=itemgetter(0)), lacked

    def _record(self, service: Service) -> None:
        own = self._store.state(service.name, self._node)
        if own is State.FROZEN_STOP:
            return
        answer, memory = _asked(service, self._store.tree), self._store.memory(service.name)
        state = first_state(own, answer, is_same_boot=memory.get("boot") == boot(), is_frozen=memory.get("ready") == "frozen")
        if state is not None and state is not own:
            self._say(f"service {service.name}: {own} becomes {state}")
            self._store.record(service.name, self._node, state)
        if answer is State.STARTED:
            self._store.remember(service.name, ran_here=True, boot=boot())

    def _runs(self, link: Link) -> bool:
        return Board(self._store.tree.proc, link.board(listens=link.node != self._node)).is_held()

    def _begun(self, link: Link, *, listens: bool) -> str:
        """Why the program of a link was not started, in the place of the one that runs; empty: it was."""
        problem = self._launched(link.arguments(listens=listens), **{REPLACES: "1"})
        return f"{self._store.tree.monitor}:{link.line}: {problem}" if problem else ""

    def _manage(self) -> None:
        if Board(self._store.tree.proc, "nmond").is_held():
            return
        if not _is_enough(link.node != self._node for link in self._store.monitor().links if self._runs(link)):
            raise OpensvcError("nmond was not started: no heartbeat would be sent, or none heard; 'ezha kill' ends what runs")
        self._say(f"waiting {_CONVERGE:.0f} seconds for heartbeat to converge")
        sleep(_CONVERGE)
        if problem := self._launched(("nmond",)):
            raise OpensvcError(f"{problem}\nnmond was not started; 'ezha kill' ends the others")

    def _launched(self, words: Sequence[str], **environment: str) -> str:
        """Why a program was not started; empty: it was."""
        argv = [str(self._store.tree.bin / words[0]), *words[1:]]
        try:
            done = subprocess.run(argv, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}, check=False)
        except OSError as error:
            return f"{argv[0]}: {error.strerror}"
        return (done.stderr.strip() or f"{words[0]} ended with {done.returncode}") if done.returncode else ""

    # -- end

    def _is_stopped(self, service: Service) -> bool:
        """Stop a service that is started here. One that did not stop, runs frozen, or is in no known state, may run."""
        own = self._store.state(service.name, self._node)
        if own is State.START_READY:
            return self._store.memory(service.name).get("ready") != "frozen"
        if own is not State.STARTED:
            return own not in (None, State.STARTING, State.STOPPING, State.STOP_FAILED)
        try:
            return Acting(self._store, self._node, service.name, self._say).act(Action.STOP)
        except OpensvcError as error:
            complain(str(error))
            return False

    def _hearts(self) -> list[str]:
        """The programs of the lines that there are, and those that still run for a line that was changed or removed."""
        names = [link.board(listens=link.node != self._node) for link in self._store.monitor().links]
        found = sorted(path.stem for path in self._store.tree.proc.glob("heart*.key"))
        return [*names, *(name for name in found if name not in names and Board(self._store.tree.proc, name).is_held())]

    def _end_all(self) -> None:
        """The manager first: while it waits for a script, the heartbeats have to go on."""
        self._end(["nmond"])
        self._end(self._hearts())

    def _end(self, names: Sequence[str]) -> None:
        boards = [board for board in (Board(self._store.tree.proc, name) for name in names) if board.is_held()]
        for board in boards:
            if told := board.told():
                os.kill(told["pid"], signal.SIGTERM)
        until = monotonic() + _END
        for board in boards:
            while board.is_held():
                if monotonic() > until:
                    raise OpensvcError(f"{board.lock.stem} has not ended: does it wait for a script? 'ezha status' tells")
                sleep(0.1)


def _is_enough(listening: Iterable[bool]) -> bool:
    """Whether of some heartbeats at least one is sent and one listened to."""
    return set(listening) == {False, True}


def _lacking(link: Link) -> Iterator[str]:
    """What a line needs that is not there."""
    interfaces = [name for _, name in socket.if_nameindex()]
    if not link.kind.is_disk and link.device not in interfaces:
        yield f"there is no interface {link.device}; there are {', '.join(interfaces)}"
    if link.kind.is_disk and not Path(link.device).exists():
        yield f"there is no disk {link.device}"
    try:
        key_of(link)
    except OpensvcError as error:
        yield str(error)


def first_state(own: State | None, answer: State | None, *, is_same_boot: bool, is_frozen: bool = False) -> State | None:
    """The state of a service when the programs start: what it answers; else STOPPED, unless it may run since this host was booted.

    What was cut short is left to the manager, which knows what became of it; what has failed, or can't be read (None), stays so until
    a person has looked. `is_frozen`: START_READY was recorded by freeze-start, and the service runs.
    """
    runs_frozen = own is State.START_READY and is_frozen
    if answer is not None:
        return own if runs_frozen and answer is State.STARTED else answer
    may_run = runs_frozen or own in (None, State.STARTED, State.STARTING, State.STOPPING, State.START_FAILED, State.STOP_FAILED)
    return own if may_run and is_same_boot else State.STOPPED


def _asked(service: Service, tree: Tree) -> State | None:
    """What the service says of itself; None: it can't be asked. Only our own commands are known to answer."""
    script = Path(service.script)
    if script.resolve().name not in ("svcmgr", "om"):
        return None
    try:
        done = subprocess.run(
            [str(script), "status"], capture_output=True, timeout=_ASK, env={**os.environ, **tree.environment()}, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return State.START_FAILED
    error = done.stderr.decode(errors="replace").strip()
    if error:
        complain(f"service {service.name} can't be asked whether it runs: {error}")
    return answer_of(done.returncode, is_error=bool(error))


def answer_of(code: int, *, is_error: bool) -> State | None:
    """What the exit code of `status` says; None: nothing, as it also ends with 1 or 7 after an error, which it tells.

    0 is up; 1, 3, 6 and 7 are down, or nothing but standby resources up; the rest is partly up: neither started again nor elsewhere.
    """
    if is_error:
        return None
    return State.STARTED if code == 0 else State.STOPPED if code in (1, 3, 6, 7) else State.START_FAILED
