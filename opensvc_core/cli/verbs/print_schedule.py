"""print schedule: what services do by themselves, when they did it last, and when they do it next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.render.machine import dumps
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services
from opensvc_core.instance.scheduled import Scheduled, scheduled
from opensvc_core.instance.service import Service

_TITLES: Final = ("Action", "Last Run", "Next Run", "Config Parameter", "Schedule Definition")
# What the machine format has of a row; the resource is in the parameter.
_KEYS: Final = ("action", "last_run", "next_run", "config_parameter", "schedule_definition")


def run(session: Session, arguments: Arguments) -> int:
    """Print a table, or a list for machines; of several services, which is whose."""
    found = services(session) if session.scope == "service" else session.node.services("**")
    is_one = session.scope == "service" and len(found) == 1
    known: dict[str, list[Scheduled]] = {}
    now = session.node.clock.now()
    code = each(session, found, lambda service: _look(known, service, now))
    if arguments.format == "json":
        plain = {name: [_plain(row) for row in rows] for name, rows in known.items()}
        if known or not is_one:
            print(dumps(next(iter(plain.values())) if is_one else plain), file=session.stdout)
    elif is_one:
        _print(session, [_TITLES, *(_cells(row) for rows in known.values() for row in rows)] if known else [])
    else:
        _print(session, [("Service", *_TITLES), *((name, *_cells(row)) for name, rows in known.items() for row in rows)])
    return code


def _look(known: dict[str, list[Scheduled]], service: Service, now: float) -> None:
    known[str(service.path)] = scheduled(service.instance(), now)


def _plain(row: Scheduled) -> dict[str, object]:
    return dict(zip(_KEYS, (row.action, row.last_run, row.next_run, row.parameter, row.definition), strict=True))


def _cells(row: Scheduled) -> tuple[str, ...]:
    return row.action, _moment(row.last_run), _moment(row.next_run), row.parameter, row.definition or "-"


def _moment(seconds: float | None) -> str:
    """A moment on the wall of this host."""
    return "-" if seconds is None else f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}"


def _print(session: Session, rows: Sequence[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell, two blanks between."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip(), file=session.stdout)
