"""The sequence of a start as it happens: a service is started below a folder, and the calls from module to module are written down."""

from __future__ import annotations

import inspect
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, Final, NamedTuple

from opensvc_core import Node
from opensvc_core.instance.request import Request
from pages.installed import NotInstalled

# What is shown of all that happens; each has to happen, and stands where it does.
_SHOWN: Final = (
    "instance.conduct.perform",
    "instance.store.Store.read",
    "instance.build.Builder.parts",
    "registry.Registry.driver",
    "instance.manager.refuse_past_manager",
    "system.locks.InstanceLock.acquire",
    "instance.surroundings.Surroundings.refuse_by_plugins",
    "instance.performer.Performer.perform",
    "plan.selection.select",
    "plan.ordering.start_order",
    "plan.ordering.stages",
    "instance.conflicts.Conflicts.look",
    "instance.walk.Walk.follow",
    "opensvc_driver_fs_flag.driver.Flag.start",
    "instance.executors.HostExecutor.execute",
    "instance.evaluate.observed",
    "opensvc_driver_fs_flag.driver.Flag.status",
    "instance.evaluate.Evaluation.instance",
    "model.status.merge",
    "instance.surroundings.Surroundings.notify",
    "instance.state.State.keep_active",
    "system.locks.InstanceLock.release",
)
_SERVICE: Final = "[DEFAULT]\nnodes = n1\n\n[fs#1]\ntype = flag\n\n[fs#2]\ntype = flag\n"
_RESOURCES: Final = 2


class Call(NamedTuple):
    """A call from one module to another."""

    caller: str
    callee: str
    name: str
    is_repeated: bool

    @property
    def function(self) -> Callable[..., Any]:
        """What is called."""
        found: Any = import_module(_whole(self.callee))
        for part in self.name.split("."):
            found = inspect.getattr_static(found, part)
        called: Callable[..., Any] = getattr(found, "fget", None) or found
        return called


def calls() -> list[Call]:
    """The calls that are shown, in their order; repeated ones happen for each resource. Raises NotInstalled."""
    seen = _traced()
    found = dict[str, Call]()
    for caller, callee, name in seen:
        key = f"{callee}.{name}"
        if key in _SHOWN and key not in found:
            found[key] = Call(caller, callee, name, is_repeated=_times(seen, key) >= _RESOURCES)
    if missing := [key for key in _SHOWN if key not in found]:
        raise NotInstalled(f"docs/pages/start.py: in a start nothing calls {', '.join(missing)}")
    return list(found.values())


def _times(seen: list[tuple[str, str, str]], key: str) -> int:
    return sum(f"{callee}.{name}" == key for _, callee, name in seen)


def _traced() -> list[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        service = Node(Path(folder), nodename="n1").create("web", _SERVICE)
        # what is done at the first time alone, such as imports, is over then
        for action in ("start", "stop"):
            service.perform(Request(action), _unheard)
        found: list[tuple[str, str, str]] = []
        sys.setprofile(lambda frame, event, _: _note(frame, event, found))
        try:
            service.perform(Request("start"), _unheard)
        finally:
            sys.setprofile(None)
    return found


def _unheard(_event: object) -> None:
    """Nobody listens."""


def _note(frame: FrameType, event: str, found: list[tuple[str, str, str]]) -> None:
    callee = frame.f_globals.get("__name__", "")
    if event != "call" or not callee.startswith("opensvc_"):
        return
    above = frame.f_back
    while above is not None and not above.f_globals.get("__name__", "").startswith("opensvc_"):
        above = above.f_back
    caller = above.f_globals["__name__"] if above else ""
    if caller != callee:
        found.append((_short(caller), _short(callee), frame.f_code.co_qualname))


def _short(module: str) -> str:
    return module.removeprefix("opensvc_core.")


def _whole(module: str) -> str:
    return module if module.startswith("opensvc_") else f"opensvc_core.{module}"
