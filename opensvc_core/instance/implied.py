"""Implied resources: what a service has because of a fact, or of another one's keyword. Two tables; the builder walks them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from opensvc_core.config.sections import RESERVATION, Section, driver_name
from opensvc_core.config.service import ServiceConfig
from opensvc_core.config.stakes import is_wished
from opensvc_core.config.vocabulary import ResourceKeywords
from opensvc_core.driver.context import ServiceFacts


class Implied(NamedTuple):
    """A resource and the fact that implies it. Its driver is asked for by a name that stands for no section without a type."""

    section: Section
    holds: Callable[[ServiceFacts], bool]


class Wished(NamedTuple):
    """A resource that stands beside another one, whose keyword asks for it; its rid is that one's with `suffix`."""

    keyword: str
    suffix: str
    driver: str


def _has_launchers(facts: ServiceFacts) -> bool:
    """In an older service the folder says so, also while it is a link into a file system that is not mounted.

    In a newer one it may be there for scripts that its sections name: then a launcher has to be in it.
    """
    folder = facts.launchers
    if facts.is_older or folder.is_symlink():
        return os.path.lexists(folder)
    try:
        return any(link.name[0] in "SKC" and link.name[1:2].isdigit() for link in folder.iterdir())
    except OSError:
        return False


def _has_other_nodes(facts: ServiceFacts) -> bool:
    return len({*facts.nodes, *facts.drpnodes}) > 1


IMPLIED = (
    Implied(Section("app", "app", "app-launchers"), _has_launchers),
    Implied(Section("sync#i0", "sync", driver_name("sync#i0", None)), _has_other_nodes),
)


def implied(facts: ServiceFacts) -> list[Section]:
    """The resources that the facts of a service imply. One that its file describes as well is the file's."""
    return [one.section for one in IMPLIED if one.holds(facts)]


WISHED = (Wished("scsireserv", RESERVATION, "disk-scsireserv"),)


def companions(config: ServiceConfig) -> list[Section]:
    """The resources that keywords of others ask for; a section of their name describes them.

    Raises ConfigError for a type that can't be evaluated.
    """
    words = ((wished, ResourceKeywords.keywords()[wished.keyword]) for wished in WISHED)
    found = [
        Section(f"{one.rid}{wished.suffix}", one.group, wished.driver, one.rid)
        for wished, keyword in words
        # a file of many sections is not evaluated twice for what it does not ask for
        if any(name in config.document.text() for name in (keyword.name, *keyword.aliases))
        for one in config.resources()
        if is_wished(config, one, keyword)
    ]
    rids = {one.rid for one in found}
    return [one for one in found if one.beside not in rids]  # a section that describes one asks for none
