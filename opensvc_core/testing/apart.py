"""Mount namespaces of tests, which keep nothing busy that other tests have mounted."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

_SCRIPT = """found=$(cat /proc/self/mountinfo)
printf '%s\\n' "$found" | while read -r id parent device root point rest; do
    point=$(printf %b "$point")
    case $point in {kept} | {kept}/*) ;; {top}/*) umount -l "$point" 2>/dev/null || : ;; esac
done
"""


def give_back(kept: Path = Path("/nowhere")) -> str:
    """The first lines of a shell script that runs in a mount namespace of its own.

    A new namespace has a copy of each mount, so that what is unmounted outside stays in use for as long as the copy is there. All
    below the folder for temporary files is unmounted in it, but for what is below `kept`.
    """
    return _SCRIPT.format(kept=shlex.quote(str(kept)), top=shlex.quote(tempfile.gettempdir()))
