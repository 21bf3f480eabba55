"""events: what happens in the cluster, as it happens."""

from __future__ import annotations

import time
from typing import Any

from opensvc_core.errors import ActionFailed, NoSuchObject
from opensvc_daemon.commands.reaching import needed


def run(session: Any, arguments: Any) -> int:
    """A line for each event, until ^C: number, moment, kind, node, service, and what is new in short; `--format json`: all of it."""
    client = needed(session)
    more = arguments.more
    chosen = {"after": more.get("after"), "kind": more.get("kind") or None, "service": ",".join(_services(session, client)) or None}
    for event in client.stream("/v1/events", **chosen):
        print(_line(event, is_data=arguments.format == "json"), file=session.stdout, flush=True)
    raise ActionFailed("the daemon has ended")


def _services(session: Any, client: Any) -> list[str]:
    """Those whose events are wanted, all where it is empty; also one that is made only later, which is told.

    Raises NoSuchObject for a pattern that names none: what it would name later is not known.
    """
    found: list[str] = []
    for word in session.selector.split(",") if session.selector else ():
        try:
            matching = [str(service.path) for service in session.node.services(word)]
        except NoSuchObject as error:
            if word not in client.get("/v1/status")["services"]:
                print(f"{session.program}: {error}; its events are shown once it is there", file=session.stderr, flush=True)
            matching = [word]
        if not matching:
            raise NoSuchObject(f"no service matches {word!r}")
        found += matching
    return found


def _line(event: Any, *, is_data: bool) -> str:
    if is_data:
        import json  # noqa: PLC0415

        return json.dumps(event, ensure_ascii=False)
    moment = event.get("at", 0.0)
    when = time.strftime("%H:%M:%S", time.localtime(moment)) + f".{int(moment % 1 * 1000):03d}"
    words = [str(event.get("id", "")), when, event.get("kind", ""), event.get("node", ""), event.get("service", "")]
    facts = " ".join(f"{key}={_value(value)}" for key, value in (event.get("data") or {}).items() if _is_short(value))
    return " ".join(word for word in (*words, facts) if word)


def _is_short(value: Any) -> bool:
    """What is nested or empty is for machines: an instance has some twenty facts."""
    return not isinstance(value, dict) and value not in ("", [], None)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value if value and " " not in value else f"'{value}'"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
