"""The application: from a request of HTTP to a call, and from what came of it to an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from opensvc_core.api import ActionFailed, ActionRefused, ConfigError, LockTimeout, NoSuchObject, OpensvcError, UsageError
from opensvc_daemon.listener import calls
from opensvc_daemon.listener.answering import Answering
from opensvc_daemon.listener.api import ROUTES, Api
from opensvc_daemon.listener.calls import Call, Lines, Log, Passed, Text
from opensvc_daemon.listener.identity import Identities
from opensvc_daemon.listener.peers import PASSED_ON, Peers
from opensvc_daemon.listener.pieces import pieces
from opensvc_daemon.listener.rights import Caller, Forbidden, Right, Who
from opensvc_daemon.listener.routes import BadMethod, Route, find, read_values
from opensvc_daemon.listener.served import Elsewhere
from opensvc_daemon.listener.turn import Turn

BODY_SECONDS: Final = 20.0
STREAMS: Final = 64
# What h11 limits is a head that is not complete yet; one that came at once is looked at here.
LARGEST_HEAD: Final = 16384


class TooLarge(OpensvcError):
    """The body has more bytes than the route takes."""


class LongHead(OpensvcError):
    """Path and headers have more bytes than is taken."""


class TooSlow(OpensvcError):
    """The body did not come in time."""


class Unauthorized(OpensvcError):
    """Nobody is known who calls, and a stranger may not."""


class Crowded(OpensvcError):
    """More is asked for than is served at once."""


# The first that fits counts.
CODES: Final[tuple[tuple[type[OpensvcError], int], ...]] = (
    (Unauthorized, 401),
    (BadMethod, 405),
    (TooSlow, 408),
    (TooLarge, 413),
    (LongHead, 431),
    (Crowded, 503),
    (UsageError, 400),
    (NoSuchObject, 404),
    (ConfigError, 422),
    (LockTimeout, 423),
    (ActionRefused, 409),
    (ActionFailed, 502),
    (Elsewhere, 502),
)


class App:
    """The API, as a connection calls it with each of its turns."""

    def __init__(self, api: Api, identities: Identities, peers: Peers, log: Log) -> None:
        self._api, self._identities, self._peers, self._log = api, identities, peers, log
        self._streams, self._told = 0, _Quota()

    async def __call__(self, turn: Turn) -> None:
        """Serve one request. Raises ConnectionError and TimeoutError where not even an error could be told."""
        request = calls.call_id(turn.head.headers.get("x-request-id", ""))
        answering = Answering(turn, request)
        try:
            await self._serve(turn, request, answering)
        except OpensvcError as error:
            await answering.refuse(_code(error), str(error))
        except (ConnectionError, TimeoutError):
            answering.cut()
        except Exception as error:  # noqa: BLE001 - the one catch-all of a call: it must not end the monitor
            self._log("error", f"{turn.head.method} {turn.head.path[:200]}: {type(error).__name__}: {error}", request=request)
            await answering.refuse(500, f"an error of the daemon, which its log tells under {request}")

    async def _serve(self, turn: Turn, request: str, answering: Answering) -> None:
        method, path, query, headers, size, connection = turn.head
        who = self._identities.who(connection, headers.get("authorization", ""))
        what = f"{method} {path[:200]} by {who}"
        try:
            if size > LARGEST_HEAD:
                raise LongHead(f"the head of the call has more than the {LARGEST_HEAD} bytes that are taken")
            route, texts = find(ROUTES, method, path)
            if not who.may(route.right):
                raise _refusal(who, route)
            body = await _body(turn, route.largest)
            values = read_values(route, texts, query, body)
            target = f"{path}?{query}" if query else path
            call = Call(request, who, values, PASSED_ON in headers, connection.address, target, body)
            answer = await self._do(route, call)
        except OpensvcError as error:
            if method != "GET" or isinstance(error, Unauthorized | Forbidden):
                self._tell("warning", f"{what}: {error}", request)
            raise
        if method != "GET" and route.right is not Right.JOIN:  # a stranger's first step is no news
            self._log("info", f"{what}: done", request=request)
        await self._answer(route, who, answer, answering)

    async def _do(self, route: Route, call: Call) -> Any:
        other = call.values.get("node", "") if route.may_pass else ""
        if other and other != self._api.node.name:
            return await self._pass_on(route, call, (other,))
        try:
            return await route.do(self._api, call)
        except Elsewhere as error:
            return await self._pass_on(route, call, error.nodes)

    async def _pass_on(self, route: Route, call: Call, nodes: Iterable[str]) -> Passed:
        """Hand a call to the first member that takes it; who gets it hands it to nobody."""
        if call.is_passed_on:
            raise ActionFailed(f"{self._api.node.name} was passed this call by another member, and would have to pass it on")
        trouble = "no member takes it"
        for node in nodes:
            if node not in self._identities.members:
                raise NoSuchObject(f"{node!r} is no member of the cluster; members: {', '.join(self._identities.members)}")
            try:
                found = await self._peers.open(node, route.method, _without_node(call.target), call.body, request=call.id)
            except ActionFailed as error:
                trouble = str(error)
                continue
            return Passed(found.status, found.kind, found.chunks, found.close)
        raise ActionFailed(trouble)

    async def _answer(self, route: Route, who: Who, answer: Any, answering: Answering) -> None:
        if isinstance(answer, Text):
            await answering.whole(route.code, answer.kind, answer.text.encode())
        elif isinstance(answer, Lines | Passed):
            await self._stream(route, who, answer, answering)
        else:
            await answering.document(route.code, pieces(answer))

    async def _stream(self, route: Route, who: Who, answer: Lines | Passed, answering: Answering) -> None:
        source = answer.objects if isinstance(answer, Lines) else answer.chunks
        try:
            if self._streams >= STREAMS and who.caller not in (Caller.OWNER, Caller.NODE):
                raise Crowded(f"{STREAMS} streams are read already: try later")
            self._streams += 1
            try:
                if isinstance(answer, Passed):
                    await answering.begin(answer.status, answer.kind)
                else:
                    await answering.begin(route.code, route.kind)
                await answering.follow(source, is_lines=isinstance(answer, Lines))
            finally:
                self._streams -= 1
        finally:
            if isinstance(answer, Passed):
                answer.close()  # chunks that nobody has begun to read close nothing
            with suppress(Exception):
                await source.aclose()  # type: ignore[union-attr]  # both are generators

    def _tell(self, level: str, text: str, request: str) -> None:
        """Log what was refused, as long as it is little: a stranger must not fill the disk."""
        if self._told.has_room(time.monotonic()):
            self._log(level, text, request=request)


class _Quota:
    """20 lines a minute."""

    def __init__(self) -> None:
        self._begun, self._count = 0.0, 0

    def has_room(self, now: float) -> bool:
        if now - self._begun > 60:
            self._begun, self._count = now, 0
        self._count += 1
        return self._count <= 20


def _code(error: OpensvcError) -> int:
    if isinstance(error, Forbidden):
        return 403
    return next((code for kind, code in CODES if isinstance(error, kind)), 500)


def _refusal(who: Who, route: Route) -> OpensvcError:
    what = f"{route.method} {route.path}: to {route.right.value} is not for {who}"
    if who.caller in (Caller.STRANGER, Caller.FORMER):
        return Unauthorized(f"{what}; show a certificate of the cluster or a token")
    return Forbidden(f"{what}; do it as root, or by sudo" if who.caller is Caller.USER else what)


async def _body(turn: Turn, largest: int) -> bytes:
    told = turn.head.headers.get("content-length", "0")
    if told.isdigit() and int(told[:20]) > largest:
        raise TooLarge(f"the body has {told[:20]} bytes; {largest} are taken")
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while part := await turn.more():
                found += part
                if len(found) > largest:
                    raise TooLarge(f"the body has more than the {largest} bytes that are taken")
    except TimeoutError as error:
        raise TooSlow(f"the body did not come in {BODY_SECONDS:g} s") from error
    return bytes(found)


def _without_node(target: str) -> str:
    path, mark, query = target.partition("?")
    rest = "&".join(part for part in query.split("&") if not part.startswith("node=") and part)
    return f"{path}{mark}{rest}" if rest else path
