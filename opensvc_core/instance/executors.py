"""Executors: what becomes of an operation. On the host it is carried out, in a rehearsal it is only written down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from opensvc_core.driver.sight import Sight
from opensvc_core.errors import ActionFailed, ActionTimeout, OpensvcError
from opensvc_core.instance.journal import Journal
from opensvc_core.model.events import Level
from opensvc_core.model.operations import Already, Call, Command, CommandResult, Operation, Together
from opensvc_core.system.commands import CommandRunner
from opensvc_core.system.threads import do_all

# Seconds from which on an operation has a line in the log for what it took.
_LONG: Final = 1.0


class Noted(NamedTuple):
    """An operation as it was met, in a plan or in an action: whose it is, its text, and on what it depends."""

    rid: str
    text: str
    condition: str = ""
    is_change: bool = True


# Called before (False) and after (True) each operation that changes the host.
Watch = Callable[[Noted, bool], None]


def _nobody(_noted: Noted, _is_done: bool, /) -> None:
    """Nobody watches."""


class Executor(Protocol):
    """Answers each operation with what it came to, or raises ActionFailed."""

    @property
    def is_rehearsal(self) -> bool:
        """Nothing is changed, so there is nothing to check afterwards."""

    @property
    def noted(self) -> Sequence[Noted]:
        """The operations met so far."""

    def execute(self, operation: Operation, rid: str) -> Any:
        """Deal with one operation of a resource (an empty rid: of the service)."""

    def look_anew(self) -> None:
        """What others may have changed is about to be decided on: no look from before is good enough."""


class Rehearsal:
    """Writes the operations down, and answers each with what it is expected to come to."""

    is_rehearsal = True

    def __init__(self) -> None:
        self.noted: list[Noted] = []

    def execute(self, operation: Operation, rid: str) -> Any:
        if isinstance(operation, Already):
            self.noted.append(Noted(rid, str(operation), is_change=False))
            return None
        if isinstance(operation, Together):
            return [self.execute(one, rid) for one in operation.operations]
        self.noted.append(Noted(rid, str(operation), operation.condition))
        return operation.expected

    def look_anew(self) -> None:
        """A plan goes by one look."""


class HostExecutor:
    """Carries the operations out, and tells the journal what each came to. What was seen before one is seen anew after it (`sight`)."""

    is_rehearsal = False

    def __init__(self, runner: CommandRunner, journal: Journal, watch: Watch | None = None, *, sight: Sight | None = None) -> None:
        self._runner, self._journal, self._watch, self._sight = runner, journal, watch or _nobody, sight or Sight()
        self.noted: list[Noted] = []

    def execute(self, operation: Operation, rid: str) -> Any:
        """Do it to the host, and tell it in the log."""
        if isinstance(operation, Already):
            self.noted.append(Noted(rid, str(operation), is_change=False))
            self._journal.say(operation.text, rid=rid, name="already", classic=operation.classic_text)
            return None
        if isinstance(operation, Together):
            return self._together(operation, rid)
        noted = Noted(rid, str(operation), operation.condition)
        self.noted.append(noted)
        self._watch(noted, False)
        with self._sight.changing():
            outcome = self._run(operation, rid) if isinstance(operation, Command) else self._call(operation, rid)
        self._watch(noted, True)
        return outcome

    def look_anew(self) -> None:
        """Keep nothing of what was seen."""
        self._sight.forget()

    def _together(self, together: Together, rid: str) -> list[Any]:
        """Each in a thread of its own. An interruption ends all of them, and is raised when they have ended."""
        outcomes: dict[int, Any] = {}

        def do(number: int, operation: Operation) -> None:
            try:
                outcomes[number] = self.execute(operation, rid)
            except BaseException as error:  # noqa: BLE001 - sent to the generator, or raised again below
                outcomes[number] = error

        tasks = [(f"{rid} {number}", partial(do, number, one)) for number, one in enumerate(together.operations)]
        do_all(tasks, self._runner.cancel)
        for outcome in outcomes.values():
            if isinstance(outcome, BaseException) and not isinstance(outcome, ActionFailed):
                raise outcome
        return [outcomes[number] for number in range(len(tasks))]

    def _run(self, command: Command, rid: str) -> CommandResult:
        level = Level.DEBUG if command.is_quiet else Level.INFO
        self._journal.say(str(command), rid=rid, name="command", level=level, classic=command.classic_text, argv=list(command.argv))
        is_kept = command.is_quiet or (command.names_output and bool(command.output))
        result = self._runner.run(command, lambda _stream, line: self._output(line, rid, level=level, is_kept=is_kept))
        if command.done:
            text = f"{command.done} done in {_clocked(result.seconds)} - ret {result.code}"
            classic = f"{text} - logs in {command.output}" if is_kept else ""
            self._journal.say(text, rid=rid, name="done", classic=classic, seconds=result.seconds, code=result.code)
        else:
            text = f"{command.argv[0]}: {result.seconds:.3f} s, exit code {result.code}"
            self._tell_end(text, rid, result.seconds, is_quiet=command.is_quiet, code=result.code)
        if result.code not in command.succeeds:
            raise ActionFailed(_failure(command, result))
        return result

    def _tell_end(self, text: str, rid: str, seconds: float, *, is_quiet: bool, **fields: Any) -> None:
        """What an operation took, which is for the log alone; what was short is seen from the sum of its resource."""
        kept = Level.INFO if seconds >= _LONG and not is_quiet else Level.DEBUG
        self._journal.say(text, rid=rid, name="done", level=Level.DEBUG, kept=kept, seconds=seconds, **fields)

    def _output(self, line: str, rid: str, *, level: Level, is_kept: bool) -> None:
        self._journal.say(line, rid=rid, name="output", level=level, is_kept=is_kept)

    def _call(self, call: Call, rid: str) -> Any:
        level = Level.DEBUG if call.is_quiet else Level.INFO
        self._journal.say(call.text, rid=rid, name="command", level=level, classic=call.classic_text)
        began = time.monotonic()
        outcome = self._outcome(call)
        seconds = time.monotonic() - began
        if seconds >= _LONG:
            self._tell_end(f"{call.text}: {seconds:.3f} s", rid, seconds, is_quiet=call.is_quiet)
        if call.classic_output:
            self._journal.say("", rid=rid, name="output", classic=call.classic_output, bare=True)
        return outcome

    def _outcome(self, call: Call) -> Any:
        try:
            return call.do() if call.timeout is None else _limited(call, call.timeout)
        except OSError as error:
            raise ActionFailed(f"{call.text}: {error.strerror or error}") from error
        except OpensvcError:
            raise
        except Exception as error:  # a driver's mistake fails the operation, so that what was done before is taken back
            raise ActionFailed(f"{call.text}: {type(error).__name__}: {error}") from error


def _limited(call: Call, seconds: float) -> Any:
    """The result of a call, or ActionTimeout: a thread can't be ended, so the call is left behind."""
    results: list[Any] = []
    errors: list[BaseException] = []

    def do() -> None:
        try:
            results.append(call.do())
        except Exception as error:  # noqa: BLE001 - raised again by the caller
            errors.append(error)

    worker = threading.Thread(target=do, daemon=True, name=f"limited: {call.text}")
    worker.start()
    worker.join(seconds)
    if worker.is_alive():
        raise ActionTimeout(f"{call.text}: not ended after {seconds:g}s")
    if errors:
        raise errors[0]
    return results[0]


def _failure(command: Command, result: CommandResult) -> str:
    how = f"ended by signal {-result.code}" if result.code < 0 else f"exit code {result.code}"
    said = (result.stderr or result.stdout).strip().splitlines()
    # what is wrong often stands in the last line but one, before a hint
    return f"{command}: {how}" + (f": {'; '.join(line.strip() for line in said[-2:])}" if said else "")


def _clocked(seconds: float) -> str:
    """`0:00:00.213427`, as the older agents print durations."""
    text = str(timedelta(microseconds=round(seconds * 1e6)))
    return text if "." in text else f"{text}.000000"
