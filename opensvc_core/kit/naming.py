"""The name of a driver to be made, and what follows from it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, Self

from opensvc_core.config.findings import did_you_mean
from opensvc_core.config.sections import GROUPS
from opensvc_core.errors import UsageError

# Groups whose drivers are of another shape than the kit makes, each with the base class that they begin with.
_OTHERS: Final = {"sync": "Syncable", "hb": "HeartbeatLink"}
_OFFERED: Final = tuple(group for group in GROUPS if group not in _OTHERS)
_TYPE: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)
_LONGEST: Final = 30


class DriverName(NamedTuple):
    """The id of a driver, `disk.zfs`: its group, and the `type` of its sections."""

    group: str
    kind: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id. Raises UsageError for a group that is not known, and for a type that can't name a package."""
        group, dot, kind = text.partition(".")
        if not dot or not group or not kind:
            raise UsageError(f"{text!r} is no driver id: it is GROUP.TYPE, such as disk.zfs")
        if group in _OTHERS:
            raise UsageError(f"{text!r}: there is no template for the group {group}: its drivers are subclasses of {_OTHERS[group]}")
        if group not in _OFFERED:
            hint = did_you_mean(group, _OFFERED)
            raise UsageError(f"{text!r}: {group!r} is no group; groups are {', '.join(_OFFERED)}{hint and f'; {hint}'}")
        if not _TYPE.fullmatch(kind) or len(kind) > _LONGEST:
            raise UsageError(
                f"{text!r}: {kind!r} can't be a type: small letters and digits, '-' or '_' between them, {_LONGEST} characters at most"
            )
        return cls(group, kind)

    @property
    def id(self) -> str:
        """As its class and its entry point have it."""
        return f"{self.group}.{self.kind}"

    @property
    def distribution(self) -> str:
        """What pip installs, and the folder of the package."""
        return f"opensvc-driver-{self.group}-{self.kind.replace('_', '-')}"

    @property
    def module(self) -> str:
        """What Python imports."""
        return self.distribution.replace("-", "_")

    @property
    def class_name(self) -> str:
        """`DiskZfs`: no name that a driver imports begins with its group."""
        return self.group.capitalize() + "".join(part.capitalize() for part in re.split("[-_]", self.kind))
