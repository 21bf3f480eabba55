"""Owner: the user, the group and the mode that a directory should have."""

from __future__ import annotations

import os
from grp import getgrnam
from pwd import getpwnam
from typing import NamedTuple

from opensvc_core.api import ActionFailed, Call, Operations


class Owner(NamedTuple):
    """User and group as names or numbers, the mode as a number; None for what doesn't matter."""

    user: str | None = None
    group: str | None = None
    perm: int | None = None

    def wrong(self, found: Owner) -> list[str]:
        """What is otherwise than it should be, as sentences; `found` has numbers."""
        uid, gid = self.numbers()
        facts = (
            ("user", self.user, uid is None or str(uid) == found.user, found.user),
            ("group", self.group, gid is None or str(gid) == found.group, found.group),
            ("perm", f"{self.perm or 0:o}", self.perm in (None, found.perm), f"{found.perm or 0:o}"),
        )
        return [f"{word} is {seen}, and should be {wanted}" for word, wanted, is_right, seen in facts if not is_right]

    def numbers(self) -> tuple[int | None, int | None]:
        """The user and the group as numbers. Raises ActionFailed for a name that this host does not know."""
        try:
            uid = None if self.user is None else int(self.user) if self.user.isdigit() else getpwnam(self.user).pw_uid
            gid = None if self.group is None else int(self.group) if self.group.isdigit() else getgrnam(self.group).gr_gid
        except KeyError as error:
            raise ActionFailed(f"{error.args[0]}; this host does not know that name") from error
        return uid, gid

    def give(self, path: str) -> Operations:
        """Give it to a directory, whatever it has: the owner first, because that clears bits of the mode."""
        uid, gid = self.numbers()
        if uid is not None or gid is not None:
            names = (self.user or "") + (f":{self.group}" if self.group else "")
            yield Call(f"chown {names} {path}", lambda: os.chown(path, -1 if uid is None else uid, -1 if gid is None else gid))
        if self.perm is not None:
            mode = self.perm
            yield Call(f"chmod {mode:o} {path}", lambda: os.chmod(path, mode))  # noqa: PTH101 - beside chown
