"""How the conformance suite tries app.ocf: with agents that everybody has who has any."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from opensvc_core.testing.conformance import Case, Conformance

_AGENTS: Final = Path("/usr/lib/ocf/resource.d/heartbeat")


class Promises(Conformance):
    """The agent of a symbolic link, which takes paths as they come."""

    def lacks(self) -> str:
        """It, and the one that waits."""
        missing = [name for name in ("symlink", "Delay") if not (_AGENTS / name).exists()]
        return f"no agent {' and '.join(missing)} in {_AGENTS}: apt-get install resource-agents" if missing else ""

    def case(self, folder: Path) -> Case:
        """A link in the folder."""
        link = folder / "link"
        text = f"[app#1]\ntype = ocf\nagent = ocf:heartbeat:symlink\nlink = {link}\ntarget = /dev/null\n"
        hanging = "[app#1]\ntype = ocf\nagent = ocf:heartbeat:Delay\nstartdelay = 60\nmondelay = 0\nstopdelay = 0\nstart_timeout = 0.5s\n"
        return Case(text, rid="app#1", remove=lambda _service: link.unlink(), hanging=hanging, limit=10.0)
