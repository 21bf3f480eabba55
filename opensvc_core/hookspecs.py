"""The hooks: where a plugin is called. A plugin implements those that it needs, marked with `hookimpl`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pluggy

from opensvc_core.config.findings import Finding
from opensvc_core.config.keywords import Declares
from opensvc_core.driver.base import Resource
from opensvc_core.driver.cluster import ClusterDriver
from opensvc_core.model.commandline import Verb

PROJECT = "opensvc"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def opensvc_register_drivers() -> Iterable[type[Resource | ClusterDriver]]:  # type: ignore[empty-body]
    """Called when a service, or the cluster, first needs a driver of this plugin's entry points.

    The result is the driver classes of the plugin; each is known by its `id` from then on. An exception makes the
    resources that need the plugin `undef`, with its text as the reason; other plugins go on.
    """


@hookspec(historic=True)
def opensvc_configure(settings: Mapping[str, Any]) -> None:
    """Called once for each plugin, right after it is registered.

    `settings` are the node's: `nodename`, `paths` (etc, var, log, run, tmp as text), `node_config` (called, it gives the
    sections of node.conf, and of cluster.conf where it says nothing, with their keys and raw values, read anew), `node_sections` (called
    with a word and the class of its keywords, it gives an instance for each such section that says something for this node, by name, read
    anew; raises ConfigError).
    An exception unregisters the plugin. Order: that of registration.
    """


@hookspec
def opensvc_host_sections() -> Mapping[str, type[Declares]]:  # type: ignore[empty-body]
    """Called when node.conf or cluster.conf is validated, and for help: a plugin may have sections there.

    The result is a class of keywords for each word that sections begin with: `{"hook": HookKeywords}` is for `[hook#1]`. A word that the
    core or another plugin has can't be taken over. Their values: `node_sections` of `opensvc_configure`. A plugin that raises has none.
    """


@hookspec
def opensvc_add_commands() -> Sequence[Verb]:  # type: ignore[empty-body]
    """Called for a command that the core doesn't know, and for help: a plugin may bring it.

    The result is a sequence of verbs, each with the module that does it: `run(session, arguments) -> int`. A verb that the
    core has can't be taken over. A plugin that raises brings no commands; the other plugins go on.
    """


@hookspec(firstresult=True)
def opensvc_resolve_reference(prefix: str, name: str, service: str) -> str | None:
    """Called when a value refers to `{prefix://name}`, for the plugins whose entry point has that prefix.

    The first result that is not None is the value. An exception makes the reference a finding with its text.
    `service` is the path of the service whose file has the reference.
    """


@hookspec
def opensvc_validate_host(config: Any) -> Iterable[Finding]:  # type: ignore[empty-body]
    """Called when node.conf or cluster.conf is validated, also before an edit of it is written, which an error then refuses.

    The result is what is wrong or doubtful by what the plugin knows of its keywords: severity, code, text, section, key and hint; the
    place in the file is filled in. An exception is a warning with its text; the other plugins go on.
    `config` is the file as this node reads it, or another one that may read other values (it is called for each then):
    `config.sections()`, `config.value(section, config.keyword(section, name))`, which raises ConfigError, and
    `config.document.get(section, key)`, the text that stands in this file.
    """


@hookspec
def opensvc_validate_service(config: Any) -> Iterable[Finding]:  # type: ignore[empty-body]
    """Called when the file of a service is validated, also before an edit of it is written, which an error then refuses.

    Called for the drivers that its sections name; a plugin that brings none of them is not asked. The result and `config` are those of
    `opensvc_validate_host`; `config.world` is the node: `node`, `path` (the service), `fenceable` (the nodes of `[stonith#NODE]`).
    An exception is a warning with its text; the others go on. Run no command, ask no device.
    """


@hookspec
def opensvc_before_action(service: str, action: str, rids: Sequence[str]) -> None:
    """Called before an action does anything, with the lock held; never for a plan.

    Raise ActionRefused to refuse the action: nothing is done then and the text is what the person reads. Any other
    exception refuses it as well, because a guard that fails is no guard. `rids` are the resources it will act on.
    Order: the order of registration, the last one first.
    """


@hookspec
def opensvc_after_action(service: str, action: str, outcome: str, seconds: float) -> None:
    """Called after an action has ended, however it ended: `outcome` is `done`, `failed`, `refused` or `interrupted`.

    Exceptions are logged and change nothing.
    """


@hookspec
def opensvc_status_changed(service: str, before: str, after: str) -> None:
    """Called when an evaluation of a service gives another `overall` than the last one that was stored.

    `before` is empty the first time. Exceptions are logged and change nothing.
    """
