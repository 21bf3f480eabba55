"""The promises of what only tells: a resource that is neither started nor stopped, as that of a cluster manager.

class TestWord(TellingConformance):
    def case(self, folder):
        return TellingCase("[hb#0]\\ntype = manager\\n", rid="hb#0", told={Status.UP: say_up, Status.DOWN: say_down})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from opensvc_core.instance.request import Request
from opensvc_core.model.status import Status
from opensvc_core.testing.bench import Bench, Case
from opensvc_core.testing.hardships import STATUS, not_shown, without_programs
from opensvc_core.testing.judging import kept, untouched
from opensvc_core.testing.report import looks_at
from opensvc_core.testing.suite import Suite

__all__ = ["TellingCase", "TellingConformance"]

_ACTIONS = ("start", "stop", "restart", "provision", "unprovision")
_LOCK_WAIT = 10.0


@dataclass(frozen=True, kw_only=True)
class TellingCase(Case):
    """What the suite needs to know of a driver that only tells. Its service may have other resources, which start and stop.

    Parameters:
        told: what makes the host so that the resource is shown with a status.
    """

    told: Mapping[Status, Callable[[], object]]


class TellingConformance(Suite):
    """The promises of a driver that only tells."""

    def case(self, folder: Path) -> TellingCase:
        """The case of the driver under test; `folder` is an empty folder for what it makes."""
        raise NotImplementedError("a conformance suite needs its case: def case(self, folder) -> TellingCase")

    @looks_at("status")
    def test_what_is_there_is_told(self, bench: Bench) -> None:
        """It is shown as the host is, also when that changes."""
        for status, make in (*_told(bench), *_told(bench)):
            make()
            kept(bench.settles(lambda s=status: bench.status() is s), f"it is shown as {status}", f"it is {bench.seen()}")  # type: ignore[misc]

    @looks_at("status")
    def test_status_changes_nothing(self, bench: Bench) -> None:
        """To look is not to touch."""
        for _, make in _told(bench):
            make()
            before = bench.everything()
            bench.status()
            untouched(bench, before, "a status changes nothing")

    @looks_at("status", "host_problem")
    def test_missing_program_is_told(self, bench: Bench) -> None:
        """Of each program that it calls: where that alone is missing, it is shown as what it is, or it is told that this is not known."""
        for status, make in _told(bench):
            make()
            for hardship in without_programs(bench, STATUS):
                not_shown(bench, hardship, {Status.UP, Status.DOWN, Status.NA} - {status}, str(status))

    @looks_at("start", "stop")
    @pytest.mark.parametrize("action", _ACTIONS)
    def test_no_action_is_its_own(self, bench: Bench, action: str) -> None:
        """Whatever is done with the service, nothing is planned and nothing is done for the resource."""
        for status, make in _told(bench):
            make()
            before, request = bench.look().driver, Request(action, by_manager=True)
            planned = bench.service.rehearse(request).operations
            done = bench.service.perform(request, lambda _event: None, wait_lock=_LOCK_WAIT)
            own = [str(one) for one in (*planned, *done) if one.rid == bench.case.rid]
            kept(not own, f"{action} does nothing with it while it is {status}", f"it did: {own}")
            kept(bench.look().driver == before, f"{action} leaves what it tells of", f"it was {before}, and is {bench.look().driver}")
            kept(bench.status() is status, f"{action} leaves it {status}", f"it is {bench.seen()}")


def _told(bench: Bench) -> tuple[tuple[Status, Callable[[], object]], ...]:
    assert isinstance(bench.case, TellingCase)
    return tuple(bench.case.told.items())
