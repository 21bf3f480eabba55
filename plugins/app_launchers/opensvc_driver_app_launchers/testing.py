"""How the conformance suite tries app.launchers. No section describes it: its folder is made before the service."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Final

from opensvc_core.api import Node, Service
from opensvc_core.testing.conformance import Bench, Case, Conformance
from opensvc_core.testing.nodes import processes_of


class Promises(Conformance):
    """A daemon with one launcher, which knows it by its number in a file."""

    def fresh(self, node: Node, tmp_path: Path, name: str = "conformance") -> Bench:
        """The services of one test have their launchers first."""
        script, hangs = tmp_path / f"{name}.launcher", tmp_path / f"{name}.hang"
        script.write_text(_LAUNCHER.replace("FILE", quote(str(tmp_path / f"host.{name}" / "pid"))))
        hangs.write_text("#!/bin/sh\nsleep 985 & sleep 984\n")
        for path in (script, hangs):
            path.chmod(0o755)
        for service, begins in ((name, {"S10web": script}), ("rollback", {"S10web": script}), ("hanging", {"S20hang": hangs})):
            folder = node.paths.etc / f"{service}.d"
            folder.mkdir(parents=True, exist_ok=True)
            for link, target in {**begins, "K90web": script, "C50web": script}.items():
                (folder / link).unlink(missing_ok=True)
                (folder / link).symlink_to(target)
        return super().fresh(node, tmp_path, name)

    def case(self, folder: Path) -> Case:
        """The file is what it touches."""
        hanging = "[DEFAULT]\nstart_timeout = 0.5s\n"
        return Case("[DEFAULT]\n", rid="app", footprint=(folder / "pid").exists, remove=_end, hanging=hanging, limit=60.0)


_LAUNCHER: Final = """#!/bin/sh
case $1 in
start) sleep 986 >/dev/null 2>&1 & echo $! > FILE ;;
stop) test ! -s FILE || kill "$(cat FILE)" 2>/dev/null; rm -f FILE ;;
status) test -s FILE && grep -q . "/proc/$(cat FILE)/cmdline" 2>/dev/null ;;
esac
"""


def _end(service: Service) -> None:
    """End the daemon, whose file stays."""
    service.node.host.end_processes(processes_of(service), grace=1.0)
