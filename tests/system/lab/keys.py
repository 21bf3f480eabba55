"""The keys with which the nodes of a lab know each other: one for users, one for hosts, made once a process."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import NamedTuple

from lab.switch import run

File = tuple[str, str, int]  # its path, text and mode


class Keys(NamedTuple):
    """Private and public texts."""

    user: str
    user_public: str
    host: str
    host_public: str


@functools.cache
def keys() -> Keys:
    """The keys of this process."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("user", "host"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", f"{folder}/{name}"])
        return Keys(*(Path(folder, name).read_text(encoding="utf-8") for name in ("user", "user.pub", "host", "host.pub")))


def files(names: str) -> list[File]:
    """What a machine has of them: root comes to each of the names, as in `known_hosts`, and root of each of these comes to it."""
    own = keys()
    return [
        ("/root/.ssh/id_ed25519", own.user, 0o600),
        ("/root/.ssh/id_ed25519.pub", own.user_public, 0o644),
        ("/root/.ssh/authorized_keys", own.user_public, 0o600),
        ("/root/.ssh/known_hosts", f"{names} {own.host_public}", 0o644),
        ("/etc/ssh/lab_host_key", own.host, 0o600),
    ]
