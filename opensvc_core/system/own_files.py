"""Own files: what stands beside the configuration of a service and belongs to it."""

from __future__ import annotations

import os
from pathlib import Path


def beside(file: Path) -> list[Path]:
    """The link to the service's command, the folder of its launchers and the link to that, as far as they are there."""
    base = os.path.splitext(file)[0]  # noqa: PTH122 - a name may have dots
    links = [Path(base)] if Path(base).is_symlink() else []
    return [*links, *(path for path in (Path(f"{base}.d"), Path(f"{base}.dir")) if os.path.lexists(path))]
