"""The driver sync.config: the files of the service itself."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from opensvc_core.api import Command
from opensvc_driver_sync_rsync.replica import EXACT_TIMES, Replica

# The files are small.
_LIMIT: Final = 300.0


class Configuration(Replica):
    """The configuration of the service, the links to its command and its launchers, and the folder of these.

    It is there by itself, as sync#i0, where the service has several nodes.
    """

    id = "sync.config"
    older_sections = ("sync-rsync",)
    carries_configuration: ClassVar[bool] = True

    @property
    def destination(self) -> str:
        """A folder that the agent there takes them from when all of them have come."""
        return f"{self.context.var_dir}/incoming/"

    def label(self) -> str:
        """To whom."""
        return "rsync svc config to drpnodes, nodes" if self.context.service.drpnodes else "rsync svc config to nodes"

    def classic_label(self) -> str:
        """To whom it could be."""
        return "rsync svc config to drpnodes, nodes"

    def receivers(self) -> Sequence[str]:
        """All nodes of the service."""
        service = self.context.service
        return list(dict.fromkeys((*service.nodes, *service.drpnodes)))

    def sources(self) -> Sequence[str]:
        """The file, then what belongs to it, each with its place below the folder of configurations."""
        service = self.context.service
        return [self._placed(path) for path in (service.file, *service.beside())]

    def rsync(self, sources: Sequence[str], node: str) -> Command:
        """The copy to one node, into an empty folder or one that an earlier copy has left."""
        folder = self.destination
        if self.shell.by:  # sudo is granted for rsync, not for mkdir
            return self.command(["-aR", "--delete", EXACT_TIMES, "--mkpath"], sources, node, timeout=_LIMIT)
        return self.command(["-aR", "--delete", EXACT_TIMES], sources, node, first=f"mkdir -p -m 700 {shlex.quote(folder)}", timeout=_LIMIT)

    def _placed(self, path: Path) -> str:
        """A path for rsync -R: what stands after `/./` is made there too."""
        top = self._top()
        return f"{top}/./{path.relative_to(top)}"

    def _top(self) -> Path:
        """The folder of configurations: above the file stand the names of its namespace and kind, where it has any."""
        service = self.context.service
        return service.file.parents[len(Path(service.path.config_path).parts) - 1]
