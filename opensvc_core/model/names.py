"""Names: of services (`ns/svc/name`), resources (`fs#1`) and drivers (`fs.ext4`)."""

from __future__ import annotations

import re
from typing import NamedTuple, NewType

from opensvc_core.errors import UsageError

Rid = NewType("Rid", str)
DriverId = NewType("DriverId", str)

KINDS = ("svc", "vol", "cfg", "sec", "usr", "ccfg", "nscfg")
RESERVED = frozenset({"node", "cluster", "auth", "daemon"})
# An optional slice number (`3.web`), then letters, digits, hyphens and dots, a letter first, no hyphen or dot last.
_NAME = re.compile(r"(?:\d+\.)?[A-Za-z](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\Z")
_NAMESPACE = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\Z")


class ServicePath(NamedTuple):
    """The full name of a service: namespace, kind, name. Its text leaves out `root/svc/`."""

    name: str
    namespace: str = "root"
    kind: str = "svc"

    @classmethod
    def parse(cls, text: str) -> ServicePath:
        """Read `name`, `kind/name` or `namespace/kind/name`. Raises UsageError for a name that is not allowed."""
        parts = text.split("/")
        if len(parts) > 3 or not all(parts):
            raise UsageError(f"{text!r} is no service name; it is NAME or NAMESPACE/svc/NAME")
        namespace, kind, name = [*("root", "svc")[: 3 - len(parts)], *parts]
        if kind not in KINDS:
            raise UsageError(f"{text!r}: {kind!r} is no kind of object; kinds are {', '.join(KINDS)}")
        if not _NAME.match(name) or name in KINDS or name in RESERVED:
            raise UsageError(
                f"{name!r} can't name a service: a letter first, then letters, digits, '.' and '-', "
                f"none of the words {', '.join(sorted({*KINDS, *RESERVED}))}"
            )
        if not _NAMESPACE.match(namespace):
            raise UsageError(f"{namespace!r} can't name a namespace: a letter first, then letters, digits and '-'")
        return cls(name, namespace, kind)

    def __str__(self) -> str:
        if self.namespace != "root":
            return f"{self.namespace}/{self.kind}/{self.name}"
        return self.name if self.kind == "svc" else f"{self.kind}/{self.name}"

    @property
    def state_path(self) -> str:
        """Where its state stands below `var`: `svc/web`, or `namespaces/prod/svc/web`."""
        if self.namespace != "root":
            return f"namespaces/{self.namespace}/{self.kind}/{self.name}"
        return f"{self.kind}/{self.name}"

    @property
    def config_path(self) -> str:
        """Its configuration below `etc`, without the suffix: `web`, `vol/v1` or `namespaces/prod/svc/web`."""
        if self.namespace != "root":
            return f"namespaces/{self.namespace}/{self.kind}/{self.name}"
        return self.name if self.kind == "svc" else f"{self.kind}/{self.name}"


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts `fs#2` before `fs#10`."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text) if part)
