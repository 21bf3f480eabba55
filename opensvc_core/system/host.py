"""The host: its name in the cluster, its boot, and whether we may change it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def nodename(environ: Mapping[str, str] | None = None) -> str:
    """The name of this node in the services' configurations: OSVC_NODENAME, else the host name, in lower case."""
    environ = os.environ if environ is None else environ
    return (environ.get("OSVC_NODENAME") or os.uname().nodename).lower()


def boot_id() -> str:
    """A text that changes with each boot of the kernel (proc(5), random/boot_id); empty where the kernel tells none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def is_root() -> bool:
    """This process acts with the rights of the superuser."""
    return os.geteuid() == 0
