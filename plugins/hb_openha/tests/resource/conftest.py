"""The tree of an OpenHA cluster, written by hand: its files, and programs that are there to be seen."""

import subprocess
import sys
from pathlib import Path

import pytest
from opensvc_openha.states import written
from opensvc_openha.tree import Tree

MONITOR = "n1 net lo 239.131.50.10 5010 10\nn2 net lo 239.131.50.11 5011 10\n"
PROGRAMS = ("heartd lo 239.131.50.10 5010", "heartc lo 239.131.50.11 5011 10", "nmond")
# A program that is seen in the list of processes until its input ends.
_WAITING = f"#!{sys.executable}\nimport sys\nsys.stdin.read()\n"


class HandMade:
    """The tree below a folder, with the service `web` of the nodes n1 and n2."""

    def __init__(self, folder):
        self.folder, self.tree = folder, Tree.below(folder)
        self._running = []
        for path in (self.tree.bin, self.tree.monitor.parent, self.tree.folder("web")):
            path.mkdir(parents=True)
        self.tree.monitor.write_text(MONITOR)
        self.declare()

    def declare(self, *, check="/bin/true", nodes="n1 n2", name="web"):
        """Write the line of the service."""
        self.tree.services.write_text(f"{name} /etc/opensvc/web.cluster {nodes} {check}\n")

    def say(self, **states):
        """Write what the nodes are said to do: `say(n1=State.STARTED)`."""
        for node, state in states.items():
            self.tree.state("web", node).write_bytes(written(state))

    def run(self, *programs):
        """Have programs in the list of processes: those named, else all that have to run."""
        for line in programs or PROGRAMS:
            name, *arguments = line.split()
            program = self.tree.bin / name
            program.write_text(_WAITING)
            program.chmod(0o755)
            self._running.append(subprocess.Popen([program, *arguments], stdin=subprocess.PIPE))

    def end(self, name=""):
        """End the programs of a name, or all of them."""
        for process in [one for one in self._running if name in ("", Path(one.args[0]).name)]:
            process.stdin.close()
            process.wait(timeout=30)
            self._running.remove(process)


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A tree that this process and its commands take for the host's; none of its programs run."""
    made = HandMade(tmp_path / "cluster")
    for name in ("EZ_BIN", "EZ_NODES", "EZ_MONITOR", "EZ_SERVICES", "EZ_LOG", "EZ_VAR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EZ", str(made.folder))
    yield made
    made.end()
