"""The fence agent stonith.qemu."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from typing import Final

from opensvc_core.api import ActionFailed, FenceAgent, Keyword, text
from opensvc_driver_fence_qemu.monitor import Lost, Monitor, NobodyThere

# Seconds between two looks at whether the monitor still answers.
_PAUSE: Final = 0.1


class QemuAgent(FenceAgent):
    """A virtual machine, ended through the monitor of its QEMU process (QMP, on a unix socket or over TCP).

    Its processors are halted first, which ends all that it writes; the monitor confirms that; then the process is ended.
    """

    id = "stonith.qemu"
    monitor = Keyword(
        text,
        required=True,
        scopable=True,
        inherit="",
        text="The monitor: the path of its socket, or host:port. QEMU is started with `-qmp unix:PATH,server=on,wait=off`.",
        example="/run/qemu/n2.qmp",
    )
    absent = Keyword(
        text,
        default="failed",
        candidates=("failed", "off"),
        scopable=True,
        inherit="",
        text="What it means where nobody listens: `failed`, or `off` where a machine that runs always has this monitor.",
    )

    def fence(self, limit: float) -> None:
        """Halt it, make sure, end it."""
        end = time.monotonic() + limit
        try:
            self._end(end)
        except NobodyThere as error:
            if self.absent != "off":
                raise ActionFailed(
                    f"{error}: {self.place.target} may be off, or have another monitor; 'absent = off' where it has no other"
                ) from error
        except (Lost, OSError) as error:
            raise ActionFailed(f"{self.place.target} is not known to be off: {error}") from error

    def _end(self, end: float) -> None:
        with closing(Monitor(self.monitor, end)) as monitor:
            monitor.ask("qmp_capabilities")
            monitor.ask("stop")
            status = monitor.ask("query-status")
            if status.get("running") is not False:
                raise Lost(f"its monitor says {status.get('status', 'nothing')!r} after the order to halt")
            with suppress(Lost, OSError):  # the answer may be lost with the process
                monitor.ask("quit")
            if monitor.is_watched:
                monitor.wait_for_end()
                return
        self._wait_for_nobody(end)

    def _wait_for_nobody(self, end: float) -> None:
        """The machine is on another host: its monitor has to be gone."""
        while time.monotonic() < end:
            try:
                Monitor(self.monitor, end).close()
            except NobodyThere:
                return
            except (Lost, OSError):
                pass  # it is about to end
            time.sleep(_PAUSE)
        raise Lost("its monitor still answers")
