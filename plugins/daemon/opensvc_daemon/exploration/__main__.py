"""python -m opensvc_daemon.exploration [--long] [WORD …]: explore the models that have one of the words in their name.

Each is explored on a processor of its own.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor

from opensvc_daemon.exploration.models import LIMIT, LONG, MODELS
from opensvc_daemon.exploration.search import explore


def main(arguments: list[str]) -> int:
    """Print what each exploration came to; 1 where something is wrong."""
    words = [word for word in arguments if word != "--long"]
    limit = LONG if "--long" in arguments else LIMIT
    models = [model._replace(limit=limit) for model in MODELS if not words or any(word in model.name for word in words)]
    began, states, wrong = time.monotonic(), 0, 0
    with ProcessPoolExecutor() as pool:
        for result in pool.map(explore, models):
            print(result, flush=True)
            states += result.states
            if result.found:
                wrong += 1
                print(result.found, flush=True)
    print(f"{states} states of {len(models)} models in {time.monotonic() - began:.0f} s; something is wrong in {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
