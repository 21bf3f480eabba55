"""Limits: how long the commands of an application may take."""

from __future__ import annotations

from typing import Final

from opensvc_applications.process import Launcher
from opensvc_core.api import Keyword, duration

# A status never hangs, whatever the file says.
_LOOK: Final = 60.0
_SETTLE: Final = 5.0


def _timeout(action: str, default: str = "`timeout`") -> Keyword[float | None]:
    return Keyword(duration, scopable=True, text=f"Seconds that `{action}` may take; default: {default}.", example="1m")


class Limited(Launcher):
    """A resource whose start, stop, check and information are commands, each with its time limit."""

    timeout = Keyword(duration, scopable=True, text="Seconds that each of the commands may take; default: no limit.", example="5m")
    start_timeout = _timeout("start", "`timeout`; also the time that the check is given to say up, else 5 seconds")
    stop_timeout = _timeout("stop")
    check_timeout = _timeout("check", "`timeout`, else 60 seconds")
    info_timeout = _timeout("info", "`timeout`, else 60 seconds")

    def settle(self, verb: str) -> float:
        """As long as the file gives a start or a stop."""
        return (self.start_timeout if verb == "start" else self.stop_timeout or self.timeout) or _SETTLE

    def limit(self, action: str) -> float | None:
        """Seconds that `start` or `stop` may take; None: no limit."""
        return (self.start_timeout if action == "start" else self.stop_timeout) or self.timeout or None

    def patience(self, action: str) -> float:
        """Seconds that `check` or `info`, which only look, may take."""
        return (self.check_timeout if action == "check" else self.info_timeout) or self.timeout or _LOOK
