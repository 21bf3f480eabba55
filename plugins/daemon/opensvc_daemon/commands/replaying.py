"""replay: the decisions that a node has recorded, made once more by today's code."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.errors import ActionRefused, NoSuchObject

if TYPE_CHECKING:
    from opensvc_daemon.orchestration.orders import Decision, Order
    from opensvc_daemon.orchestration.record import Difference, Record, Recorded

SAME, DIFFERENT = 0, 1
_WHY: Final = "they are of another version of the agent, or damaged"


def run(session: Any, arguments: Any) -> int:
    """Each decision that would be another one today, then how many there are; 1 where one differs, or can't be read."""
    from opensvc_daemon.orchestration.record import replay  # noqa: PLC0415 - imports the decision

    record = _record(session, arguments)
    recorded = _readable(record)
    found = [difference for difference in replay(recorded) if difference.today.orders != difference.recorded.decision.orders]
    unread = len(record.entries) - len(recorded)
    if arguments.format == "json":
        session.print_json(decisions=len(recorded), unread=unread, differences=[_data(one) for one in found])
    else:
        print("".join(f"{line}\n" for one in found for line in _lines(one)), end="", file=session.stdout)
        other = f"{len(found)} would be other ones today" if found else "none would be another one today"
        print(f"{len(recorded)} decisions, {other}{f'; {unread} can not be read: {_WHY}' if unread else ''}", file=session.stdout)
    return DIFFERENT if found or unread else SAME


def _record(session: Any, arguments: Any) -> Record:
    """The record of this node, or that of a file. Raises NoSuchObject, ActionRefused."""
    from opensvc_daemon.recording import NAME, read_file, read_record  # noqa: PLC0415 - as above

    place = Path(arguments.positionals[0]) if arguments.positionals else session.paths.var / "node" / NAME
    try:
        record = read_file(place) if arguments.positionals else read_record(place.parent)
    except FileNotFoundError as error:
        raise NoSuchObject(f"{place}: there is no such file") from error
    except OSError as error:
        raise ActionRefused(f"{place}: {error.strerror}") from error
    if not record.entries:
        raise NoSuchObject(f"{place}: no decision is recorded there")
    return record


def _readable(record: Record) -> list[Recorded]:
    from opensvc_daemon.orchestration.record import read  # noqa: PLC0415 - as above

    found = []
    for entry in record.entries:
        with suppress(ValueError):
            found.append(read(entry))
    return found


def _lines(one: Difference) -> list[str]:
    """What was ordered and is not any more, then what is ordered today and was not."""
    then, today = _sides(one)
    view = one.recorded.view
    head = f"{view.me}, {one.recorded.now:.3f} s after its boot"
    return [head, *(f"  - {_told(order)}" for order in then), *(f"  + {_told(order)}" for order in today)]


def _sides(one: Difference) -> tuple[list[Order], list[Order]]:
    then, today = one.recorded.decision.orders, one.today.orders
    gone, new = [order for order in then if order not in today], [order for order in today if order not in then]
    return (gone, new) if gone or new else (list(then), list(today))  # the same ones in another sequence


def _told(order: Order) -> str:
    return f"{order}: {'; '.join(map(str, order.reasons))}"


def _data(one: Difference) -> dict[str, Any]:
    return {
        "node": one.recorded.view.me,
        "at": one.recorded.now,
        "then": _orders(one.recorded.decision),
        "today": _orders(one.today),
    }


def _orders(decision: Decision) -> list[dict[str, Any]]:
    return [{"order": str(order), "reasons": [str(reason) for reason in order.reasons]} for order in decision.orders]
