"""Many seeds, on all processors: `python -m opensvc_daemon.simulation`."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple, TextIO

from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.simulation.invariants import Violation
from opensvc_daemon.simulation.run import simulate
from opensvc_daemon.simulation.shrink import shrink
from opensvc_daemon.simulation.timeline import printed
from opensvc_daemon.simulation.world import Decide

# Failing seeds that are shrunk and told, each of another invariant.
TOLD = 3
# Seeds after which a line tells how far it is.
STRETCH = 1000


class Summary(NamedTuple):
    """What came of one seed, small enough to travel between processes."""

    seed: int
    violations: tuple[Violation, ...]
    exceptions: tuple[str, ...]
    seconds: float
    decisions: int


def summary(seed: int, decide: Decide = decide) -> Summary:
    """Tell the story of a seed."""
    result = simulate(seed, decide)
    return Summary(seed, result.violations, result.exceptions, result.seconds, result.decisions)


def summaries(seeds: Sequence[int], jobs: int, decide: Decide = decide) -> Iterator[Summary]:
    """The stories of some seeds, in their order."""
    told = partial(summary, decide=decide)
    if jobs == 1:
        yield from map(told, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(told, seeds, chunksize=10)


def main(words: Sequence[str], out: TextIO = sys.stdout, decide: Decide = decide) -> int:
    """Run seeds and tell of those that fail. 0: none does."""
    parser = argparse.ArgumentParser(prog="python -m opensvc_daemon.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count(), help="processes")
    given = parser.parse_args(words)
    begin = time.monotonic()
    failing, done = [], Counter[str]()
    for one in summaries(range(given.first, given.first + given.seeds), given.jobs, decide):
        done += Counter(seeds=1, exceptions=len(one.exceptions), seconds=int(one.seconds), decisions=one.decisions)
        if one.violations:
            failing.append(one)
            print(f"{chr(13) if out.isatty() else ''}seed {one.seed}: {one.violations[0]}", file=out, flush=True)
        _progress(given.first, done["seeds"], given.seeds, len(failing), out)
    _tell(failing, out, decide)
    took = time.monotonic() - begin
    print(
        f"{done['seeds']} seeds, {done['seconds'] / 3600:.0f} hours, {done['decisions']} decisions in {took:.0f} s; "
        f"{len(failing)} break an invariant; {done['exceptions']} times a node woke up after its lease",
        file=out,
    )
    return 1 if failing else 0


def _progress(first: int, done: int, all_: int, failing: int, out: TextIO) -> None:
    """On a terminal one line that changes; elsewhere a line now and then, with what goes on from there."""
    if out.isatty():
        print(f"\r{done} of {all_}, {failing} fail ", end="", file=out, flush=True)
    elif done % STRETCH == 0 and done < all_:
        print(f"{done} of {all_}, {failing} fail; the rest: --from {first + done} --seeds {all_ - done}", file=out, flush=True)


def _tell(failing: Sequence[Summary], out: TextIO, decide: Decide) -> None:
    """One of each invariant in short; that they fail was said at once, for who ends a long run before its end."""
    told: set[str] = set()
    for one in failing:
        violation = one.violations[0]
        if violation.invariant not in told and len(told) < TOLD:
            told.add(violation.invariant)
            shortest = shrink(simulate(one.seed, decide), decide)
            print(f"\nseed {one.seed}, shrunk:\n{shortest.story}\n{printed(shortest.lines)}", file=out)
