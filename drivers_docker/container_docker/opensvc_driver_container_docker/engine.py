"""The engine: a docker daemon behind its socket, asked without a library, because a status has no time for one."""

from __future__ import annotations

import json
import socket
import time
from typing import Final
from urllib.parse import quote

from opensvc_core.api import ActionFailed
from opensvc_driver_container_docker.answers import PATH_LABEL, Found, containers, reason, split

# Seconds that an answer may take, all of it.
PATIENCE: Final = 2.0
ACTION_PATIENCE: Final = 10.0
NOT_RUNNING: Final = "docker daemon is not running"


# What changes the status of a container; each check of its health tells of commands as well, which don't.
_EVENTS: Final = ("create", "start", "die", "pause", "unpause", "destroy", "rename", "health_status")


class NotRunningError(ActionFailed):
    """Nobody listens at the socket."""


class SilentError(ActionFailed):
    """Somebody listens, and gives no answer in time, or none that can be read."""


class Engine:
    """A docker daemon.

    Parameters: `path` is its socket.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def containers(self, label: str = "", *, patience: float = PATIENCE) -> list[Found]:
        """All containers, or those with our label of a service, running or not. Raises as `get`."""
        wanted = quote(json.dumps({"label": [f"{PATH_LABEL}={label}"]})) if label else ""
        code, body = self.get("/containers/json?all=1" + (f"&filters={wanted}" if label else ""), patience=patience)
        try:
            if code != 200:
                raise SilentError(f"docker daemon refuses to list its containers: {reason(body)}")
            return containers(body)
        except ValueError as error:
            raise SilentError(f"docker daemon at {self.path}: {error}") from error

    def image_tags(self, image: str) -> tuple[str, list[str]] | None:
        """The number and the tags of an image that is there; None where it is not."""
        code, body = self.get(f"/images/{quote(image)}/json", patience=ACTION_PATIENCE)
        if code != 200:
            return None
        found = json.loads(body)
        return found["Id"], found.get("RepoTags") or []

    def group_manager(self) -> str:
        """Who makes the control groups: `cgroupfs`, which is the daemon itself, or `systemd`."""
        code, body = self.get("/info", patience=ACTION_PATIENCE)
        return str(json.loads(body).get("CgroupDriver") or "nobody") if code == 200 else "nobody"

    def start_error(self, container: str) -> str:
        """Why the last start of a container failed, as the daemon noted it."""
        code, body = self.get(f"/containers/{quote(container)}/json", patience=ACTION_PATIENCE)
        return " ".join(str(json.loads(body)["State"].get("Error") or "").split()) if code == 200 else ""

    def get(self, path: str, *, patience: float = PATIENCE) -> tuple[int, bytes]:
        """Ask; the code and the body of the answer. Raises NotRunningError, SilentError, PermissionError."""
        end = time.monotonic() + patience
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(patience)
                connection.connect(self.path)
                # 1.0: one answer, as it is, and the end of the connection
                connection.sendall(f"GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
                return split(_whole(connection, end))
        except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError) as error:
            raise NotRunningError(NOT_RUNNING) from error
        # a full backlog of a daemon that accepts nobody is EAGAIN
        except (TimeoutError, BlockingIOError) as error:
            raise SilentError(f"docker daemon does not answer ({patience:g}s): {self.path}") from error
        except ValueError as error:
            raise SilentError(f"docker daemon at {self.path}: {error}") from error


def events(label: str, container: str = "") -> str:
    """Where a daemon tells, without end, what happens to the containers with our label of a service, or to the container of a number."""
    which = {"container": [container]} if container else {"label": [f"{PATH_LABEL}={label}"]}
    wanted = json.dumps({"type": ["container"], "event": list(_EVENTS), **which})
    return f"/events?since={{since}}&filters={quote(wanted)}"


def _whole(connection: socket.socket, end: float) -> bytes:
    """All that comes until the other side closes."""
    parts: list[bytes] = []
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        if not (part := connection.recv(1 << 20)):
            return b"".join(parts)
        parts.append(part)
