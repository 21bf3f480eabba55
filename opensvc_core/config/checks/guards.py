"""Guards: a service that fails over by itself, and would not where it matters."""

from __future__ import annotations

from collections.abc import Iterator

from opensvc_core.config.checks.report import Report
from opensvc_core.config.findings import Finding
from opensvc_core.config.guarding import doubts
from opensvc_core.config.service import DEFAULT, ServiceConfig
from opensvc_core.errors import ConfigError


def missing(config: ServiceConfig, report: Report) -> Iterator[Finding]:
    """A finding for each thing that a takeover would need, and that is not there."""
    try:
        found = list(doubts(config))
    except ConfigError:
        return  # told with the value that is wrong
    for doubt in found:
        yield report.warning(doubt.code, doubt.text, DEFAULT, doubt.key, hint=doubt.hint)
