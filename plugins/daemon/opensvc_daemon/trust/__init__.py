"""Trust: the cluster's certificate authority, its secret, and how a node becomes a member.

What commands call stands here, and is imported when it is asked for: the daemon needs the half of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opensvc_daemon.trust import tokens
    from opensvc_daemon.trust.joining import join, rejoin
    from opensvc_daemon.trust.leaving import leave
    from opensvc_daemon.trust.membership import install_cluster_text
    from opensvc_daemon.trust.preparing import prepare
    from opensvc_daemon.trust.rotating import rotate

__all__ = ["install_cluster_text", "join", "leave", "prepare", "rejoin", "rotate", "tokens"]
_PLACES: Final = {
    "install_cluster_text": "membership",
    "join": "joining",
    "leave": "leaving",
    "prepare": "preparing",
    "rejoin": "joining",
    "rotate": "rotating",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name == "tokens":
        return import_module("opensvc_daemon.trust.tokens")
    if name in _PLACES:
        return getattr(import_module(f"opensvc_daemon.trust.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
