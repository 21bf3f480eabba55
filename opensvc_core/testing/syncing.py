"""The promises of what copies to other nodes, tried with nodes that are there to be copied to.

A copy ends with a command on each node that got one: the tests need nodes that this one may log in to by ssh.

    class TestCopies(SyncConformance):
        def case(self, folder):
            return SyncCase(TEXT, rid="sync#data", targets=("n2", "n3"), change=…, here=…, there=…, broken=…)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from opensvc_core.driver.capabilities import Syncable
from opensvc_core.errors import ActionFailed
from opensvc_core.instance.node import Node
from opensvc_core.testing.bench import Bench, Case
from opensvc_core.testing.hardships import failed, without_programs
from opensvc_core.testing.judging import can_be_told, completes, kept, untouched
from opensvc_core.testing.report import looks_at
from opensvc_core.testing.suite import Suite

__all__ = ["SyncCase", "SyncConformance"]

_SYNC = "sync_nodes"


@dataclass(frozen=True, kw_only=True)
class SyncCase(Case):
    """What the suite needs to know of a driver that copies; its service has `nodes`, and something that is up after a start.

    Parameters:
        targets: the other nodes of the service, two at least.
        change: makes the data here other than they were.
        here: a comparable picture of the data here; there: the same of those that a node has.
        broken: entered with a node, no copy to it can succeed until it is left.
    """

    targets: Sequence[str]
    change: Callable[[], object]
    here: Callable[[], object]
    there: Callable[[str], object]
    broken: Callable[[str], AbstractContextManager[object]]


class SyncConformance(Suite):
    """The promises of a driver that copies to other nodes."""

    def case(self, folder: Path) -> SyncCase:
        """The case of the driver under test; `folder` is an empty folder for its data."""
        raise NotImplementedError("a conformance suite needs its case: def case(self, folder) -> SyncCase")

    @pytest.fixture
    def bench(self, node_below: Node, tmp_path: Path) -> Bench:
        """A service of the case that is up: others are not copied."""
        bench = self.fresh(node_below, tmp_path)
        bench.perform("start")
        return bench

    @looks_at("sync", "note_syncs")
    def test_each_node_gets_the_data_each_time(self, bench: Bench) -> None:
        """After a copy each node has what is here, and it is noted since when."""
        for _ in range(2):
            _case(bench).change()
            began = time.time()
            completes(bench, _SYNC, "data are copied to nodes that are there")
            _same(bench, "a copy makes the data of each node those of this one")
            noted = _moments(bench)
            fresh = all(began <= noted.get(node, 0.0) <= time.time() for node in _case(bench).targets)
            kept(fresh, "a copy is noted for each node with the moment of its beginning", f"begun at {began}, noted: {noted}")

    @looks_at("sync", "note_syncs")
    def test_a_node_that_fails_keeps_no_other_from_its_copy(self, bench: Bench) -> None:
        """One after the other can't be copied to; that is told, and counts as no copy."""
        for failing in _case(bench).targets:
            _case(bench).change()
            before = _moments(bench)
            with _case(bench).broken(failing):
                said = _failure(bench)
                _same(bench, f"{failing}, which fails, keeps no other from its copy", but=failing)
            kept(failing in said, "a node that fails is named", f"said: {said}")
            _noted(bench, before, "a copy that failed is noted as none", but=failing)
        completes(bench, _SYNC, "a copy that failed is completed by the next")
        _same(bench, "a copy that failed is completed by the next")

    @looks_at("note_syncs", "last_syncs", "last_run")
    def test_moments_are_remembered_for_each_node(self, bench: Bench) -> None:
        """What was noted is known to the next that asks; of other nodes it stays as it was."""
        first, *others = _case(bench).targets
        _syncable(bench).note_syncs(dict.fromkeys((first, *others), 5.0))
        _syncable(bench).note_syncs({first: 9.0})
        expected, found = {first: 9.0, **dict.fromkeys(others, 5.0)}, dict(_moments(bench))
        facts = f"noted: {expected}\n  known: {found}"
        kept(found == expected, "what is noted of a node is remembered, beside what is known of others", facts)
        last = _syncable(bench).last_run()
        kept(last == 5.0, "the last complete copy is as old as the oldest of its copies", f"noted: {expected}\n  last run: {last}")

    @looks_at("sync")
    def test_plan_changes_nothing_and_is_what_is_done(self, bench: Bench) -> None:
        """A plan is words only, those of what is done; what is done side by side, in any order."""
        _case(bench).change()
        before, there = bench.everything(), [_case(bench).there(node) for node in _case(bench).targets]
        planned = sorted(noted.text for noted in bench.planned(_SYNC))
        is_same = bench.everything() == before and [_case(bench).there(node) for node in _case(bench).targets] == there
        kept(is_same, "the plan of a copy changes nothing", f"planned: {planned}")
        done = sorted(noted.text for noted in bench.perform(_SYNC) if noted.is_change)
        kept(planned == done, "a copy does what is planned", f"planned: {planned}\n  done: {done}")

    @looks_at("status")
    def test_status_changes_nothing(self, bench: Bench) -> None:
        """To look is not to touch."""
        before = bench.everything()
        bench.status()
        untouched(bench, before, "a status changes nothing")

    @looks_at("sync", "host_problem")
    def test_missing_program_is_told(self, bench: Bench) -> None:
        """Of each program that it calls: where that alone is missing, what fails names it, and counts as no copy."""
        for hardship in without_programs(bench, _SYNC):
            _case(bench).change()
            before = _moments(bench)
            if failed(bench, hardship, _SYNC):
                _noted(bench, before, f"a copy that failed {hardship.words} is noted only where it is complete")
                completes(bench, _SYNC, f"a copy completes one that failed {hardship.words}")
            _same(bench, f"a copy {hardship.words} makes the data of each node those of this one")

    @looks_at("sync", "status")
    def test_a_copy_killed_anywhere_is_completed_by_the_next(self, bench: Bench) -> None:
        """The agent is killed before and after each operation; what was not copied is not noted, and the next copy completes."""
        operations = bench.planned(_SYNC)
        for point in range(2 * len(operations)):
            where = f"{'after' if point % 2 else 'before'} its operation {point // 2 + 1}"
            _case(bench).change()
            before = _moments(bench)
            kept(bench.killed(_SYNC, point), f"a copy comes to what its plan says, {where}", "it ended before")
            can_be_told(bench, f"after a copy that was killed {where}")
            _noted(bench, before, f"a copy that was killed {where} is noted only where it is complete")
            completes(bench, _SYNC, f"a copy completes one that was killed {where}")
            _same(bench, f"a copy completes one that was killed {where}")


