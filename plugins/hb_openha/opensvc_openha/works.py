"""Works: the scripts of services and the fence, run beside the manager, each with its limit of time."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

from opensvc_core.system.logfile import opened


class Running:
    """A command that was begun; it and what it starts are one process group. Output goes to the end of a log file,
    which is put aside when it is full.

    `limit`: seconds after which it is ended, 0: never; `polite`: seconds between a polite and a hard end.
    """

    def __init__(
        self,
        argv: Sequence[str],
        output: Path,
        limit: float,
        environment: Mapping[str, str] | None = None,
        *,
        polite: float = 5.0,
    ) -> None:
        self.argv, self._limit, self._polite, self._begun = tuple(argv), limit, polite, monotonic()
        self._ending: float | None = None
        self.text = ""
        self._process: subprocess.Popen[bytes] | None = None
        try:
            file = opened(output)
            try:
                self._process = subprocess.Popen(
                    self.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **(environment or {})},
                    start_new_session=True,
                    restore_signals=True,
                )
            finally:
                os.close(file)
        except OSError as error:
            self.text = f"{argv[0]} can't be run: {error.strerror}"

    def done(self) -> bool | None:
        """Whether it succeeded; None: it still runs. Over its limit it is ended, and has failed."""
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            self._limited()
            return None
        name = " ".join(self.argv)
        if self._ending is not None:
            self.text = f"{name} was ended: it ran for over {self._limit:g} seconds"
        elif code < 0:
            self.text = f"{name} was terminated by signal {-code}"
        elif code:
            self.text = f"{name} exited with {code}"
        return code == 0 and self._ending is None

    def wait(self) -> bool:
        """Wait for its end, and tell whether it succeeded."""
        while (result := self.done()) is None:
            try:
                assert self._process is not None
                self._process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
        return result

    def _limited(self) -> None:
        if self._limit and monotonic() - self._begun > self._limit:
            if self._ending is None:
                self._ending = monotonic()
                self._signal(signal.SIGTERM)
            elif monotonic() - self._ending > self._polite:
                self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return
