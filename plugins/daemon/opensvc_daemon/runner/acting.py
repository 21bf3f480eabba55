"""Acting: what the child of an action does, by the conduct of the core: locks, journal, rollback."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType
from typing import Any, Final, NamedTuple, Self

from opensvc_core.api import ActionInterrupted, Ahead, Conflict, Node, OpensvcError, Request, Selection, Service
from opensvc_daemon.channel import Channel
from opensvc_daemon.runner.crew import Work
from opensvc_daemon.runner.learning import new_modules

_FAILED: Final = 1
_MONITOR: Final = "resource_monitor"


class Outcome(NamedTuple):
    """What became of a child's work: an exit code as that of a command, and why it is not 0."""

    code: int
    why: str = ""


class Order(NamedTuple):
    """An action that was asked for. `due`: only what its schedule lets run at this moment (seconds since 1970-01-01 UTC).

    `patience`, `is_handed_over`, `ahead`: as in the core's request.
    """

    service: str
    action: str
    rids: tuple[str, ...] = ()
    confirmed_down: frozenset[str] = frozenset()
    request: str = ""
    environment: Mapping[str, str] = {}
    is_forced: bool = False
    due: float | None = None
    wait_lock: float | None = None
    patience: float | None = None
    is_handed_over: bool = False
    ahead: Ahead | None = None

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> Self:
        """From a message. Raises KeyError, TypeError or ValueError for one that is none."""
        due, wait, patience = message.get("due"), message.get("wait_lock"), message.get("patience")
        return cls(
            str(message["service"]),
            str(message["action"]),
            tuple(map(str, message.get("rids") or ())),
            frozenset(map(str, message.get("confirmed_down") or ())),
            str(message.get("request") or ""),
            {str(name): str(value) for name, value in (message.get("environment") or {}).items()},
            bool(message.get("force")),
            None if due is None else float(due),
            None if wait is None else float(wait),
            None if patience is None else float(patience),
            bool(message.get("handed_over")),
        )

    @property
    def line(self) -> str:
        """In whose order it waits: copies to other nodes keep no action waiting, nor does what waits for the next restart of a resource."""
        if self.action == _MONITOR:
            return "monitor"
        return "sync" if self.action.startswith("sync") else "action"

    def as_request(self) -> Request:
        """As the core takes it."""
        return Request(
            self.action,
            Selection(rids=self.rids),
            is_forced=self.is_forced,
            confirmed_down=self.confirmed_down,
            due_at=self.due,
            id=self.request,
            patience=self.patience,
            is_handed_over=self.is_handed_over,
            ahead=self.ahead,
        )


def acting(node: Node, order: Order) -> Work:
    """What the child of an action does. One that has not begun when the runner ends is not begun any more."""

    def work(channel: Channel) -> int:
        known = frozenset(sys.modules)
        os.environ.update(order.environment)
        interruptible()
        return act(node.service(order.service), order, channel, known, threads=2)

    return work


def act(service: Service, order: Order, channel: Channel, known: frozenset[str], *, threads: int) -> int:
    """Do it and tell what became of it; the exit code. `known`: the modules that were there before, `threads`: see `new_modules`."""
    gone, has_begun = threading.Event(), threading.Event()
    threading.Thread(target=_attend, args=(channel, gone, has_begun), daemon=True).start()
    outcome = outcome_of(lambda: _do(service, order, gone, has_begun))
    with suppress(ConnectionError):
        channel.send({**outcome._asdict(), "modules": new_modules(known, threads=threads)})
    return outcome.code


def outcome_of(do: Callable[[], object]) -> Outcome:
    """What became of something that raises why it failed."""
    try:
        do()
    except (ActionInterrupted, KeyboardInterrupt) as error:
        return Outcome(ActionInterrupted.exit_code, str(error) or "it was ended")
    except Conflict as error:
        return Outcome(error.exit_code, "; ".join((str(error), *error.seen)))
    except OpensvcError as error:
        return Outcome(error.exit_code, " ".join(str(error).split()))
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        return Outcome(_FAILED, f"{place}{error.strerror or error}")
    return Outcome(0)


def _do(service: Service, order: Order, gone: threading.Event, has_begun: threading.Event) -> None:
    if order.action == "delete":
        service.delete(is_forced=order.is_forced, wait_lock=order.wait_lock)
    elif order.action == "push_resinfo":
        service.info()
        service.state.keep_time("push_resinfo", time.time() if order.due is None else order.due)
    elif order.action == _MONITOR:
        service.monitor(lambda _event: has_begun.set(), due_at=order.due, by_scheduler=order.due is not None, cancel=gone)
    else:
        request, is_due = order.as_request(), order.due is not None
        service.perform(request, lambda _event: has_begun.set(), wait_lock=order.wait_lock, by_scheduler=is_due, cancel=gone)


def _attend(channel: Channel, gone: threading.Event, has_begun: threading.Event) -> None:
    """Wait for the end of the runner, which sends nothing. What waits for its lock then is called off, what acts is not."""
    with suppress(OSError):
        channel.receive()
    if not has_begun.is_set():
        gone.set()


def interruptible() -> None:
    """From now on SIGTERM interrupts this process: what it runs is ended, what it did may be taken back."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Interrupt the action once: a second time would leave what the first one takes back half done."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _go_on)
    raise KeyboardInterrupt


def _go_on(_number: int, _frame: FrameType | None) -> None:
    """Do nothing. SIG_IGN would be inherited by the commands of the action."""