def _case(bench: Bench) -> SyncCase:
    assert isinstance(bench.case, SyncCase)
    return bench.case


def _syncable(bench: Bench) -> Syncable:
    """The resource, as one that comes new to it has it."""
    resource = bench.resource
    assert isinstance(resource, Syncable), f"{bench.case.rid} copies nothing"
    return resource


def _moments(bench: Bench) -> Mapping[str, float]:
    return _syncable(bench).last_syncs()


def _failure(bench: Bench) -> str:
    __tracebackhide__ = True
    try:
        bench.perform(_SYNC)
    except ActionFailed as error:
        return str(error)
    raise AssertionError("the promise is broken: a copy that fails for one node is no success\n  it ended as if all were well")


def _same(bench: Bench, promise: str, but: str = "") -> None:
    __tracebackhide__ = True
    here = _case(bench).here()
    for node in _case(bench).targets:
        if node != but:
            there = _case(bench).there(node)
            kept(there == here, promise, f"here: {here}\n  {node}: {there}")


def _noted(bench: Bench, before: Mapping[str, float], promise: str, but: str = "") -> None:
    """Only what is complete is noted, of a node that failed nothing."""
    __tracebackhide__ = True
    after, here = _moments(bench), _case(bench).here()
    for node in _case(bench).targets:
        is_new = after.get(node) != before.get(node)
        is_true = not is_new or (node != but and _case(bench).there(node) == here)
        kept(is_true, promise, f"{node}: noted {before.get(node)} before, {after.get(node)} now")
