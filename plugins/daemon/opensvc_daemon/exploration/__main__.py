"""Explore small clusters: all the states of each model, or the nearest of them, by the decision itself.

Each model is explored on a processor of its own; they are told in their order, so that a long run can be done in parts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TextIO

from opensvc_daemon.exploration.models import LIMIT, LONG, MODELS
from opensvc_daemon.exploration.search import explore


def main(words: Sequence[str], out: TextIO = sys.stdout) -> int:
    """Print what each exploration came to, and the total; 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m opensvc_daemon.exploration", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="only the models that have one of these words in their name")
    parser.add_argument("--long", action="store_true", help=f"up to {LONG} states of each model instead of {LIMIT}")
    parser.add_argument("--from", type=int, default=1, dest="first", metavar="N", help="go on with the model of that number")
    parser.add_argument("--jobs", type=int, default=None, metavar="N", help="processes; as many as there are processors otherwise")
    given = parser.parse_args(words)
    chosen = [model for model in MODELS if not given.words or any(word in model.name for word in given.words)]
    models = [model._replace(limit=LONG if given.long else LIMIT) for model in chosen[given.first - 1 :]]
    began, states, wrong = time.monotonic(), 0, 0
    with ProcessPoolExecutor(given.jobs) as pool:
        for number, result in enumerate(pool.map(explore, models), given.first):
            states += result.states
            print(f"{number} of {len(chosen)}: {result}", file=out, flush=True)
            if result.found:
                wrong += 1
                print(result.found, file=out, flush=True)
    print(f"{states} states of {len(models)} models in {time.monotonic() - began:.0f} s; something is wrong in {wrong}", file=out)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
