"""The server: takes the orders of one client, the monitor, and tells it what becomes of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from opensvc_core.api import OpensvcError
from opensvc_daemon.channel import Channel, accept, listen
from opensvc_daemon.runner.acting import Order, acting
from opensvc_daemon.runner.commands import ending, fencing, running
from opensvc_daemon.runner.crew import Crew
from opensvc_daemon.runner.jobs import GRACE, KILL, Jobs, Task, Tell
from opensvc_daemon.runner.learning import Learning
from opensvc_daemon.runner.looks import Looks
from opensvc_daemon.runner.loop import Loop
from opensvc_daemon.runner.prepared import Prepared
from opensvc_daemon.runner.watching.groups import Group
from opensvc_daemon.runner.watching.pids import started_at
from opensvc_daemon.runner.watching.watches import Watches
from opensvc_daemon.runner.worker import MakeNode

NAME: Final = "runner.sock"
_USAGE: Final = 2
# Seconds of a command without a limit of its own.
_LIMIT: Final = 60.0
Message = Mapping[str, Any]


class Server:
    """The runner's end of `runner.sock`. `make_node` gives the node as its files are now."""

    def __init__(self, make_node: MakeNode, loop: Loop) -> None:
        self._make_node, self._loop, self._node = make_node, loop, make_node()
        self._crew, learning = Crew(loop), Learning()
        self._jobs = Jobs(loop, self._crew, learning, lambda service, grace: self._end(service, grace, _nobody))
        self._prepared = Prepared(self._crew, make_node)
        self._watches = Watches(loop, self._news, self._group)
        self._looks = Looks(loop, self._crew, make_node, learning, self._seen)
        self._client: Channel | None = None
        self._do: Mapping[str, Callable[[Message, Tell], None]] = {
            "act": self._act,
            "prepare": self._prepare,
            "call_off": self._call_off,
            "status": self._status,
            "schedule": self._schedule,
            "watch": self._watch,
            "kill": self._kill,
            "running": self._running,
            "run": self._run,
            "fence": self._fence,
        }

    def begin(self) -> None:
        """Listen. Raises OSError where that can't be."""
        self._crew.begin()
        self._node.paths.run.mkdir(parents=True, exist_ok=True)
        self._listening = listen(self._node.paths.run / NAME)
        self._loop.attend(self._listening.fileno(), self._accept)

    def end(self) -> None:
        """Actions go on; what only looks ends."""
        self._looks.end()
        with suppress(OSError):
            os.unlink(self._node.paths.run / NAME)  # noqa: PTH108 - as it was made

    # -- the client

    def _accept(self) -> None:
        """A new monitor takes the place of the one before."""
        channel = accept(self._listening)
        self._drop()
        self._client = channel
        self._watches.watch(())
        self._loop.attend(channel.fileno(), self._read)

    def _read(self) -> None:
        channel = self._client
        assert channel is not None
        try:
            is_open = channel.pull()
            for message in channel.pending():
                self._take(message, partial(self._answer, channel, message.get("id")))
        except ConnectionError:
            is_open = False
        if not is_open and channel is self._client:
            self._drop()

    def _take(self, message: Message, tell: Tell) -> None:
        do = self._do.get(str(message.get("do")))
        try:
            if do is None:
                raise ValueError(f"there is no {message.get('do')!r}")
            do(message, tell)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            tell(tell="done", code=_USAGE, why=f"the order can't be understood: {type(error).__name__}: {error}")
        except OpensvcError as error:
            tell(tell="done", code=error.exit_code, why=str(error))

    def _answer(self, channel: Channel, number: object, **fields: Any) -> None:
        """To who has asked; a monitor that has gone is told nothing."""
        if channel is self._client:
            self._tell(id=number, **fields)

    def _tell(self, **fields: Any) -> None:
        if self._client is None:
            return
        try:
            self._client.send(fields)
        except OSError:  # it has gone, or has read nothing for long: half a message is none
            self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._loop.leave(self._client.fileno())
            self._client.close()
            self._client = None
            self._prepared.end()

    # -- orders

    def _act(self, message: Message, tell: Tell) -> None:
        order = Order.read(message)
        work = acting(self._make_node(), order)
        prepared = partial(self._prepared.take, message)
        self._jobs.add(Task(order.service, order.action, work, tell, (order.service, order.line), _limit(message), prepared))

    def _prepare(self, message: Message, _tell: Tell) -> None:
        self._prepared.prepare(Order.read(message))

    def _call_off(self, message: Message, _tell: Tell) -> None:
        self._prepared.call_off(str(message["service"]))

    def _status(self, message: Message, tell: Tell) -> None:
        self._looks.ask("status", self._services(message), tell, _limit(message))

    def _schedule(self, message: Message, tell: Tell) -> None:
        self._looks.ask("schedule", self._services(message), tell, _limit(message))

    def _watch(self, message: Message, _tell: Tell) -> None:
        unseen = self._watches.watch(map(str, message["services"]))
        if unseen := [service for service in unseen if not self._looks.is_asked(service)]:
            self._looks.ask("status", unseen, _nobody)

    def _kill(self, message: Message, tell: Tell) -> None:
        service, grace = str(message["service"]), float(message.get("grace", GRACE))
        self._jobs.kill(service, grace)
        self._end(service, grace, tell)

    def _end(self, service: str, grace: float, tell: Tell) -> None:
        self._jobs.add(Task(service, KILL, ending(self._make_node().service(service), grace), tell))

    def _running(self, _message: Message, tell: Tell) -> None:
        jobs = [
            {"service": job.task.service, "action": job.task.action, "pid": job.member.pid, "since": job.since}
            for job in self._jobs.running()
            if job.task.action != KILL
        ]
        own = {job["pid"] for job in jobs}
        for service in self._node.services():
            holder = service.running()
            if holder is not None and holder.pid not in own:
                jobs.append({"service": str(service.path), "action": holder.action, "pid": holder.pid, "since": holder.since})
        tell(tell="running", jobs=jobs)

    def _run(self, message: Message, tell: Tell) -> None:
        argv, service = list(map(str, message["argv"])), str(message.get("service") or "")
        environment = {str(name): str(value) for name, value in (message.get("environment") or {}).items()}
        limit = _limit(message) or _LIMIT
        work = running(self._make_node(), service, argv, limit=limit, environment=environment)
        self._jobs.add(Task(service, f"run {argv[0]}", work, tell))

    def _fence(self, message: Message, tell: Tell) -> None:
        node = str(message["node"])
        self._jobs.add(Task("", f"fence {node}", fencing(self._make_node(), node, _limit(message)), tell))

    # -- what the parts tell each other

    def _services(self, message: Message) -> list[str]:
        wanted = message.get("services")
        return [str(service.path) for service in self._node.services()] if wanted is None else list(map(str, wanted))

    def _seen(self, service: str, answer: Mapping[str, Any]) -> None:
        """Wait for what a look has found, and for the end of whatever acts on the service: its lock is closed then."""
        if answer["tell"] != "status" or "why" in answer:
            return
        found = {rid: one["watches"] for rid, one in answer["status"]["resources"].items()}
        lock = self._node.service(service).state.lock_file
        self._watches.take(service, {**found, "": [["lock", str(lock)]]}, answer["began"])

    def _news(self, service: str, rid: str) -> None:
        if rid or not self._jobs.acts_on(service):  # the end of an action of ours is told to who has asked for it
            self._tell(tell="changed", service=service, rid=rid)

    def _group(self, name: str) -> Group:
        groups = self._node.host.groups
        if groups is None:
            return Group(None)
        if groups.main.version == 2:
            return Group(groups.directory(name))
        return Group(None, tuple(f"{process.pid} {process.started}" for process in groups.processes(name) if started_at(process.pid)))


def _limit(message: Message) -> float | None:
    limit = message.get("limit")
    return None if limit is None else float(limit)


def _nobody(**_fields: Any) -> None:
    """Nobody has asked."""
