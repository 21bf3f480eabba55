"""The fence agent stonith.command."""

from __future__ import annotations

import shutil

from opensvc_core.api import ActionFailed, Command, FenceAgent, Keyword, Setting, command_words


class CommandAgent(FenceAgent):
    """A command that ends a node: when it exits with 0, the node is confirmed to be down."""

    id = "stonith.command"
    older_sections = ("stonith",)
    cmd = Keyword(
        command_words,
        required=True,
        scopable=True,
        inherit="",
        aliases=("command",),
        text="The command. It exits with 0 only when the node is known to be down.",
        example="/usr/local/sbin/power_off n2",
    )

    def problem(self) -> str:
        """Whether there is such a program."""
        program = self.cmd[0] if self.cmd else ""
        return "" if shutil.which(program) else f"{self.place.name}.cmd: there is no program {program!r} on this node"

    def fence(self, limit: float) -> None:
        """Run it. Its environment names the node: OPENSVC_FENCED_NODE."""
        setting = Setting(environment={"OPENSVC_FENCED_NODE": self.place.target})
        done = self.place.run(Command(self.cmd, timeout=limit, setting=setting))
        if done.code != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            why = f": {said[-1]}" if said else ""
            raise ActionFailed(f"{self.cmd[0]} ended with exit code {done.code}, so {self.place.target} is not known to be down{why}")
