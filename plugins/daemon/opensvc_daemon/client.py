"""The client of this node's daemon: the API over its unix socket, for commands, to whose time it adds little.

The calls are HTTP/1.0: each has a connection of its own and the answer ends with it, so no more of HTTP is needed than its first lines.
`http.client` would cost every command 15 ms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from opensvc_core.errors import ActionFailed, ActionRefused, ConfigError, LockTimeout, NoSuchObject, OpensvcError, UsageError

if TYPE_CHECKING:
    from pathlib import Path
    from socket import socket

_CONNECT: Final = 0.2
_LARGEST: Final = 64 * 1024 * 1024
_LONGEST_HEAD: Final = 65536
# What an answer's code means in the tree of exceptions; the server makes them in the same way.
KINDS: Final[Mapping[int, type[OpensvcError]]] = {
    400: UsageError,
    401: ActionRefused,
    403: ActionRefused,
    404: NoSuchObject,
    409: ActionRefused,
    422: ConfigError,
    423: LockTimeout,
    502: ActionFailed,
}
Parameter: TypeAlias = str | int | float | bool | Sequence[str] | None


class NoDaemon(OpensvcError):
    """No daemon answers on this node."""


class Client:
    """The daemon whose `api.sock` is in the folder `run`; it connects at each call.

    Parameters: `timeout`: seconds in which an answer has to go on; a wait that a call asks for (`wait=`) comes on top.
    """

    def __init__(self, run: Path, *, timeout: float = 30.0) -> None:
        self._path, self._timeout = run / "api.sock", timeout
        self._streams: list[socket] = []
        self._closed: list[socket] = []

    def get(self, path: str, **parameters: Parameter) -> Any:
        """The JSON of an answer; of one that is no JSON its text. Raises NoDaemon, and what the daemon refuses as the core would."""
        return self._call("GET", path, parameters, None)

    def post(self, path: str, body: Mapping[str, Any] | None = None, **parameters: Parameter) -> Any:
        """Ask for something; the JSON of the answer. Raises as `get` does."""
        return self._call("POST", path, parameters, body or {})

    def put(self, path: str, body: Mapping[str, Any], **parameters: Parameter) -> Any:
        """Put a text in its place; the JSON of the answer. Raises as `get` does."""
        return self._call("PUT", path, parameters, body)

    def stream(self, path: str, **parameters: Parameter) -> Iterator[dict[str, Any]]:
        """The JSON objects of an answer, a line each, as they come; ends with the connection. Raises as `get` does."""
        import json  # noqa: PLC0415 - 3 ms, which a command spares that finds no daemon

        sock = self._connect()
        self._streams.append(sock)
        try:
            sock.settimeout(self._timeout)
            self._send(sock, "GET", path, parameters, None)
            with sock.makefile("rb") as file:
                status, _ = _head(file)
                if status >= 300:
                    raise _refusal(status, file.read(_LARGEST))
                for line in file:
                    if line.strip() and line.endswith(b"\n"):
                        yield json.loads(line)
        except (OSError, ValueError) as error:
            if sock.fileno() >= 0 and sock not in self._closed:
                raise NoDaemon(f"the daemon's stream was cut: {error}") from error
        finally:
            sock.close()
            self._streams.remove(sock)
            self._closed = [one for one in self._closed if one is not sock]

    def close(self) -> None:
        """End the streams, from any thread."""
        from contextlib import suppress  # noqa: PLC0415 - as above

        for sock in list(self._streams):
            self._closed.append(sock)  # whatever it waits for, also the beginning of the answer
            with suppress(OSError):
                sock.shutdown(2)  # SHUT_RDWR: who reads from it finds its end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, method: str, path: str, parameters: Mapping[str, Parameter], body: Mapping[str, Any] | None) -> Any:
        waits = parameters.get("wait")
        with self._connect() as sock:
            sock.settimeout(self._timeout + (float(waits) if isinstance(waits, int | float) else 0.0))
            try:
                self._send(sock, method, path, parameters, body)
                with sock.makefile("rb") as file:
                    status, kind = _head(file)
                    data = file.read(_LARGEST)
            except (OSError, ValueError) as error:
                raise NoDaemon(f"the daemon did not answer {method} {path}: {error or type(error).__name__}") from error
        if status >= 300:
            raise _refusal(status, data)
        return _read(data, kind, f"{method} {path}")

    def _connect(self) -> socket:
        import socket  # noqa: PLC0415 - as above

        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(_CONNECT)
        try:
            sock.connect(str(self._path))
        except OSError as error:
            sock.close()
            why = "it is not running" if isinstance(error, FileNotFoundError | ConnectionRefusedError) else error.strerror or "no answer"
            raise NoDaemon(f"no daemon answers at {self._path}: {why}; 'om daemon start' starts it") from error
        return sock

    def _send(self, sock: socket, method: str, path: str, parameters: Mapping[str, Parameter], body: Mapping[str, Any] | None) -> None:
        data = b""
        if body is not None:
            import json  # noqa: PLC0415 - as above

            data = json.dumps(body).encode()
        about = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n" if body is not None else ""
        sock.sendall(f"{method} {path}{_query(parameters)} HTTP/1.0\r\nHost: localhost\r\n{about}\r\n".encode() + data)


def _query(parameters: Mapping[str, Parameter]) -> str:
    given = {name: value for name, value in parameters.items() if value is not None and value != ()}
    if not given:
        return ""
    from urllib.parse import urlencode  # noqa: PLC0415 - as above

    return "?" + urlencode({name: _text(value) for name, value in given.items()})


def _text(value: Parameter) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ",".join(value or ())


def _head(file: Any) -> tuple[int, str]:
    """Code and type of an answer. Raises ValueError for what is none."""
    first = file.readline(_LONGEST_HEAD)
    if not first.startswith(b"HTTP/1."):
        raise ValueError("the connection was closed" if not first else "that is no answer of a daemon")
    kind = ""
    while (line := file.readline(_LONGEST_HEAD)).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-type":
            kind = value.strip().decode("latin-1")
    return int(first.split()[1]), kind


def _refusal(status: int, data: bytes) -> OpensvcError:
    import json  # noqa: PLC0415 - as above

    try:
        text = str(json.loads(data)["error"])
    except (ValueError, KeyError, TypeError):
        text = f"the daemon answered {status}"
    return KINDS.get(status, OpensvcError)(text)


def _read(data: bytes, kind: str, what: str) -> Any:
    if not kind.startswith("application/json"):
        return data.decode(errors="replace")
    import json  # noqa: PLC0415 - as above

    try:
        return json.loads(data) if data else {}
    except ValueError as error:
        raise NoDaemon(f"the daemon's answer to {what} was cut") from error
