"""The orders of the monitor, as they come through the door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from opensvc_daemon.beat.process import Process
from opensvc_daemon.beat.talk import Life, Pulse

Order = Callable[[Process, Mapping[str, Any]], None]


def obey(process: Process, message: Mapping[str, Any]) -> None:
    """Do what one message says; what can't be understood is logged and changes nothing."""
    try:
        ORDERS[message["do"]](process, message)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        process.report.say("error", f"the monitor says what can't be understood: {message.get('do')!r}: {error!r}")


def _begin(process: Process, message: Mapping[str, Any]) -> None:
    life = Life(int(message["incarnation"]), str(message["boot"]))
    process.begin(life)
    process.report.tell_once({"tell": "begun", "incarnation": life.incarnation})


def _pulse(process: Process, message: Mapping[str, Any]) -> None:
    merged = {str(name): int(generation) for name, generation in message["merged"].items()}
    process.feel(Pulse(str(message["state"]), int(message["generation"]), merged))


def _link(process: Process, message: Mapping[str, Any]) -> None:
    if not process.lines.run(str(message["name"]), run=bool(message["run"])):
        raise ValueError(f"{message['name']}: no such heartbeat")


ORDERS: Final[Mapping[str, Order]] = {
    "begin": _begin,
    "configure": lambda process, message: process.configure(),
    "pulse": _pulse,
    "ask_lease": lambda process, message: process.ask(str(message["service"])),
    "release_lease": lambda process, message: process.release(str(message["service"])),
    "link": _link,
    "farewell": lambda process, message: process.leave(),
}
