"""install units, uninstall units: whether systemd starts and stops the services with the node."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from opensvc_core.cli import cluster
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.errors import ActionRefused
from opensvc_core.system import units
from opensvc_core.system.host import is_root

_NEXT = """\
next:
  systemctl daemon-reload
  systemctl enable {boot} {halt}  # services start and stop with the node
  systemctl start {halt}  # they are stopped when it goes down, from now on
  systemctl enable --now {timer}  # what is due by schedule is done
"""
_NEXT_WITH_DAEMON = """\
next:
  systemctl daemon-reload
  systemctl enable --now {agent} {halt}  # the daemon runs; services start as it decides, and stop with the node
without the daemon:
  systemctl enable {boot} {halt}  # services start and stop with the node
  systemctl start {halt}  # they are stopped when it goes down, from now on
  systemctl enable --now {timer}  # what is due by schedule is done
"""
# What names another node than the command would find without it.
_VARIABLES = ("OSVC_ROOT_PATH", "OSVC_NODENAME")


def run(session: Session, arguments: Arguments) -> int:
    """Write, or remove, the units for boot, halt and schedules in `/etc/systemd/system`, and tell what to do next.

    They call the command of this installation, for the folder that OSVC_ROOT_PATH names if it is set. A file that was edited is
    kept, unless --force is given. No service is started or stopped.
    """
    if not is_root():
        raise ActionRefused(f"only root writes to {units.FOLDER}")
    if session.verb == "install units":
        _install(session, overwrites=arguments.force)
    else:
        _uninstall(session, is_forced=arguments.force)
    return 0


def _install(session: Session, *, overwrites: bool) -> None:
    environment = {name: os.environ[name] for name in _VARIABLES if os.environ.get(name)}
    if "OSVC_ROOT_PATH" in environment:
        environment["OSVC_ROOT_PATH"] = str(Path(environment["OSVC_ROOT_PATH"]).absolute())
    has_daemon = cluster.has_daemon()
    written = units.install(units.texts(_om(), environment, has_daemon=has_daemon), overwrites=overwrites)
    for file in written:
        print(f"wrote {file}", file=session.stdout)
    if not written:
        print(f"the units are in {units.FOLDER} already", file=session.stdout)
    text = _NEXT_WITH_DAEMON if has_daemon else _NEXT
    print(text.format(boot=units.BOOT, halt=units.HALT, timer=units.TIMER, agent=units.AGENT), end="", file=session.stdout)


def _uninstall(session: Session, *, is_forced: bool) -> None:
    removed = units.uninstall(is_forced=is_forced)
    for file in removed:
        print(f"removed {file}", file=session.stdout)
    if removed:
        print("next:\n  systemctl daemon-reload  # services stay as they are, and are no longer stopped with the node", file=session.stdout)
    else:
        print(f"no unit of ours is in {units.FOLDER}", file=session.stdout)


def _om() -> Path:
    """The command `om` of this installation."""
    found = shutil.which("om", path=str(Path(sys.argv[0]).absolute().parent)) or shutil.which("om")
    if found is None:
        raise ActionRefused(f"there is no command 'om' beside {sys.argv[0]} nor in PATH")
    return Path(found).absolute()
