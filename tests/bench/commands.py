"""Whole processes: the command line against the bare interpreter, what it imports, and a start beside its scripts alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.bench.measure import BIN, RUNS, above_bare, beyond, seconds_of, shown, tell

LAUNCHER: Final = """#!/bin/sh
# An application that is a file: the shortest thing that starts, stops and can be asked.
case $1 in
start) touch {flag} ;;
stop) rm -f {flag} ;;
status) test -e {flag} ;;
esac
"""
_SVC1: Final = (str(BIN / "svcmgr"), "-s", "svc1")
START, STOP = ((*_SVC1, verb, "--local") for verb in ("start", "stop"))
SCRIPTS: Final = 2


def measure(folder: Path) -> None:
    """A service of 5 directories and 2 applications, and the commands on it."""
    make_service(folder)
    environment = {**os.environ, "OSVC_ROOT_PATH": str(folder), "OSVC_NODENAME": "n1"}
    # while it is up: then its status runs the checks
    seconds_of(START, environment)
    above_bare("svcmgr -s svc1 print status (5 fs.directory, 2 app.forking)", environment, (*_SVC1, "print", "status"), 90)
    above_bare("svcmgr -s svc1 get --kw app", environment, (*_SVC1, "get", "--kw", "app"), 65)
    above_bare("om '*' ls", environment, (str(BIN / "om"), "*", "ls"), 65)
    above_bare("from opensvc_core import Node", environment, (sys.executable, "-c", "from opensvc_core import Node"), 60)
    imported(environment)
    seconds_of(STOP, environment)
    start(folder, environment)


def make_service(folder: Path) -> None:
    """Its file and its scripts."""
    etc = folder / "etc"
    etc.mkdir()
    lines = ["[DEFAULT]", "app = bench", "nodes = n1"]
    for number in range(5):
        lines += [f"[fs#{number}]", "type = directory", f"path = {folder}/srv/{{name}}/{number}"]
    for number, script in enumerate(scripts(folder)):
        script.write_text(LAUNCHER.format(flag=folder / f"{number}.up"))
        script.chmod(0o755)
        lines += [f"[app#{number}]", "type = forking", f"script = {script}", "start = true", "stop = true", "check = true"]
    (etc / "svc1.conf").write_text("\n".join(lines) + "\n")


def scripts(folder: Path) -> list[Path]:
    """Of its applications."""
    return [folder / "etc" / f"svc1.{number}.sh" for number in range(SCRIPTS)]


def imported(environment: Mapping[str, str]) -> None:
    """How many modules a status imports, its drivers' included; which must not be among them is said by a test."""
    command = (sys.executable, "-X", "importtime", *_SVC1, "print", "status")
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    names = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    ours = sum(1 for name in names if name.startswith("opensvc_"))
    tell("  modules that this status imports", [len(names)], "", beside=f"{ours} of them are the agent's")


def start(folder: Path, environment: Mapping[str, str]) -> None:
    """A start of 7 resources beyond what their scripts take by themselves."""
    agent, alone = [], []
    for _ in range(RUNS):
        agent.append(seconds_of(START, environment))
        seconds_of(STOP, environment)
        alone.append(_seconds_alone(scripts(folder)))
    tell("start of these 7 resources", beyond(agent, alone), "ms", beside=f"beyond their scripts alone, {shown(alone)}", limit=300)


def _seconds_alone(programs: list[Path]) -> float:
    """What the scripts take for what a start asks of them; they are stopped afterwards."""
    begun = time.perf_counter()
    for script in programs:
        for word, code in (("status", 1), ("start", 0), ("status", 0)):
            assert subprocess.run([script, word], check=False).returncode == code
    taken = time.perf_counter() - begun
    for script in programs:
        subprocess.run([script, "stop"], check=True)
    return taken
