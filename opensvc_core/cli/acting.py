"""Acting: one action on the selected services, side by side when they are several, each line told as it comes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TextIO

from opensvc_core.cli.render.log import ClassicLog, TreeLog
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import told
from opensvc_core.errors import ActionFailed, ActionInterrupted, ActionRefused, Conflict, Delegated, OpensvcError
from opensvc_core.instance.journal import Sink
from opensvc_core.instance.service import Service
from opensvc_core.model.events import Event

Act = Callable[[Service, Sink], None]
# What became of a service, by the exit code of its action.
_KINDS = {4: "missing", 5: "refused", 6: "locked", 7: "with a broken configuration", 130: "interrupted"}
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def printer(session: Session, stream: TextIO) -> Iterator[Sink]:
    """What prints events in the layout of the command."""
    log = TreeLog() if session.layout == "tree" else ClassicLog()

    def show(event: Event) -> None:
        tell(log.lines(event))

    def tell(lines: list[str]) -> None:
        if lines:
            print("\n".join(lines), file=stream, flush=True)

    try:
        yield show
    finally:
        tell(log.finish())


def act_on(session: Session, services: Sequence[Service], act: Act, *, sums_up: bool = True) -> int:
    """Do it for each service; the highest exit code. One failing service stops no other.

    `sums_up`: for several services, say at the end what became of them.
    """
    _handle(_interrupt)
    with printer(session, session.stdout) as show:

        def tell(event: Event) -> None:
            try:
                show(event)
            except OSError:  # whoever read has gone, or the disk is full: the action goes on
                _drop(session.stdout)

        if len(services) == 1:
            return _code(session, services[0], act, tell)
        codes = _side_by_side(session, services, act, tell)
    if sums_up:
        print(summary(codes), file=session.stderr)
    return max(codes.values(), default=0)


def summary(codes: Mapping[str, int]) -> str:
    """How many services there were, and what became of them: `3 services: 2 done, 1 failed (web)`."""
    kinds: dict[str, list[str]] = {}
    for name, code in codes.items():
        kinds.setdefault("done" if code == 0 else _KINDS.get(code, "failed"), []).append(name)
    texts = [f"{len(names)} {kind}" + (f" ({', '.join(sorted(names))})" if kind != "done" else "") for kind, names in sorted(kinds.items())]
    return f"{len(codes)} services: {', '.join(texts) or 'nothing to do'}"


def _code(session: Session, service: Service, act: Act, sink: Sink) -> int:
    try:
        act(service, sink)
    except ActionInterrupted as error:
        return error.exit_code
    except (ActionFailed, Delegated) as error:
        return error.exit_code  # the journal has told it
    except Conflict as error:  # the same, and who is in the way as well
        for line in error.seen:
            told(session, str(service.path), ActionRefused(line))
        return error.exit_code
    except (OpensvcError, OSError) as error:
        return told(session, str(service.path), error)
    return 0


def _side_by_side(session: Session, services: Sequence[Service], act: Act, show: Sink) -> dict[str, int]:
    """A process for each service, as many at a time as the node allows: a thread would share the working directory and the signals."""
    import selectors  # noqa: PLC0415 - only several services need it

    waiting, running, names = list(services), dict[int, int](), dict[int, str]()
    codes = {str(service.path): ActionInterrupted.exit_code for service in services}

    def stop(_number: int, _frame: FrameType | None) -> None:
        waiting.clear()
        for pid in running.values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    _handle(stop)
    limit = max(1, session.node.settings.max_parallel)
    with selectors.DefaultSelector() as selector:
        while waiting or running:
            while waiting and len(running) < limit:
                service = waiting.pop(0)
                reader = _fork(session, service, act, running)
                names[reader] = str(service.path)
                selector.register(reader, selectors.EVENT_READ)
            for key, _ in selector.select():
                event = _receive(key.fd)
                if event is not None:
                    show(event)
                    continue
                selector.unregister(key.fd)
                code = os.waitstatus_to_exitcode(os.waitpid(running[key.fd], 0)[1])
                codes[names[key.fd]] = code if code >= 0 else 1
                del running[key.fd]
                os.close(key.fd)
    return codes


def _fork(session: Session, service: Service, act: Act, running: dict[int, int]) -> int:
    """Begin with a service in a child; the pipe on which it tells its events. `running` has the children by their pipes."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    sys.stdout.flush()
    # a signal between the fork and the note of the child would miss it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    pid = os.fork()
    if pid:
        running[reader] = pid
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(writer)
        return reader
    code = 1
    try:
        # A terminal's ^C reaches all of us; the parent passes it on. No SIG_IGN: the commands of the action would inherit it.
        signal.signal(signal.SIGINT, _leave_to_parent)
        signal.signal(signal.SIGTERM, _interrupt)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for descriptor in (reader, *running):
            os.close(descriptor)
        code = _code(session, service, act, lambda event: _send(writer, event))
    except KeyboardInterrupt:
        code = ActionInterrupted.exit_code
    except Exception as error:  # noqa: BLE001 - a child that ends with a traceback tells nobody
        print(f"{session.program}: {service.path}: internal error: {type(error).__name__}: {error}", file=session.stderr, flush=True)
    finally:
        os._exit(code)


def _send(writer: int, event: Event) -> None:
    import pickle  # noqa: PLC0415 - only several services need it

    data = pickle.dumps(event)
    data = len(data).to_bytes(4, "big") + data
    try:
        while data:
            data = data[os.write(writer, data) :]
    except BrokenPipeError:
        return  # the parent was killed: the action goes on, its log has the event


def _receive(reader: int) -> Event | None:
    """The next event of a child of ours; None at the end of its messages."""
    import pickle  # noqa: PLC0415 - only several services need it

    length = _read(reader, 4)
    event: Event | None = pickle.loads(_read(reader, int.from_bytes(length, "big"))) if length else None
    return event


def _read(reader: int, length: int) -> bytes:
    data = b""
    while len(data) < length:
        chunk = os.read(reader, length - len(data))
        if not chunk:
            return b""
        data += chunk
    return data


def _drop(stream: TextIO) -> None:
    """Send what is still to be written nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), stream.fileno())


def _handle(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in _SIGNALS:
        signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Interrupt the action once: a second ^C would leave what the first one takes back half done."""
    _handle(_leave_to_parent)
    raise KeyboardInterrupt


def _leave_to_parent(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: somebody else sees to it."""
