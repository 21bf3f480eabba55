"""Guards: a service that fails over by itself, and would not where it matters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opensvc_core.config.checks.report import Report
from opensvc_core.config.findings import Finding
from opensvc_core.config.orchestration import needs_guard
from opensvc_core.config.sections import Section
from opensvc_core.config.service import DEFAULT, ServiceConfig
from opensvc_core.config.vocabulary import ResourceKeywords, ServiceKeywords
from opensvc_core.errors import ConfigError, DriverUnavailable


def missing(config: ServiceConfig, report: Report, resources: Sequence[Section]) -> Iterator[Finding]:
    """A finding where `orchestrate = ha`, data is at stake, and nothing makes sure that a silent node has it down."""
    try:
        service = ServiceKeywords(config.values(DEFAULT, ServiceKeywords))
        is_reserved = any(ResourceKeywords(config.values(one.rid, ResourceKeywords)).scsireserv for one in resources if not one.beside)
    except ConfigError:
        return  # told with the value that is wrong
    if not needs_guard(service, len(service.nodes), has_reservation=is_reserved, has_fencing=config.world.has_fencing):
        return
    rids = [one.rid for one in resources if not one.beside and _is_at_stake(config, one)]
    if rids:
        yield report.warning(
            "no-guard",
            f"a node that is silent is not taken over from: the data of {', '.join(rids)} would be at stake, and nothing makes sure that "
            "the node has it down",
            DEFAULT,
            "orchestrate",
            hint="reserve the disks with 'scsireserv = true', configure fencing or a lease ('guard'), or accept the risk with "
            "'split_policy = accept'",
        )


def _is_at_stake(config: ServiceConfig, section: Section) -> bool:
    try:
        return bool(getattr(config.driver(section), "has_data_at_stake", False))
    except DriverUnavailable:
        return False
