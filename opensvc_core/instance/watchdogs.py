"""Watchdogs: for each `[watchdog#…]` of node.conf and cluster.conf, the timer that ends this node when it hangs."""

from __future__ import annotations

from collections.abc import Iterator

from opensvc_core.config.checks.report import Report
from opensvc_core.config.findings import Finding
from opensvc_core.config.service import ServiceConfig
from opensvc_core.driver.cluster import WatchdogPlace, WatchdogTimer
from opensvc_core.errors import OpensvcError
from opensvc_core.instance.told import values_of
from opensvc_core.registry import Registry


def watchdogs(config: ServiceConfig, registry: Registry) -> dict[str, WatchdogTimer | OpensvcError]:
    """The watchdogs by section, in the order of the files; in the place of one that can't be made, the reason."""
    found: dict[str, WatchdogTimer | OpensvcError] = {}
    for section in (name for name in config.sections() if name.partition("#")[0] == "watchdog"):
        try:
            driver = f"watchdog.{config.value(section, WatchdogTimer.type)}"
            kind: type[WatchdogTimer] = registry.plugged(driver, WatchdogTimer)  # type: ignore[type-abstract] # a kind
            found[section] = kind(WatchdogPlace(section, config.world.node), values_of(config, section, kind))
        except OpensvcError as error:
            found[section] = error
    return found


def unfit(config: ServiceConfig, registry: Registry) -> Iterator[Finding]:
    """A finding for each watchdog of a file that can't end this node. Warnings: the device may come with a module, or be on other nodes."""
    for section, timer in watchdogs(config, registry).items():
        if isinstance(timer, WatchdogTimer) and section in config.document.sections() and (problem := timer.problem()):
            yield Report(config.document).warning("watchdog-unfit", problem, section)
