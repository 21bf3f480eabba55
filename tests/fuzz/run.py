"""Fuzzing: `make fuzz` feeds inputs of all kinds to what reads files, networks and disks, for ten minutes or `--seconds`.

With atheris (`pip install atheris`) the inputs follow the code's branches, else they are mutations of the corpus. An input that makes a
fault is written to `corpus/TARGET/fault-…`, where the tests find it from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from mutations import LONGEST, mutate  # noqa: E402 - beside this file, which is no package
from targets import TARGETS  # noqa: E402

CORPUS = HERE / "corpus"
FILES = HERE.parent / "config" / "corpus"
INSTRUMENTED = ["opensvc_core", "opensvc_daemon", "opensvc_driver_hb_disk", "opensvc_heartbeats", "cluster_targets", "targets"]
# An input of this size takes milliseconds; one that takes as many seconds of a processor is a fault as well.
SLOW = 5.0
LEAST = 20


class Fault(Exception):
    """An input that a target can't take: which, what it raised, and where the input is kept."""


def inputs(target: str) -> list[bytes]:
    """The first inputs of a target: its corpus, and for those that read files the files of the configuration tests."""
    folders = [CORPUS / target] + ([FILES] if target in ("document", "validation") else [])
    found = [path.read_bytes() for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    return [data for data in found if len(data) <= LONGEST] or [b""]


def attempt(target: str, data: bytes, function: Callable[[bytes], None] | None = None) -> None:
    """Try one input. Raises Fault, with the input kept in the corpus."""
    began = time.process_time()
    try:
        (function or TARGETS[target])(data)
    except Exception as error:
        raise Fault(f"{target}: {type(error).__name__}: {error}; the input is {_keep(target, data)}") from error
    if (took := time.process_time() - began) > SLOW:
        raise Fault(f"{target}: took {took:.1f} s; the input is {_keep(target, data)}")


def mutated(target: str, seconds: float, seed: int) -> int:
    """Try the corpus, then mutations of it until the time is over, and some in any case; how many inputs that were. Raises Fault."""
    known, random, end, count = inputs(target), Random(seed), time.monotonic() + seconds, 0
    for data in known:
        attempt(target, data)
    while count < LEAST or time.monotonic() < end:
        data = mutate(known, random)
        attempt(target, data)
        count += 1
        if len(known) < 2000 and random.random() < 0.01:
            known.append(data)  # so that mutations add up
    return count


def guided(target: str, seconds: float) -> int:
    """Let atheris find the inputs, in a process of its own, which it ends; its exit code."""
    found = HERE / ".found" / target
    found.mkdir(parents=True, exist_ok=True)
    folders = [str(found), str(CORPUS / target)] + ([str(FILES)] if target in ("document", "validation") else [])
    options = [
        f"-max_total_time={int(seconds)}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={CORPUS / target}/fault-",
        f"-timeout={SLOW:.0f}",
    ]
    code = (
        "import sys, atheris\n"
        f"sys.path.insert(0, {str(HERE)!r})\n"
        "with atheris.instrument_imports(include={INSTRUMENTED!r}):\n"
        "    from targets import TARGETS\n"
        f"atheris.Setup(sys.argv, TARGETS[{target!r}])\n"
        "atheris.Fuzz()\n"
    )
    return subprocess.run([sys.executable, "-c", code, *options, "-verbosity=0", *folders], check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="for all targets together")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("FUZZ_SEED", time.time_ns() & 0xFFFFFFFF)))
    parser.add_argument("--engine", choices=("atheris", "mutations"), default=None, help="default: atheris where it is installed")
    parser.add_argument("targets", nargs="*", help=f"some of {', '.join(TARGETS)}; default: all")
    asked = parser.parse_args()
    asked.targets = asked.targets or list(TARGETS)
    if unknown := set(asked.targets) - TARGETS.keys():
        parser.error(f"no target {', '.join(unknown)}; targets are {', '.join(TARGETS)}")
    engine = asked.engine or ("atheris" if importlib.util.find_spec("atheris") else "mutations")
    share, failed = asked.seconds / len(asked.targets), 0
    for target in asked.targets:
        try:
            if engine == "atheris":
                code = guided(target, share)
                failed += code != 0
                print(f"{target}: {share:.0f} s with atheris, {'no fault' if code == 0 else f'exit code {code}'}", flush=True)
            else:
                count = mutated(target, share, asked.seed)
                print(f"{target}: {count} inputs in {share:.0f} s, no fault (seed {asked.seed})", flush=True)
        except Fault as fault:
            failed += 1
            print(f"{fault} (seed {asked.seed})", flush=True)
    return 1 if failed else 0


def _keep(target: str, data: bytes) -> Path:
    path = CORPUS / target / f"fault-{hashlib.sha256(data).hexdigest()[:16]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


if __name__ == "__main__":
    sys.exit(main())
