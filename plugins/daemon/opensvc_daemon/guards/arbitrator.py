"""An arbitrator: `python -m opensvc_daemon.guards.arbitrator`, for a third machine that is no member of the cluster.

It has a vote for each node that reaches it, and grants leases to one at a time. One process serves one cluster.
"""

from __future__ import annotations

import argparse
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseRequestHandler, StreamRequestHandler, ThreadingTCPServer
from typing import Any, Final

from opensvc_daemon.clock import now
from opensvc_daemon.guards.arbitrators import PORT
from opensvc_daemon.guards.greeting import Words
from opensvc_daemon.guards.sealed import LONGEST, Unproven, Way, opened, sealed
from opensvc_daemon.guards.voter import Voter
from opensvc_daemon.heartbeat.keyring import Secret
from opensvc_daemon.lease.terms import LeaseTerms

# Seconds for a whole conversation, and how many at once: strangers cost no more than that.
PATIENCE: Final = 2.0
CROWD: Final = 64


class Desk:
    """Where questions are answered: one at a time, each proven, each once.

    Parameters:
        secrets: the cluster's; a second one while it is replaced.
    """

    def __init__(self, voter: Voter, secrets: Sequence[Secret], clock: Callable[[], float] = now) -> None:
        self._voter, self._secrets, self._words = voter, tuple(secrets), Words(clock)
        self._lock = threading.Lock()

    def greeting(self) -> bytes:
        """A line with the word for a question."""
        return b'{"word":"%s"}\n' % self._words.give().encode()

    def answer(self, line: bytes) -> bytes:
        """The sealed answer to a sealed question. Raises Unproven for anything else, which changes nothing."""
        question, secret = opened(self._secrets, Way.QUESTION, line)
        if question.get("to") != self._voter.name or not self._words.take(question.get("word")):
            raise Unproven("it is for another arbitrator, or was asked before")
        try:
            with self._lock:
                body = self._voter.answer(question)
        except (ValueError, TypeError) as error:
            raise Unproven(f"it can't be understood: {error}") from error
        return sealed(secret, Way.ANSWER, {**body, "nonce": question.get("nonce")})


class _Server(ThreadingTCPServer):
    """Accepts a crowd and no more; who comes later waits in the kernel's queue. `context`: with TLS."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = CROWD

    def __init__(self, place: tuple[str, int], handler: type[BaseRequestHandler], desk: Desk, context: ssl.SSLContext | None) -> None:
        self.desk, self._context, self._crowd = desk, context, threading.BoundedSemaphore(CROWD)
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        super().__init__(place, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own, when there is room."""
        self._crowd.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._crowd.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The conversation; one that takes too long is cut."""
        timer = threading.Timer(PATIENCE, _cut, (request,))
        timer.daemon = True
        timer.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            timer.cancel()
            self._crowd.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """TLS is spoken here, in the thread: a stranger who is slow at it keeps nobody waiting."""
        if self._context is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(PATIENCE)
        with self._context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whatever a stranger does is told in a line."""
        print(f"{client_address[0]}: {sys.exc_info()[1]}", file=sys.stderr, flush=True)


def _cut(request: socket.socket) -> None:
    try:
        request.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself


class _Lines(StreamRequestHandler):
    """A greeting, a question, an answer."""

    timeout = PATIENCE
    server: _Server

    def handle(self) -> None:
        """One conversation."""
        self.wfile.write(self.server.desk.greeting())
        line = self.rfile.readline(LONGEST + 1)
        if line:
            self.wfile.write(self.server.desk.answer(line))


class _Https(BaseHTTPRequestHandler):
    """The same by HTTP: GET greets, POST asks."""

    timeout = PATIENCE
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """A greeting."""
        self._say(200, self.server.desk.greeting())

    def do_POST(self) -> None:
        """An answer."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST:
            self.close_connection = True
            self._say(413, b"too long\n")
            return
        try:
            self._say(200, self.server.desk.answer(self.rfile.read(int(length))))
        except Unproven as error:
            self.close_connection = True
            self._say(403, f"{error}\n".encode())

    def log_message(self, *_values: Any) -> None:
        """Only what goes wrong is told."""

    def _say(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM. 0: ended in order; 1: it could not begin, with the reason."""
    arguments = _parsed(argv)
    try:
        server = _server(arguments)
    except (OSError, ValueError) as error:
        print(f"arbitrator {arguments.name}: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    with server:
        host, port, *_ = server.server_address
        print(f"arbitrator {arguments.name} listens on {host!s}:{port}", flush=True)
        server.serve_forever(poll_interval=0.2)
    return 0


def _server(arguments: argparse.Namespace) -> _Server:
    terms = LeaseTerms(drift=arguments.drift)
    terms.check()
    secrets = [Secret.of_text(line) for line in arguments.secret_file.read_text().split()]
    if not secrets:
        raise ValueError(f"{arguments.secret_file} is empty: it holds the cluster's secret, and a second line while that is replaced")
    arguments.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    desk = Desk(Voter(arguments.name, arguments.state / "voters.json", terms, now), secrets)
    context = None
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)
    return _Server((arguments.listen, arguments.port), _Https if context else _Lines, desk, context)


def _parsed(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m opensvc_daemon.guards.arbitrator", description=__doc__)
    parser.add_argument(
        "--name", required=True, help="the name in [arbitrator#NAME] of the cluster; never that of one whose state was lost"
    )
    parser.add_argument("--secret-file", required=True, type=Path, help="a file with the cluster's secret, readable by nobody else")
    parser.add_argument("--state", required=True, type=Path, help="a folder for the list of voters, which outlives a restart")
    parser.add_argument("--listen", default="0.0.0.0", help="the address (default: all of IPv4; :: for IPv6)")
    parser.add_argument("--port", type=int, default=PORT, help="the port (default: %(default)s; 0: any)")
    parser.add_argument("--drift", type=float, default=LeaseTerms().drift, help="lease_drift of the cluster (default: %(default)s)")
    parser.add_argument("--certificate", type=Path, help="speak HTTPS with this certificate, a file in PEM")
    parser.add_argument("--key", type=Path, help="its key; default: in the same file")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
