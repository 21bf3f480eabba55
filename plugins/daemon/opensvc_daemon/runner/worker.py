"""The worker: a child that looks at one service after another, and tells what it has seen."""

from __future__ import annotations

import gc
import json
import mmap
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from opensvc_core.api import DataAtStake, Look, Node, NoSuchObject, OpensvcError, Watch, Watchable, scheduled, status_json
from opensvc_daemon.channel import Channel
from opensvc_daemon.clock import now
from opensvc_daemon.runner.crew import Work
from opensvc_daemon.runner.learning import new_modules

# Gives the node as its files are now, with the plugins of a registry that is there already.
MakeNode = Callable[..., Node]
_PAGE: Final = 4096
# Seconds for what is not a look at a resource: the files of the service, plugins that are told of a change.
READING: Final = 10.0


class Progress:
    """What a worker is at, where the runner can see it without being woken: a rid, since when, and how long that may take."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _PAGE)

    def note(self, rid: str, limit: float) -> None:
        """It begins with this resource."""
        self._memory[:] = json.dumps([rid, limit, now()]).encode()[:_PAGE].ljust(_PAGE, b"\0")

    def read(self) -> tuple[str, float, float] | None:
        """The rid, the limit and the moment of the beginning; None while it is being written."""
        try:
            rid, limit, since = json.loads(bytes(self._memory).rstrip(b"\0"))
        except ValueError:
            return None
        return rid, limit, since


class Worker:
    """What it keeps between two services: what one round of looks has in common."""

    def __init__(self, make_node: MakeNode, progress: Progress) -> None:
        self._make_node, self._progress = make_node, progress
        self._node, self._installed = make_node(), _installed()
        self._round, self._shared = -1, dict[str, Any]()
        self._node.registry.hooks()  # actions need the plugins

    def answer(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """What was asked for; nothing of a service that has no file."""
        if order["round"] != self._round:
            self._round, self._shared, self._node = order["round"], {}, self._renewed()
        began = now()
        answer: dict[str, Any] = {"service": order["service"], "began": began}
        try:
            return answer | (self._schedule(order["service"]) if order["do"] == "schedule" else self._look(order["service"]))
        except NoSuchObject:
            return answer | {"tell": None}
        except (OpensvcError, OSError) as error:
            return answer | _untold(order["do"], " ".join(str(error).split()))
        except Exception as error:  # noqa: BLE001 - a driver's mistake is a matter of its service
            return answer | _untold(order["do"], f"{type(error).__name__}: {error}")

    def _renewed(self) -> Node:
        """The node as its files are now; the plugins that are loaded stay, unless others are installed, or one of them has failed."""
        installed, registry = _installed(), self._node.registry
        is_same = installed == self._installed and not registry.failures()
        self._installed = installed
        return self._make_node(registry=registry if is_same else None)

    def _look(self, name: str) -> dict[str, Any]:
        service = self._node.service(name)
        look = service.look(shared=self._shared, beginning=self._begin)
        self._progress.note("", READING)
        service.tell_status(look.status)
        return {"tell": "status", "status": told(look)}

    def _begin(self, part: Any) -> None:
        limit = READING
        with suppress(Exception):  # its status tells what is wrong with it
            limit = part.resource.look_limit()
        self._progress.note(part.rid, limit)

    def _schedule(self, name: str) -> dict[str, Any]:
        rows = scheduled(self._node.service(name).instance(), self._node.clock.now(), is_waited_for=True)
        return {
            "tell": "schedule",
            "rows": [{"action": row.action, "rid": row.rid, "next": row.next_run, "last": row.last_run} for row in rows],
        }


def _installed() -> tuple[int, ...]:
    """What changes when a distribution comes or goes: when something was last made or removed in the folders of modules."""
    return tuple(map(_changed_at, sys.path))


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns  # noqa: PTH116 - as it stands in sys.path
    except OSError:
        return 0


def _untold(do: str, why: str) -> dict[str, Any]:
    return {"tell": "schedule", "rows": [], "why": why} if do == "schedule" else {"tell": "status", "status": None, "why": why}


def told(look: Look) -> dict[str, Any]:
    """What `print status --format json` shows, and what the daemon goes by: how each resource is treated, and what to wait on."""
    data = status_json(look.status)
    for part in look.instance.parts:
        policy = part.policy
        data["resources"][part.rid] |= {
            "restart": policy.restart,
            "restart_delay": policy.restart_delay,
            "monitor": policy.monitor,
            "standby": part.is_standby,
            "disable": part.is_disabled,
            "optional": part.is_optional,
            "watches": [] if part.is_disabled or part.policy.encap else [list(watch) for watch in _watches(part.resource)],
        }
    data["data_at_stake"] = any(isinstance(part.resource, DataAtStake) for part in look.instance.parts)
    data["constraints"] = look.instance.keywords.constraints
    return data


def _watches(resource: object) -> Iterator[Watch]:
    try:
        yield from resource.watches() if isinstance(resource, Watchable) else ()
    except Exception:  # noqa: BLE001 - its status tells what is wrong with it
        return


def working(make_node: MakeNode, progress: Progress) -> Work:
    """What a worker does until the runner closes its channel."""

    def work(channel: Channel) -> int:
        gc.enable()
        worker, known = Worker(make_node, progress), set(sys.modules)
        while (order := channel.receive()) is not None:
            progress.note("", float(order["limit"]))
            answer = worker.answer(order)
            if fresh := new_modules(known):
                known |= set(fresh)
                answer["modules"] = fresh
            _send(channel, answer)
        return 0

    return work


def _send(channel: Channel, answer: Mapping[str, Any]) -> None:
    try:
        channel.send(answer)
    except UnicodeEncodeError:  # the name of a file that is no text
        channel.send(json.loads(json.dumps(answer, ensure_ascii=False).encode(errors="backslashreplace")))
