"""Asking an arbitrator: for its vote, and for leases. Only an answer that is proven by the cluster's secret counts, and in time."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from opensvc_daemon.guards.arbitrators import ArbitratorPlace
from opensvc_daemon.guards.lines import read_answer, written_membership, written_release, written_request
from opensvc_daemon.guards.sealed import LONGEST, NONCE_BYTES, Unproven, Way, opened, sealed
from opensvc_daemon.lease.messages import Answer, Epoch, Release, Request

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from opensvc_daemon.lease.membership import Membership

_GREETING: Final = 4096


class Said(NamedTuple):
    """What an arbitrator says: the epoch of the voters that it knows, its answers to the requests, and why it did not learn a list."""

    epoch: Epoch
    answers: tuple[Answer, ...] = ()
    why: str = ""


async def vote(place: ArbitratorPlace, node: str, executor: Executor | None = None) -> bool:
    """Whether an arbitrator gives its vote to this node now; never raises, and takes no longer than its `timeout`.

    `executor`: whose thread asks; a name that can't be resolved may hold it for much longer.
    """
    import asyncio  # noqa: PLC0415 - who only asks for leases spares it

    try:
        async with asyncio.timeout(place.timeout):
            await asyncio.get_running_loop().run_in_executor(executor, consult, place, node)
    except (OSError, TimeoutError):
        return False
    return True


def consult(
    place: ArbitratorPlace,
    node: str,
    *,
    requests: Sequence[Request] = (),
    releases: Sequence[Release] = (),
    membership: Membership | None = None,
) -> Said:
    """Ask, and wait for the answer, at most `place.timeout` (a name that has to be resolved may take longer: better an address).

    A list of voters is learned before the rest. Raises OSError: no answer that counts, with the reason.
    """
    if place.finding or place.secret is None:
        raise OSError(place.finding or f"{place.name}: there is no secret")
    nonce = os.urandom(NONCE_BYTES).hex()
    question: dict[str, Any] = {"to": place.name, "from": node, "nonce": nonce}
    if membership is not None:
        question["know"] = written_membership(membership)
    question |= {"ask": [*map(written_request, requests)], "release": [*map(written_release, releases)]}
    end = time.monotonic() + place.timeout
    speak = _over_https if place.scheme == "https" else _over_tcp
    try:
        return _read(place, nonce, speak(place, question, end))
    except (Unproven, ValueError) as error:
        raise OSError(f"{place.name} at {place.uri}: {error}") from error


def _read(place: ArbitratorPlace, nonce: str, line: bytes) -> Said:
    assert place.secret is not None
    body, _ = opened((place.secret,), Way.ANSWER, line)
    match body:
        case {
            "voter": place.name,
            "nonce": said,
            "epoch": [int() as number, str() as digest],
            "answers": list() as answers,
            "why": str() as why,
        }:
            if said != nonce:
                raise Unproven("it is the answer to another question")
            found = tuple(map(read_answer, answers))
            if any(answer.voter != place.name for answer in found):
                raise Unproven("it answers in another's name")
            return Said(Epoch(number, digest), found, why)
    raise Unproven(f"it is no answer of an arbitrator named {place.name}")


def _sealed(place: ArbitratorPlace, question: dict[str, Any], greeting: bytes) -> bytes:
    """The question with the word that the arbitrator gave for it, so that it is of use once."""
    import json  # noqa: PLC0415 - loaded by what seals

    assert place.secret is not None
    try:
        word = json.loads(greeting)["word"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unproven("it does not greet as an arbitrator does") from error
    return sealed(place.secret, Way.QUESTION, {**question, "word": word})


def _over_tcp(place: ArbitratorPlace, question: dict[str, Any], end: float) -> bytes:
    with socket.create_connection((place.host, place.port), _left(end)) as connection:
        greeting, rest = _line(connection, b"", end, _GREETING)
        connection.settimeout(_left(end))
        connection.sendall(_sealed(place, question, greeting))
        return _line(connection, rest, end, LONGEST)[0]


def _line(connection: socket.socket, rest: bytes, end: float, longest: int) -> tuple[bytes, bytes]:
    """The next line, and what came after it."""
    data = bytearray(rest)
    while b"\n" not in data:
        if len(data) > longest:
            raise Unproven("it sends lines without an end")
        connection.settimeout(_left(end))
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("it closed the connection")
        data += more
    line, _, rest = bytes(data).partition(b"\n")
    return line, rest


def _over_https(place: ArbitratorPlace, question: dict[str, Any], end: float) -> bytes:
    import ssl  # noqa: PLC0415 - 20 ms, paid by who has such an arbitrator
    from http.client import HTTPException, HTTPSConnection  # noqa: PLC0415

    # The answer is proven by the secret, whoever carries it: a certificate adds nothing to that.
    context = ssl._create_unverified_context()
    connection = HTTPSConnection(place.host, place.port, timeout=_left(end), context=context)
    try:
        greeting = _exchanged(connection, "GET", place.path, None, end)
        return _exchanged(connection, "POST", place.path, _sealed(place, question, greeting), end)
    except HTTPException as error:
        raise Unproven(f"it speaks no HTTP that can be understood: {error}") from error
    finally:
        connection.close()


def _exchanged(connection: Any, method: str, path: str, body: bytes | None, end: float) -> bytes:
    if connection.sock is not None:
        connection.sock.settimeout(_left(end))
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    connection.sock.settimeout(_left(end))
    data = b""
    with connection.getresponse() as response:
        if response.status != 200:
            raise Unproven(f"it answers {response.status} {response.reason}")
        while len(data) <= LONGEST:
            if connection.sock is not None:  # it is handed to a response that is the last one
                connection.sock.settimeout(_left(end))
            more = response.read1(65536)
            if not more:
                return data
            data += more
    raise Unproven("it sends more than any answer has")


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("it did not answer in time")
    return left
