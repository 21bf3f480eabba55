"""Starts, stops, watches and fails over services on Linux."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opensvc_core.instance.node import Node

__version__ = "3.0.0"
__all__ = ["Node", "__version__"]


def __getattr__(name: str) -> Any:
    """Import `Node` when it is first asked for: `import opensvc_core` alone stays cheap."""
    if name == "Node":
        from opensvc_core.instance.node import Node  # noqa: PLC0415 - the deferred import is the point

        return Node
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
