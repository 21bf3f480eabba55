"""How the conformance suite tries hb.openha: with the tree of a cluster, written by hand, and programs that are there to be seen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from opensvc_openha.states import State, written
from opensvc_openha.tree import Tree

from opensvc_core.api import Status
from opensvc_core.testing.bench import picture
from opensvc_core.testing.telling import TellingCase, TellingConformance
from opensvc_driver_hb_openha.driver import OpenHA

_MONITOR: Final = "n1 net lo 239.131.50.10 5010 10\nn2 net lo 239.131.50.11 5011 10\n"
_PROGRAMS: Final = ("heartd lo 239.131.50.10 5010", "heartc lo 239.131.50.11 5011 10", "nmond")
# A program that is seen in the list of processes until its input ends.
_WAITING: Final = f"#!{sys.executable}\nimport sys\nsys.stdin.read()\n"


class HandMade:
    """The tree below a folder, with the service `web` of the nodes n1 and n2."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tree = folder, Tree.below(folder)
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        for path in (self.tree.bin, self.tree.monitor.parent, self.tree.folder("web")):
            path.mkdir(parents=True)
        self.tree.monitor.write_text(_MONITOR)
        self.declare()

    def declare(self, *, check: str = "/bin/true", nodes: str = "n1 n2", name: str = "web") -> None:
        """Write the line of the service."""
        self.tree.services.write_text(f"{name} /etc/opensvc/web.cluster {nodes} {check}\n")

    def say(self, **states: State) -> None:
        """Write what the nodes are said to do: `say(n1=State.STARTED)`."""
        for node, state in states.items():
            self.tree.state("web", node).write_bytes(written(state))

    def run(self, *programs: str) -> None:
        """Have programs in the list of processes: those named, else all that have to run."""
        for line in programs or _PROGRAMS:
            name, *arguments = line.split()
            program = self.tree.bin / name
            program.write_text(_WAITING)
            program.chmod(0o755)
            self._running.append((name, subprocess.Popen([program, *arguments], stdin=subprocess.PIPE)))

    def end(self, name: str = "") -> None:
        """End the programs of a name, or all of them."""
        for one in [one for one in self._running if name in ("", one[0])]:
            one[1].communicate(timeout=30)
            self._running.remove(one)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HandMade]:
    """A tree that this process and its commands take for the host's; none of its programs run."""
    made = HandMade(tmp_path / "cluster")
    for name in ("EZ_BIN", "EZ_NODES", "EZ_MONITOR", "EZ_SERVICES", "EZ_LOG", "EZ_VAR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EZ", str(made.folder))
    yield made
    made.end()


class Promises(TellingConformance):
    """A cluster that says what it does with a service."""

    def lacks(self) -> str:
        """What the driver looks at."""
        return OpenHA.host_problem()

    @pytest.fixture(autouse=True)
    def _cluster(self, cluster: HandMade) -> None:
        self.cluster = cluster
        cluster.run()

    def case(self, _folder: Path) -> TellingCase:
        """Started there, stopped there, and left alone."""
        return TellingCase(
            "[DEFAULT]\nnodes = n1 n2\n[hb#0]\ntype = OpenHA\nname = web\n",
            rid="hb#0",
            footprint=lambda: picture(self.cluster.folder, is_dated=True),
            told={
                Status.UP: lambda: self.cluster.say(n1=State.STARTED),
                Status.DOWN: lambda: self.cluster.say(n1=State.STOPPED),
                Status.WARN: lambda: self.cluster.say(n1=State.FROZEN_STOP),
            },
        )
