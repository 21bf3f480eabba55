"""Words: how what people asked for is called where it is expected of an instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Data = Mapping[str, Any]
# What a node announces before it falls silent for a moment; how a node is reached of whom what is known is of now.
AWAITED: Final = ("maintenance", "upgrade")
HEARD: Final = ("beating", "heard")
# What a request makes of a service.
EXPECTS: Final[Mapping[str, str]] = {
    "start": "started",
    "stop": "stopped",
    "restart": "restarted",
    "freeze": "frozen",
    "thaw": "thawed",
    "switch": "placed",
    "takeover": "placed",
    "giveback": "placed",
    "provision": "provisioned",
    "unprovision": "unprovisioned",
    "purge": "purged",
    "delete": "deleted",
    "shutdown": "shutdown",
}


def global_expect(request: Data | None) -> str:
    """What a request that is still followed makes of the service: `started`, `placed@n2`; else an empty text."""
    if not request or request.get("progress", "active") != "active":
        return ""
    expect = EXPECTS.get(request.get("wish", ""), "")
    to = ",".join(request.get("to") or ())
    return f"{expect}@{to}" if expect and to else expect
