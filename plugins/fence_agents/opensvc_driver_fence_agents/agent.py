"""The fence agent stonith.fence_agents."""

from __future__ import annotations

import shutil
import time
from typing import Final

from opensvc_core.api import ActionFailed, ActionTimeout, Command, CommandResult, FenceAgent, Keyword, text

# What `status` exits with: the API of fence agents (FenceAgentAPI.md of ClusterLabs).
_IS_OFF: Final = 2
# Seconds between two questions, and the least that one is given.
_PAUSE: Final = 1.0
_LEAST: Final = 0.1
# Words of the section that are ours. What is asked of the agent is not the administrator's choice.
_OURS: Final = frozenset({"type", "comment", "timeout", "agent"})
_OURS_ALONE: Final = frozenset({"action", "option"})


class PackagedAgent(FenceAgent):
    """An agent of the fence-agents packages: told to switch the node off, then asked until it says that the node is off.

    All other words of the section are parameters of the agent (`fence_ipmilan -o metadata` lists them), and reach it through its
    standard input.
    """

    id = "stonith.fence_agents"
    hands_words_on = True
    agent = Keyword(
        text,
        required=True,
        scopable=True,
        inherit="",
        text="The agent's program, as `fence_ipmilan` or with its path.",
        example="fence_ipmilan",
    )

    def problem(self) -> str:
        """Whether there is such an agent, and whether its parameters can be told to it."""
        name = self.place.name
        if taken := sorted(_OURS_ALONE & self.place.words.keys()):
            return f"{name}.{taken[0]} is no choice: a node is switched off, and its status asked; take the word out"
        if broken := [word for word, value in self.place.words.items() if "\n" in value]:
            return f"{name}.{broken[0]} has several lines: fence agents read one for each parameter"
        if not shutil.which(self.agent):
            return f"{name}.agent: there is no program {self.agent!r} on this node; Debian's packages fence-agents-… bring them"
        return ""

    def fence(self, limit: float) -> None:
        """Switch it off, and ask until it is."""
        if problem := self.problem():
            raise ActionFailed(problem)
        end = time.monotonic() + limit
        ordered = self._run("off", end)
        while (asked := self._run("status", end)).code != _IS_OFF:
            # the order may have failed because the device is slow: only what it says of the node counts
            if ordered.code != 0 or time.monotonic() + _PAUSE >= end:
                raise ActionFailed(self._finding(ordered, asked, limit))
            time.sleep(_PAUSE)

    def _run(self, action: str, end: float) -> CommandResult:
        words = {name: value for name, value in self.place.words.items() if name not in _OURS} | {"action": action}
        given = "".join(f"{name}={value}\n" for name, value in words.items())
        left = max(end - time.monotonic(), _LEAST)
        try:
            return self.place.run(Command([self.agent], timeout=left, stdin=given))
        except ActionTimeout as error:
            raise ActionTimeout(f"{self.agent} did not answer to '{action}' in time: {self.place.target} is not known to be off") from error

    def _finding(self, ordered: CommandResult, asked: CommandResult, limit: float) -> str:
        target = self.place.target
        if ordered.code != 0:
            return f"{self.agent} could not switch {target} off (exit code {ordered.code}){_said(ordered)}"
        if asked.code == 0:
            return f"{self.agent} says that {target} is still on after {limit:g} s"
        return f"{self.agent} can't tell whether {target} is off (exit code {asked.code}){_said(asked)}"


def _said(result: CommandResult) -> str:
    """The first thing it says: a hint to its usage often follows."""
    lines = (result.stderr or result.stdout).strip().splitlines()
    return f": {lines[0]}" if lines else ""
