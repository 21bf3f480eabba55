"""How the conformance suite tries task.host."""

from __future__ import annotations

from pathlib import Path
from shlex import join

from opensvc_core.testing.conformance import Case, TaskConformance


class Promises(TaskConformance):
    """A command that is over at once, and one that is not."""

    def case(self, folder: Path) -> Case:
        """A file in the folder."""
        text = f"[task#1]\ntype = host\ncommand = {join(['touch', f'{folder}/done'])}\n"
        hanging = "[task#1]\ntype = host\ncommand = sleep 983 & sleep 982; true\ntimeout = 0.5s\noptional = false\n"
        return Case(text, rid="task#1", hanging=hanging)
