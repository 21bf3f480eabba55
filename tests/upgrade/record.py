"""Record what this version keeps on disk, for the tests of those that follow: `python tests/upgrade/record.py`, as root, at a release.

A node with a daemon is made below a folder: a service that is up, one that is frozen, one with a task that was run; what it has
written in `etc`, `var` and `log` is kept below `tests/upgrade/VERSION`. Keys are left out: they are certificates, and would end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from opensvc_core import __version__

HERE = Path(__file__).parent
OM = Path(sys.executable).with_name("om")
KEPT = ("etc", "var", "log")
LEFT_OUT = shutil.ignore_patterns("trust", "edits", "lock.*", "daemon.*", "output")
COMMANDS = (
    "cluster set --kw cluster.name=upgraded --kw cluster.nodes=n1 --kw listener.port=0",
    "web create --kw nodes=n1 --kw orchestrate=ha --kw fs#1.type=flag",
    "db create --kw nodes=n1 --kw fs#1.type=ext4 --kw fs#1.dev=/dev/null --kw fs#1.mnt=/mnt/db1 "
    "--kw fs#2.type=ext4 --kw fs#2.dev=/dev/zero --kw fs#2.mnt=/mnt/db2",
    "db set provisioned --rid fs#1",
    "db set unprovisioned --rid fs#2",
    "db set --kw comment=changed",
    "job create --kw nodes=n1 --kw task#1.type=host --kw task#1.command=/bin/true --kw task#1.schedule=@1d",
    "job run --local",
    "job push resinfo",
    "daemon start",
    "web start --wait --time 1m",
    "daemon stop",
    "node freeze --local",
)


def record(root: Path, target: Path) -> None:
    """Do it below a folder."""
    environment = {**os.environ, "OSVC_ROOT_PATH": str(root), "OSVC_NODENAME": "n1"}
    for command in COMMANDS:
        done = subprocess.run([str(OM), *command.split()], env=environment, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            sys.exit(f"om {command}: {done.returncode}\n{done.stdout}{done.stderr}")
        if command == "daemon start":
            _wait_idle(environment)
    for name in KEPT:
        shutil.copytree(root / name, target / name, ignore=LEFT_OUT, symlinks=True)


def _wait_idle(environment: dict[str, str]) -> None:
    """Until the daemon is at work."""
    end = time.monotonic() + 60
    while b", idle" not in subprocess.run([OM, "daemon", "status"], env=environment, capture_output=True, check=False).stdout:
        if time.monotonic() > end:
            sys.exit("the daemon does not come to rest")
        time.sleep(0.1)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder), HERE / __version__)
