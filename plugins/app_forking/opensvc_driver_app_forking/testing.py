"""How the conformance suite tries app.forking."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Final

from opensvc_core.api import Service
from opensvc_core.testing.conformance import Case, Conformance
from opensvc_core.testing.nodes import processes_of


class Promises(Conformance):
    """A daemon with a launcher, which knows it by its number in a file."""

    def case(self, folder: Path) -> Case:
        """The launcher stands beside the folder."""
        script, file = folder.with_name(f"{folder.name}.launcher"), folder / "pid"
        script.write_text(_LAUNCHER.replace("FILE", quote(str(file))))
        script.chmod(0o755)
        text = f"[app#1]\ntype = forking\nscript = {script}\nstart = true\nstop = true\ncheck = true\n"
        hanging = text.replace("start = true", f"start = {quote(str(script))} hang\nstart_timeout = 0.5s")
        return Case(text, rid="app#1", footprint=file.exists, remove=_end, hanging=hanging, limit=60.0)


_LAUNCHER: Final = """#!/bin/sh
case $1 in
start) sleep 986 >/dev/null 2>&1 & echo $! > FILE ;;
stop) test ! -s FILE || kill "$(cat FILE)" 2>/dev/null; rm -f FILE ;;
status) test -s FILE && grep -q . "/proc/$(cat FILE)/cmdline" 2>/dev/null ;;
hang) sleep 985 & sleep 984 ;;
esac
"""


def _end(service: Service) -> None:
    """End the daemon, whose file stays."""
    service.node.host.end_processes(processes_of(service), grace=1.0)
