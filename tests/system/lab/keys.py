"""The keys with which the nodes of a lab know each other: one for users, one for hosts, made once a process."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import NamedTuple

from lab.switch import run


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
