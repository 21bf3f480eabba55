"""The services that are put on a cluster for trial: a witness, with an address or a file system where a test wants one."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# every node has it there: the lab's own folder
FOLDER: Final = "/run/lab/witness"
PORT: Final = 7777
PROGRAM: Final = [sys.executable, "-I", "-S", str(Path(__file__).with_name("witness.py")), FOLDER]


@dataclass(frozen=True)
class Trial:
    """A service with a witness.

    more -- lines for its [DEFAULT]
    app -- lines for the section of its witness
    address -- an IPv4 address of its own, on which the witness answers
    disk -- the name of a shared disk of the lab with a file system: data that is at stake
    has_witness -- else it is the rest alone
    """

    name: str = "svc1"
    nodes: str = "n1 n2"
    more: str = ""
    app: str = ""
    address: str = ""
    disk: str = ""
    has_witness: bool = True

    @property
    def text(self) -> str:
        """Its file."""
        sections = [f"[DEFAULT]\nnodes = {self.nodes}\norchestrate = ha\n{self.more}"]
        words = [*PROGRAM, self.name]
        if self.address:
            sections.append(f"[ip#1]\nipname = {self.address}\nnetmask = 24\nipdev = eth0")
            words += [self.address, str(PORT)]
        if self.disk:
            sections.append(f"[fs#1]\ntype = ext4\ndev = /run/shared/{self.disk}\nmnt = /srv/{self.name}")
        if self.has_witness:
            sections.append(f"[app#1]\ntype = simple\nstart = {shlex.join(words)}\n{self.app}")
        return "\n\n".join(sections) + "\n"
