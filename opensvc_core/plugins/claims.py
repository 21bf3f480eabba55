"""Claims: whose a name is that several installed distributions say they bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from opensvc_core.errors import DriverUnavailable
from opensvc_core.plugins.bundled import bundled
from opensvc_core.system.entrypoints import EntryPoint, scan

DRIVERS, PLUGINS, REFERENCES = "opensvc.drivers", "opensvc.plugins", "opensvc.references"
GROUPS: Final = (DRIVERS, PLUGINS, REFERENCES)


class Claims:
    """The entry points of the installed distributions, by group and name. They are read when they are first asked for."""

    def __init__(self, entry_points: Sequence[EntryPoint] | None = None) -> None:
        self._given = entry_points
        self._found: dict[str, dict[str, list[EntryPoint]]] | None = None

    def of(self, group: str) -> Mapping[str, Sequence[EntryPoint]]:
        """Who claims the names of a group, in lower case: for each distribution one entry point, the first on the path first."""
        if self._found is None:
            self._found = {name: {} for name in GROUPS}
            for point in self._given if self._given is not None else scan(GROUPS):
                claimants = self._found[point.group].setdefault(point.name.lower(), [])
                if all(other.distribution != point.distribution for other in claimants):
                    claimants.append(point)
        return self._found[group]

    def all(self, group: str) -> list[EntryPoint]:
        """Every entry point of a group."""
        return [point for claimants in self.of(group).values() for point in claimants]

    def owner(self, group: str, name: str) -> EntryPoint | None:
        """Whose a name is; None where nobody has it. Raises DriverUnavailable where nobody can tell.

        A bundled distribution keeps its names. Between others nothing is chosen: which driver a resource has would depend on the
        order of folders, and change with the next installation.
        """
        claimants = self.of(group).get(name, ())
        if len(claimants) <= 1:
            return claimants[0] if claimants else None
        known = bundled()
        ours = [point for point in claimants if point.distribution in known]
        if len(ours) == 1:
            return ours[0]
        names = ", ".join(point.owner for point in claimants)
        raise DriverUnavailable(f"{name} is claimed by {len(claimants)} distributions: {names}; uninstall all but one of them")

    def holder(self, group: str, name: str) -> EntryPoint | None:
        """Who stands for a name: its owner, or where nobody can tell whose it is, the first one that claims it."""
        claimants = self.of(group).get(name, ())
        return next((point for point in claimants if not self.refused(point)), claimants[0] if claimants else None)

    def refused(self, point: EntryPoint) -> str:
        """Why an entry point does not have its name, or an empty text."""
        try:
            mine = self.owner(point.group, point.name.lower())
        except DriverUnavailable as error:
            return str(error)
        if mine is None or mine.distribution == point.distribution:
            return ""
        return f"{point.name.lower()} belongs to {mine.owner}, which is used; {point.owner} claims it as well: uninstall that"
