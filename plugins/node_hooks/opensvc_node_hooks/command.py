"""om node print hooks: the hooks of this node."""

from __future__ import annotations

import shlex
from typing import Any

from opensvc_node_hooks.configured import CONFIGURED


def run(session: Any, _arguments: Any) -> int:
    """Print a line for each hook."""
    for name, hook in CONFIGURED.hooks():
        print(f"{name}  {' '.join(hook.events)}  {shlex.join(hook.command)}", file=session.stdout)
    return 0
