"""Effects: what an action that was done leaves of its instance. A table, for whoever carries decisions out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The fields of an InstanceView that it sets.
DONE: Mapping[str, Mapping[str, Any]] = {
    "start": {"expects_up": True, "is_left": False},
    "restart": {"expects_up": True, "is_left": False},
    "stop": {"expects_up": False, "is_left": False},
    "shutdown": {"expects_up": False, "is_left": False},
    "switch": {"expects_up": False, "is_left": False},
    "freezestop": {"expects_up": False, "is_left": False, "is_frozen": True},
    "freeze": {"is_frozen": True},
    "thaw": {"is_frozen": False},
    "provision": {"is_provisioned": True, "is_incomplete": False},
    "unprovision": {"is_provisioned": False, "is_incomplete": False, "expects_up": False, "is_left": False},
}
REMOVING = frozenset({"delete", "purge"})
# What follows when a monitored resource stays down.
MONITOR_ACTIONS = frozenset({"switch", "freezestop"})
