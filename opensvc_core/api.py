"""The one door for plugins: all that a driver, a heartbeat, a fence agent or a hook may use of the core.

What stands in `__all__` is the contract: it changes with notice only, and `API_VERSION` counts the changes
([what is promised](../explanation/plugins.md)). What a plugin needs that runs services itself, as the
daemon does, is imported when it is first asked for: drivers are spared it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.config.converters import (
    boolean,
    comma_words,
    command_words,
    duration,
    duration_minutes,
    group_name,
    integer,
    limit_size,
    octal,
    reservation_key,
    schedule_text,
    shell_words,
    size,
    speed,
    text,
    tristate,
    user_name,
    word_set,
    words,
    words_lower,
)
from opensvc_core.config.findings import Finding, Severity
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.vocabulary import ResourceKeywords
from opensvc_core.driver.base import Resource
from opensvc_core.driver.capabilities import (
    ClusterManager,
    Companion,
    DataAtStake,
    Exclusive,
    ExposesDevices,
    Informative,
    Preflight,
    Provisionable,
    Runnable,
    SeenTogether,
    Standing,
    Startable,
    Syncable,
    Takeover,
    UsesDevices,
    Watch,
    Watchable,
)
from opensvc_core.driver.cluster import (
    LARGEST_BEAT,
    LARGEST_DATA,
    ClusterDriver,
    DataPath,
    FenceAgent,
    FencePlace,
    HeartbeatLink,
    LeaseSource,
    LinkPlace,
    WatchdogPlace,
    WatchdogTimer,
)
from opensvc_core.driver.context import Context, Log, ServiceFacts, System, service_environment
from opensvc_core.errors import (
    ActionFailed,
    ActionInterrupted,
    ActionRefused,
    ActionTimeout,
    ConfigError,
    Conflict,
    DriverUnavailable,
    LockTimeout,
    NoSuchObject,
    OpensvcError,
    UsageError,
)
from opensvc_core.hookspecs import hookimpl
from opensvc_core.model.commandline import Option, Verb
from opensvc_core.model.limits import Limits, ProcessGroup, Unmet, memory_bytes, processor_time
from opensvc_core.model.names import DriverId, Rid, ServicePath
from opensvc_core.model.operations import Already, Call, Command, CommandResult, Operation, Operations, Setting, Together
from opensvc_core.model.process import ProcessId
from opensvc_core.model.remote import RemoteShell
from opensvc_core.model.status import Message, Observation, Status, merge
from opensvc_core.plan.selection import Selection

if TYPE_CHECKING:
    from opensvc_core.cli.render.machine import status_json
    from opensvc_core.config.arbitration import ArbitratorKeywords
    from opensvc_core.config.document import Document
    from opensvc_core.config.guarding import guard_of
    from opensvc_core.config.orchestration import manager_of
    from opensvc_core.instance.ahead import Ahead
    from opensvc_core.instance.fencing import fence
    from opensvc_core.instance.journal import Journal
    from opensvc_core.instance.looking import Look
    from opensvc_core.instance.node import Node
    from opensvc_core.instance.request import Request
    from opensvc_core.instance.scheduled import scheduled
    from opensvc_core.instance.service import Service
    from opensvc_core.model.descent import Descent
    from opensvc_core.model.events import Level
    from opensvc_core.model.snapshot import InstanceStatus, Provisioned, ResourceStatus, ServiceStatus
    from opensvc_core.system.locks import InstanceLock

# The first number changes when something goes, the second when something is added: those of the core's version.
API_VERSION: Final = "3.0"

# What runs services, and where it is.
_EMBEDDED: Final = {
    "Ahead": "opensvc_core.instance.ahead",
    "ArbitratorKeywords": "opensvc_core.config.arbitration",
    "Descent": "opensvc_core.model.descent",
    "Document": "opensvc_core.config.document",
    "InstanceLock": "opensvc_core.system.locks",
    "InstanceStatus": "opensvc_core.model.snapshot",
    "Journal": "opensvc_core.instance.journal",
    "Level": "opensvc_core.model.events",
    "Look": "opensvc_core.instance.looking",
    "Node": "opensvc_core.instance.node",
    "Provisioned": "opensvc_core.model.snapshot",
    "Request": "opensvc_core.instance.request",
    "ResourceStatus": "opensvc_core.model.snapshot",
    "Service": "opensvc_core.instance.service",
    "ServiceStatus": "opensvc_core.model.snapshot",
    "fence": "opensvc_core.instance.fencing",
    "guard_of": "opensvc_core.config.guarding",
    "manager_of": "opensvc_core.config.orchestration",
    "scheduled": "opensvc_core.instance.scheduled",
    "status_json": "opensvc_core.cli.render.machine",
}

__all__ = [
    "API_VERSION",
    "LARGEST_BEAT",
    "LARGEST_DATA",
    "ActionFailed",
    "ActionInterrupted",
    "ActionRefused",
    "ActionTimeout",
    "Ahead",
    "Already",
    "ArbitratorKeywords",
    "Call",
    "ClusterDriver",
    "ClusterManager",
    "Command",
    "CommandResult",
    "Companion",
    "ConfigError",
    "Conflict",
    "Context",
    "DataAtStake",
    "DataPath",
    "Declares",
    "Descent",
    "Document",
    "DriverId",
    "DriverUnavailable",
    "Exclusive",
    "ExposesDevices",
    "FenceAgent",
    "FencePlace",
    "Finding",
    "HeartbeatLink",
    "Informative",
    "InstanceLock",
    "InstanceStatus",
    "Journal",
    "Keyword",
    "LeaseSource",
    "Level",
    "Limits",
    "LinkPlace",
    "LockTimeout",
    "Log",
    "Look",
    "Message",
    "NoSuchObject",
    "Node",
    "Observation",
    "OpensvcError",
    "Operation",
    "Operations",
    "Option",
    "Preflight",
    "ProcessGroup",
    "ProcessId",
    "Provisionable",
    "Provisioned",
    "RemoteShell",
    "Request",
    "Resource",
    "ResourceKeywords",
    "ResourceStatus",
    "Rid",
    "Runnable",
    "SeenTogether",
    "Selection",
    "Service",
    "ServiceFacts",
    "ServicePath",
    "ServiceStatus",
    "Setting",
    "Severity",
    "Standing",
    "Startable",
    "Status",
    "Syncable",
    "System",
    "Takeover",
    "Together",
    "Unmet",
    "UsageError",
    "UsesDevices",
    "Verb",
    "Watch",
    "Watchable",
    "WatchdogPlace",
    "WatchdogTimer",
    "boolean",
    "comma_words",
    "command_words",
    "duration",
    "duration_minutes",
    "fence",
    "group_name",
    "guard_of",
    "hookimpl",
    "integer",
    "limit_size",
    "manager_of",
    "memory_bytes",
    "merge",
    "octal",
    "processor_time",
    "reservation_key",
    "schedule_text",
    "scheduled",
    "service_environment",
    "shell_words",
    "size",
    "speed",
    "status_json",
    "text",
    "tristate",
    "user_name",
    "word_set",
    "words",
    "words_lower",
]


def __getattr__(name: str) -> Any:
    """Import what runs services when it is first asked for."""
    if name in _EMBEDDED:
        return getattr(import_module(_EMBEDDED[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
