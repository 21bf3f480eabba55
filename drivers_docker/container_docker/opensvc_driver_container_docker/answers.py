"""Answers of a docker daemon, and what they mean for a container. Pure: text comes in, values go out.

The interface is that of https://docs.docker.com/reference/api/engine/ from 1.24 on; podman's socket speaks it as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from opensvc_core.api import Message, Observation, Status

# The labels by which a container of ours is known.
PATH_LABEL: Final = "com.opensvc.path"
RID_LABEL: Final = "com.opensvc.rid"
DEFINITION_LABEL: Final = "com.opensvc.definition"
# States in which processes of the container are there.
ALIVE: Final = frozenset({"running", "paused", "restarting"})
_ID: Final = re.compile(r"(sha256:)?([0-9a-f]{12,64})")


class Found(NamedTuple):
    """A container, as the list of a daemon shows it: `note` is what `docker ps` shows as its status."""

    id: str
    name: str
    image: str
    image_id: str
    state: str
    note: str
    labels: Mapping[str, str]

    @property
    def is_alive(self) -> bool:
        """It has processes."""
        return self.state in ALIVE

    @property
    def rid(self) -> str:
        """The resource that it belongs to, by its label, or by a name as the agent gives it; else empty."""
        before, mark, index = self.name.rpartition(".container.")
        return self.labels.get(RID_LABEL) or (f"container#{index}" if before and mark else "")

    @property
    def label(self) -> str:
        """`e9828ec4620a@registry:latest`."""
        return f"{self.id[:12]}@{short(self.image)}"


def split(answer: bytes) -> tuple[int, bytes]:
    """The code and the body of an answer in HTTP/1.0. Raises ValueError for what is none, or is cut off."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    first = re.match(rb"HTTP/1\.[01] ([0-9]{3})\b", head)
    if not first or not separator:
        raise ValueError("the answer is no HTTP")
    length = re.search(rb"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
    if length and len(body) < int(length[1]):
        raise ValueError(f"the answer ends after {len(body)} of {int(length[1])} bytes")
    return int(first[1]), body


def containers(body: bytes) -> list[Found]:
    """The containers of `GET /containers/json`. Raises ValueError for what is no such list."""
    try:
        return [_found(one) for one in json.loads(body)]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the list of containers can't be read: {error!r}") from error


def reason(body: bytes) -> str:
    """Why the daemon refused, as it says itself."""
    try:
        return " ".join(str(json.loads(body)["message"]).split())
    except (ValueError, KeyError, TypeError):
        return " ".join(body.decode(errors="replace").split()) or "no reason given"


def pick(found: Iterable[Found], *, path: str, rid: str, name: str, is_private: bool) -> Found | None:
    """The container of a resource: the one that has our labels, else, in a daemon of the service's own, the one of that name.

    An older agent gave no labels. In the host's daemon a container without them may be anybody's.
    """
    mine = [one for one in found if one.labels.get(RID_LABEL) == rid and one.labels.get(PATH_LABEL) == path]
    named = [one for one in found if one.name == name and is_private and RID_LABEL not in one.labels]
    return min([*mine, *named], key=lambda one: one.name != name, default=None)


def observed(found: Found) -> Observation:
    """What a container's state means."""
    if found.state == "running":
        return _health(found.note)
    if found.state == "exited":
        code = re.search(r"\(([0-9]+)\)", found.note)
        return Status.DOWN.because(f"exited, code {code[1] if code else 'unknown'}", level="info")
    status, text = _STATES.get(found.state, (Status.WARN, f"in a state that is not known here: {found.state}"))
    return Observation(status, (Message("info" if status is Status.DOWN else "warn", text),))


def is_id(image: str) -> bool:
    """The image is named by its number, which no registry can be asked for."""
    return bool(_ID.fullmatch(image)) and "/" not in image


def tagged(image: str, tags: Iterable[str]) -> str:
    """An image as `repository:tag`: a number by the first tag that it has, a name without a tag by `latest`."""
    if is_id(image):
        return next(iter(tags), image)
    return image if "@" in image or ":" in image.rpartition("/")[2] else f"{image}:latest"


def short(image: str) -> str:
    """An image as it is shown: a long number cut to 12 digits."""
    found = _ID.fullmatch(image)
    return found[2][:12] if found else image


_STATES: Final[Mapping[str, tuple[Status, str]]] = {
    # what a container is after a power cut, too
    "created": (Status.DOWN, "created, not running"),
    "paused": (Status.WARN, "paused; 'docker unpause' lets it go on"),
    "restarting": (Status.WARN, "restarting: it ends again and again"),
    "removing": (Status.DOWN, "being removed"),
    "dead": (Status.WARN, "dead: it could not be removed completely"),
}


def _health(note: str) -> Observation:
    if "(unhealthy)" in note:
        return Status.WARN.because("unhealthy: its health check fails")
    if "(health: starting)" in note:
        return Status.UP.because("its health check has not passed yet", level="info")
    return Observation(Status.UP)


def _found(one: Mapping[str, Any]) -> Found:
    names = [name.removeprefix("/") for name in one.get("Names") or []]
    # links give a container further names, `other/alias`
    name = next((name for name in names if "/" not in name), "")
    return Found(one["Id"], name, one["Image"], one.get("ImageID", ""), one["State"], one.get("Status", ""), one.get("Labels") or {})
