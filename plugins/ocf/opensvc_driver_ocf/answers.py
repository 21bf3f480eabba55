"""Answers: what the exit code of an agent means.

Source: the Open Cluster Framework's resource agent API 1.1, "Exit status codes"; 190 and 191 are of its version 1.1.
"""

from __future__ import annotations

from typing import Final

from opensvc_core.api import CommandResult, Observation, Status

SUCCESS, FAILED, UNIMPLEMENTED, NOT_RUNNING = 0, 1, 3, 7
# Who runs a command tells in these ways that it could not be run, or took too long.
_TIME_IS_UP, _NOT_EXECUTABLE, _NOT_FOUND = 124, 126, 127
MEANINGS: Final = {
    1: "failed",
    2: "was called with arguments that it does not understand",
    3: "does not implement this",
    4: "lacks the rights it needs",
    5: "needs something that is not installed here",
    6: "is not configured correctly",
    7: "is not running",
    8: "is running as promoted",
    9: "failed as promoted",
    190: "is degraded",
    191: "is degraded, as promoted",
}
_STATUSES: Final = {0: Status.UP, 7: Status.DOWN, 8: Status.UP, 190: Status.WARN, 191: Status.WARN, 1: Status.WARN, 9: Status.WARN}
_REASON: Final = "ocf-exit-reason:"
_ERROR: Final = " ERROR: "


def answer(result: CommandResult, timeout: float) -> Observation:
    """The status that a monitor's exit code means; of one that can't tell it, undef with the reason."""
    if result.code in (SUCCESS, NOT_RUNNING):
        return Observation(_STATUSES[result.code])
    if result.code == _TIME_IS_UP and result.seconds >= timeout:
        return Status.UNDEF.because(f"monitor: {result.stderr}")
    level = "info" if result.code == 8 else "warn"
    return _STATUSES.get(result.code, Status.UNDEF).because(f"monitor: {meaning(result)}", level=level)


def meaning(result: CommandResult) -> str:
    """What an agent came to, with the reason that it gave."""
    if result.code in (_NOT_EXECUTABLE, _NOT_FOUND) and result.stderr.strip():
        return result.stderr.strip().splitlines()[-1]
    ending = f"ended by signal {-result.code}" if result.code < 0 else f"exit code {result.code}"
    told = MEANINGS.get(result.code, "")
    why = reason(result.stdout + "\n" + result.stderr)
    return " ".join(filter(None, (told, f"({ending})" if told else ending))) + (f": {why}" if why else "")


def reason(output: str) -> str:
    """The last reason that an agent has given in its output, else the last error that it has logged there, or an empty text."""
    lines = output.splitlines()
    for mark in (_REASON, _ERROR):
        if found := [line.partition(mark)[2].strip() for line in lines if mark in line]:
            return found[-1]
    return ""
