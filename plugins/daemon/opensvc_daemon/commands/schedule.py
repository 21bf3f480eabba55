"""schedule run: a daemon has a scheduler of its own, so cron and its timer have nothing to do."""

from __future__ import annotations

from typing import Any

from opensvc_daemon.commands.reaching import reach


def take(session: Any, _arguments: Any) -> int | None:
    """Nothing, where a daemon answers."""
    return None if reach(session) is None else 0
