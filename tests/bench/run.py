"""Speed, side by side in one run: whole processes against `python -c pass`, and the core against the work it does.

Each figure is the median of many runs, the compared commands in turn, so that both see the same machine.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path

from tests.bench import containers, copies, daemon, decision, failover, groups, host_start, language
from tests.bench.measure import BARE, BIN, RUNS, Result, compare, report, timed

SERVICES = 1000
LAUNCHER = """#!/bin/sh
# An application that is a file: the shortest thing that starts, stops and can be asked.
case $1 in
start) touch {flag} ;;
stop) rm -f {flag} ;;
status) test -e {flag} ;;
esac
"""


def main(figures: Callable[[], None]) -> int:
    """Print a line for each figure: the median, what it is compared with, and the limit that was promised; 1 where one is over it."""
    result = Result(sys.stdout)
    with redirect_stdout(result):
        figures()
        if result.over:
            print(f"over their limit: {len(result.over)} figures, which are marked", flush=True)
    return 1 if result.over else 0


def measure() -> None:
    """All figures."""
    folder = Path(tempfile.mkdtemp(prefix="opensvc-bench."))
    try:
        # as installed: with the bytecode of the modules beside them
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        environment = {**os.environ, "OSVC_ROOT_PATH": str(folder), "OSVC_NODENAME": "n1"}
        make_service(folder, "svc1")
        cold(environment)
        many(folder)
        start(folder, environment)
        host_start.measure(folder / "host")
        containers.measure()
        groups.measure(folder / "groups")
        copies.measure()
        decision.measure()
        daemon.measure()
        failover.measure()
    finally:
        shutil.rmtree(folder)


def make_service(folder: Path, name: str) -> None:
    """A service of 5 directories and 2 applications."""
    etc = folder / "etc"
    etc.mkdir(exist_ok=True)
    lines = ["[DEFAULT]", "app = bench", "nodes = n1"]
    for number in range(5):
        lines += [f"[fs#{number}]", "type = directory", f"path = {folder}/srv/{{name}}/{number}"]
    for number in range(2):
        script = etc / f"{name}.{number}.sh"
        script.write_text(LAUNCHER.format(flag=folder / f"{name}.{number}.up"))
        script.chmod(0o755)
        lines += [f"[app#{number}]", "type = forking", f"script = {script}", "start = true", "stop = true", "check = true"]
    (etc / f"{name}.conf").write_text("\n".join(lines) + "\n")


def cold(environment: Mapping[str, str]) -> None:
    """Whole processes: the command line against the bare interpreter."""
    # while it is up: then its status runs the checks
    subprocess.run([BIN / "svcmgr", "-s", "svc1", "start", "--local"], env=environment, check=True, stdout=subprocess.DEVNULL)
    for title, command, limit in (
        ("svcmgr -s svc1 print status (5 fs.directory, 2 app.forking)", ["svcmgr", "-s", "svc1", "print", "status"], 90),
        ("svcmgr -s svc1 get --kw app", ["svcmgr", "-s", "svc1", "get", "--kw", "app"], 65),
        ("om '*' ls", ["om", "*", "ls"], 65),
    ):
        took = compare(environment, [str(BIN / command[0]), *command[1:]], BARE)
        report(title, took[0] - took[1], f"above python -c pass ({took[1] * 1e3:.0f} ms)", limit / 1e3)
    for title, module, limit in (("from opensvc_core import Node", "from opensvc_core import Node", 60),):
        took = compare(environment, [sys.executable, "-c", module], BARE)
        report(title, took[0] - took[1], f"above python -c pass ({took[1] * 1e3:.0f} ms)", limit / 1e3)

    subprocess.run([BIN / "svcmgr", "-s", "svc1", "stop", "--local"], env=environment, check=True, stdout=subprocess.DEVNULL)


def many(folder: Path) -> None:
    """Load and evaluate many services, and see that the cost follows their number."""
    from opensvc_core import Node

    for number in range(SERVICES):
        make_small(folder / "many" / "etc", f"s{number}")
    node = Node(folder / "many", nodename="n1")

    def load(count: int) -> Callable[[], object]:
        return lambda: [service.instance() for service in node.services()[:count]]

    whole, tenth = timed(load(SERVICES), runs=3), timed(load(SERVICES // 10), runs=3)
    report(f"{SERVICES} services of 7 resources loaded and evaluated", whole, f"a tenth of them: {tenth:.3f} s", 2.0)
    language.measure(folder / "large", node)


def make_small(etc: Path, name: str) -> None:
    """A service of 7 resources with references."""
    etc.mkdir(parents=True, exist_ok=True)
    lines = ["[DEFAULT]", "app = bench", "nodes = n1 n2", "[env]", "base = /srv"]
    for number in range(5):
        lines += [f"[fs#{number}]", "type = directory", f"path = {{env.base}}/{{name}}/{number}", "tags = a b"]
    for number in range(2):
        lines += [f"[app#{number}]", "type = forking", f"start = {{fs#{number}.path}}/run start", "check = true", "timeout = 1m30s"]
    (etc / f"{name}.conf").write_text("\n".join(lines) + "\n")


def start(folder: Path, environment: Mapping[str, str]) -> None:
    """A start of 7 resources beyond what their scripts take by themselves."""
    scripts = [str(folder / "etc" / f"svc1.{number}.sh") for number in range(2)]
    agent, alone = [], []
    for _ in range(RUNS):
        begun = time.perf_counter()
        subprocess.run([BIN / "svcmgr", "-s", "svc1", "start", "--local"], env=environment, check=True, stdout=subprocess.DEVNULL)
        agent.append(time.perf_counter() - begun)
        subprocess.run([BIN / "svcmgr", "-s", "svc1", "stop", "--local"], env=environment, check=True, stdout=subprocess.DEVNULL)
        begun = time.perf_counter()
        for script in scripts:
            for word, code in (("status", 1), ("start", 0), ("status", 0)):
                assert subprocess.run([script, word], check=False).returncode == code
        alone.append(time.perf_counter() - begun)
        for script in scripts:
            subprocess.run([script, "stop"], check=True)
    beyond = statistics.median(agent) - statistics.median(alone)
    report("start of these 7 resources", beyond, f"beyond their scripts alone ({statistics.median(alone) * 1e3:.0f} ms)", 0.3)


if __name__ == "__main__":
    sys.exit(main(measure))
