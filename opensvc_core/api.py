"""The one door for plugins: all that a driver, a heartbeat, a fence agent or a hook may use of the core.

What stands in `__all__` is the contract: it changes with notice only.
"""

from __future__ import annotations

from opensvc_core.config.converters import (
    boolean,
    comma_words,
    command_words,
    duration,
    duration_minutes,
    integer,
    limit_size,
    octal,
    schedule_text,
    shell_words,
    size,
    speed,
    text,
    tristate,
    word_set,
    words,
    words_lower,
)
from opensvc_core.config.findings import Finding, Severity
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.driver.base import Resource
from opensvc_core.driver.capabilities import (
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
    UsesDevices,
    Watch,
    Watchable,
)
from opensvc_core.driver.cluster import FenceAgent, HeartbeatLink, LeaseSource
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
from opensvc_core.model.names import DriverId, Rid, ServicePath
from opensvc_core.model.operations import Already, Call, Command, CommandResult, Operation, Operations, Setting, Together
from opensvc_core.model.process import ProcessId
from opensvc_core.model.remote import RemoteShell
from opensvc_core.model.status import Message, Observation, Status, merge
from opensvc_core.plan.selection import Selection

__all__ = [
    "ActionFailed",
    "ActionInterrupted",
    "ActionRefused",
    "ActionTimeout",
    "Already",
    "Call",
    "Command",
    "CommandResult",
    "ConfigError",
    "Conflict",
    "Context",
    "DataAtStake",
    "Declares",
    "DriverId",
    "DriverUnavailable",
    "Exclusive",
    "ExposesDevices",
    "FenceAgent",
    "Finding",
    "HeartbeatLink",
    "Informative",
    "Keyword",
    "LeaseSource",
    "LockTimeout",
    "Log",
    "Message",
    "NoSuchObject",
    "Observation",
    "OpensvcError",
    "Operation",
    "Operations",
    "Option",
    "Preflight",
    "ProcessId",
    "Provisionable",
    "RemoteShell",
    "Resource",
    "Rid",
    "Runnable",
    "SeenTogether",
    "Selection",
    "ServiceFacts",
    "ServicePath",
    "Setting",
    "Severity",
    "Standing",
    "Startable",
    "Status",
    "Syncable",
    "System",
    "Together",
    "UsageError",
    "UsesDevices",
    "Verb",
    "Watch",
    "Watchable",
    "boolean",
    "comma_words",
    "command_words",
    "duration",
    "duration_minutes",
    "hookimpl",
    "integer",
    "limit_size",
    "merge",
    "octal",
    "schedule_text",
    "service_environment",
    "shell_words",
    "size",
    "speed",
    "text",
    "tristate",
    "word_set",
    "words",
    "words_lower",
]
