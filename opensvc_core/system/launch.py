"""The launch: the small standard tools put before a command that give its process the setting it asks for."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from opensvc_core.errors import ActionFailed, ActionRefused
from opensvc_core.model.operations import Setting

# Named in full: the PATH may be the application's.
_PRLIMIT: Final = "/usr/bin/prlimit"
_SETPRIV: Final = "/usr/bin/setpriv"
# Writing 0 moves the writer (cgroups(7)); what it starts is born in the group.
_ENTER_GROUPS: Final = 'while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs" || exit 126; shift; done; shift; exec "$@"'
LIMITS: Final = frozenset(
    "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split()  # noqa: SIM905
)
# What sh(1) and env(1) exit with.
NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127


class Identity(NamedTuple):
    """A user and a group by number. `is_known`: the user is in the user data base, and may be in more groups there."""

    uid: int
    gid: int
    is_known: bool = True


def launch_argv(setting: Setting, argv: Sequence[str], *, cgroup_dirs: Sequence[str] = (), identity: Identity | None = None) -> list[str]:
    """The argument list that enters the control groups, sets the limits, changes the user, and then is the command.

    Directory, umask and environment are not in it. `identity` is what `identity_of(setting)` found. Raises ActionFailed
    for a limit that prlimit(1) does not know.
    """
    if unknown := sorted(setting.limits.keys() - LIMITS):
        raise ActionFailed(f"limit {unknown[0]}: there is none of this name; limits are {', '.join(sorted(LIMITS))}")
    enter = ["/bin/sh", "-c", _ENTER_GROUPS, "sh", *cgroup_dirs, "--"] if cgroup_dirs else []
    limit = [f"--{name}={value if value >= 0 else 'unlimited'}" for name, value in setting.limits.items()]
    return [*enter, *([_PRLIMIT, *limit, "--"] if limit else []), *_as_user(identity), *argv]


def identity_of(setting: Setting) -> Identity | None:
    """The user and group that the setting asks for, None when they are ours.

    Raises ActionFailed for an unknown name, ActionRefused when we are not root and would have to be.
    """
    if not setting.user and not setting.group:
        return None
    found = _look_up(setting)
    if (found.uid, found.gid) == (os.geteuid(), os.getegid()):
        return None
    if os.geteuid() != 0:
        asked = ":".join(name for name in (setting.user, setting.group) if name)
        raise ActionRefused(f"only root runs commands as {asked}; this is uid {os.geteuid()}")
    return found


def why_not_started(program: str, environment: Mapping[str, str], cwd: str) -> tuple[int, str] | None:
    """The exit code and the reason, if the program is missing or not executable; None: it looks well."""
    folders = [cwd or "."] if "/" in program else os.get_exec_path(environment)
    candidates = [Path(folder, program) for folder in folders]
    # os.path answers False for what a closed folder hides, where Path raises
    existing = [path for path in candidates if os.path.isfile(path)]  # noqa: PTH113
    if any(os.access(path, os.X_OK) for path in existing):
        return None
    if existing:
        return NOT_EXECUTABLE, f"{program}: not executable"
    if "/" in program and os.path.isdir(candidates[0]):  # noqa: PTH112
        return NOT_EXECUTABLE, f"{program}: is a directory"
    return NOT_FOUND, f"{program}: not found"


def why_refused(exc: OSError, program: str, environment: Mapping[str, str], cwd: str) -> tuple[int, str]:
    """The exit code and the reason for what the kernel answered to an attempt to start the program."""
    if cwd and not os.access(cwd, os.X_OK):
        return NOT_EXECUTABLE, f"cannot enter {cwd}: {exc.strerror}"
    if found := why_not_started(program, environment, cwd):
        return found
    if exc.errno == errno.ENOENT:
        return NOT_EXECUTABLE, f"{program}: the interpreter named in its first line is not found"
    return NOT_EXECUTABLE, f"{program}: {exc.strerror}"


def _as_user(identity: Identity | None) -> list[str]:
    if identity is None:
        return []
    groups = "--init-groups" if identity.is_known else "--clear-groups"
    return [_SETPRIV, f"--reuid={identity.uid}", f"--regid={identity.gid}", groups, "--"]


def _look_up(setting: Setting) -> Identity:
    import pwd  # noqa: PLC0415 - asks the name services

    try:
        if not setting.user:
            entry = pwd.getpwuid(os.geteuid())
        else:
            entry = pwd.getpwuid(int(setting.user)) if setting.user.isdigit() else pwd.getpwnam(setting.user)
    except KeyError:
        found = _unknown_user(setting.user)
    else:
        found = Identity(entry.pw_uid, entry.pw_gid if setting.user else os.getegid())
    return found._replace(gid=_group_id(setting.group)) if setting.group else found


def _unknown_user(user: str) -> Identity:
    """A number serves without an entry in the data base, a name does not."""
    if user and not user.isdigit():
        raise ActionFailed(f"user {user}: there is none on this node")
    uid = int(user) if user else os.geteuid()
    return Identity(uid, uid if user else os.getegid(), is_known=False)


def _group_id(group: str) -> int:
    import grp  # noqa: PLC0415 - asks the name services

    if group.isdigit():
        return int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise ActionFailed(f"group {group}: there is none on this node") from None
