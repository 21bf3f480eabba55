"""Jobs: the children that act, each known from its order to its end; those of one service act one after another."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from opensvc_daemon.clock import now
from opensvc_daemon.runner.acting import Outcome
from opensvc_daemon.runner.crew import Crew, Member, Work
from opensvc_daemon.runner.learning import Learning
from opensvc_daemon.runner.loop import Loop, Timer

# Tells whoever has asked: fields of an answer.
Tell = Callable[..., None]
# Seconds between TERM and KILL.
GRACE: Final = 10.0
ENDED: Final = 130
# What ends the others is not ended with them.
KILL: Final = "kill"


class Task(NamedTuple):
    """Something for a child to do. `line` is in whose order it waits (a service's actions); none: at once.

    `limit`: seconds that it may take. `prepared` gives the child that waits for it, where there is one, and is told whom its end
    concerns.
    """

    service: str
    action: str
    work: Work
    tell: Tell
    line: tuple[str, str] | None = None
    limit: float | None = None
    prepared: Callable[[Callable[[Member, int], None]], Member | None] = lambda _ended: None


class Job:
    """A task that is under way."""

    def __init__(self, task: Task, member: Member, timer: Timer | None) -> None:
        self.task, self.member, self.timer = task, member, timer
        self.began, self.since, self.overdue = now(), time.time(), ""


class Jobs:
    """All that is under way or waits. `end` is asked to end whatever acts on a service: `end(service, seconds of grace)`."""

    def __init__(self, loop: Loop, crew: Crew, learning: Learning, end: Callable[[str, float], None]) -> None:
        self._loop, self._crew, self._learning, self._end = loop, crew, learning, end
        self._running: dict[int, Job] = {}
        self._waiting: dict[tuple[str, str], deque[Task]] = {}

    def add(self, task: Task) -> None:
        """Do it, after what is before it in its line."""
        if task.line is not None and any(job.task.line == task.line for job in self._running.values()):
            self._waiting.setdefault(task.line, deque()).append(task)
        else:
            self._begin(task)

    def kill(self, service: str, grace: float) -> None:
        """End what is under way for a service, and forget what waits."""
        for line in [line for line in self._waiting if line[0] == service]:
            for task in self._waiting.pop(line):
                task.tell(tell="done", code=ENDED, why="it was ended before it began", seconds=0.0)
        for job in self.running():
            if job.task.service == service and job.task.action != KILL:
                self._signal(job, grace)

    def acts_on(self, service: str) -> bool:
        """Whether an action of ours is under way."""
        return any(job.task.service == service and job.task.line for job in self._running.values())

    def running(self) -> Iterator[Job]:
        """What is under way."""
        return iter(list(self._running.values()))

    def _begin(self, task: Task) -> None:
        try:
            member = task.prepared(self._ended) or self._crew.fork(task.work, lambda code: self._ended(member, code))
        except OSError as error:
            task.tell(tell="done", code=1, why=f"{task.action} can't be begun: {error.strerror}", seconds=0.0)
            return
        timer = None if task.limit is None else self._loop.after(task.limit, lambda: self._overdue(job))
        job = self._running[member.pid] = Job(task, member, timer)
        task.tell(tell="begun", pid=member.pid)

    def _signal(self, job: Job, grace: float) -> None:
        """TERM, then KILL: what it has begun is ended by `end`, for that has sessions of its own."""
        job.member.signal(signal.SIGTERM)
        self._loop.after(grace, lambda: job.member.signal(signal.SIGKILL) if self._running.get(job.member.pid) is job else None)

    def _overdue(self, job: Job) -> None:
        job.overdue = f"{job.task.action} had not ended after {job.task.limit:g} s, and was ended"
        self._signal(job, GRACE)
        if job.task.line is not None:
            self._end(job.task.service, GRACE)

    def _ended(self, member: Member, code: int) -> None:
        job = self._running.pop(member.pid)
        if job.timer:
            job.timer.call_off()
        messages = member.messages()
        outcome = _outcome(messages, code)
        job.task.tell(tell="done", code=outcome.code, why=(job.overdue if outcome.code else "") or outcome.why, seconds=now() - job.began)
        waiting = self._waiting.get(job.task.line) if job.task.line else None
        if waiting and job.task.line:
            task = waiting.popleft()
            if not waiting:
                del self._waiting[job.task.line]
            self._begin(task)
        for message in messages:
            self._learning.learn(message.get("modules", []), is_all=False)


def _outcome(messages: list[dict[str, Any]], code: int) -> Outcome:
    """What the child has told; what its end tells where it has told nothing."""
    if messages and code >= 0:
        return Outcome(int(messages[-1]["code"]), str(messages[-1]["why"]))
    if code < 0:
        return Outcome(code, f"ended by {signal.Signals(-code).name if -code in set(signal.Signals) else f'signal {-code}'}")
    return Outcome(code, "" if code == 0 else "it ended without a word; the runner's own log may tell why")
