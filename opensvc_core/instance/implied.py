"""Implied resources: what a service has because of a fact, and needs no section for. A table; the builder walks it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from opensvc_core.config.sections import Section, driver_name
from opensvc_core.driver.context import ServiceFacts


class Implied(NamedTuple):
    """A resource and the fact that implies it. Its driver is asked for by a name that stands for no section without a type."""

    section: Section
    holds: Callable[[ServiceFacts], bool]


def _has_launchers(facts: ServiceFacts) -> bool:
    """In an older service the folder says so, also while it is a link into a file system that is not mounted.

    In a newer one it may be there for scripts that its sections name: then a launcher has to be in it.
    """
    folder = facts.launchers
    if facts.is_older or folder.is_symlink():
        return os.path.lexists(folder)
    try:
        return any(name[0] in "SKC" and name[1:2].isdigit() for name in os.listdir(folder))
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
