"""Units: the files by which systemd starts the services of a node that comes up, and stops them when it goes down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from opensvc_core.errors import ActionRefused
from opensvc_core.system import files, marked

FOLDER: Final = Path("/etc/systemd/system")
BOOT: Final = "opensvc-boot.service"
HALT: Final = "opensvc-services.service"
SCHEDULE: Final = "opensvc-schedule.service"
TIMER: Final = "opensvc-schedule.timer"
AGENT: Final = "opensvc-agent.service"
# Of one service, named behind the `@`, for those that other units need, or that systemd alone starts.
ONE: Final = "opensvc-service@.service"
State = Literal["missing", "disabled", "enabled", "daemon"]

_NOTE: Final = "'systemctl edit' keeps settings of your own in a file beside it."
_REMEDY: Final = "'systemctl unmask {}', or remove it"
# After= also means: stopped before these are. What stores data and what carries the network have to be there on both ways.
_AROUND: Final = """\
Wants=network-online.target
After=network.target network-online.target nss-lookup.target time-sync.target
After=local-fs.target remote-fs.target
After=multipathd.service iscsid.service iscsi.service open-iscsi.service lvm2-monitor.service blk-availability.service
After=containerd.service docker.service
"""
_COMMON: Final = """\
Type=oneshot
RemainAfterExit=yes
# Applications stand in control groups of their own. Where a host allows these in some hierarchies only, they remain in
# this unit's in the others: they must neither end with it nor share its limit of processes.
KillMode=process
TasksMax=infinity
SyslogIdentifier=opensvc
"""
# Two units, because systemd runs no ExecStop= of a unit whose start failed: one service that fails to start
# would keep all others from being stopped when the node goes down.
_TEXTS: Final = {
    BOOT: """\
[Unit]
Description=OpenSVC services, started when the node comes up
# Whatever becomes of this start, what is up is stopped with the node; to stop that unit ends a start that still runs.
Requires={halt}
After={halt}
# Where the daemon starts with the node, it starts what the cluster wants here: another node may have taken a service over.
ConditionPathExists=!{folder}/multi-user.target.wants/{agent}
{around}
[Service]
{common}{environment}ExecStart={om} ** boot --local
# The check of a large file system takes its time. To take back a start that is interrupted does not.
TimeoutStartSec=infinity
TimeoutStopSec=5min

[Install]
WantedBy=multi-user.target
""",
    HALT: """\
[Unit]
Description=OpenSVC services, stopped before the node goes down
# Stopped before the daemon is, which tells the other nodes that nothing is up here any more.
After={agent}
{around}
[Service]
{common}{environment}ExecStop={om} node shutdown
# Something that hangs must not keep the node up for ever; poweroff.target cuts all off after 30 minutes.
TimeoutStopSec=20min

[Install]
WantedBy=multi-user.target
""",
    SCHEDULE: """\
[Unit]
Description=What OpenSVC services do by schedule: copies to other nodes, tasks
{around}
[Service]
Type=oneshot
# A copy may take hours, and must not keep what is due meanwhile: it is left running, a second one of the same service is not begun.
KillMode=process
TasksMax=infinity
SyslogIdentifier=opensvc
{environment}ExecStart=/bin/sh -c '"$$0" node schedule run &' {om}
""",
    AGENT: """\
[Unit]
Description=OpenSVC daemon: heartbeats, failover, schedules
Wants={halt}
{around}
[Service]
Type=notify
ExecStart={om} daemon start --foreground
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=2
WatchdogSec=60
TimeoutStartSec=2min
TimeoutStopSec=1min
# Services, the actions on them and what keeps their leases go on without the daemon.
KillMode=process
TasksMax=infinity
SyslogIdentifier=opensvc
{environment}
[Install]
WantedBy=multi-user.target
""",
    ONE: """\
[Unit]
Description=OpenSVC service %I
# Its name is escaped in the unit's: systemd-escape --template=opensvc-service@.service NAME
# Stopped while the units that need it are, before all other services.
After={halt}
{around}
[Service]
{common}{environment}ExecStart={om} %I start --local
ExecStop={om} %I stop --local
TimeoutStartSec=infinity
TimeoutStopSec=20min

[Install]
WantedBy=multi-user.target
""",
    TIMER: """\
[Unit]
Description=When it is looked what OpenSVC services do by schedule

[Timer]
OnCalendar=*:0/5
AccuracySec=10s

[Install]
WantedBy=timers.target
""",
}


def texts(om: Path, environment: Mapping[str, str], *, has_daemon: bool = False) -> dict[str, str]:
    """The units by file name. `om` is the absolute path of the command, `environment` what it needs to be given.

    `has_daemon`: that of the daemon as well, which is of use only where one is installed.
    """
    given = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in sorted(environment.items()))
    facts = {"om": _quoted(str(om)), "environment": given, "around": _AROUND, "common": _COMMON}
    facts |= {"halt": HALT, "agent": AGENT, "folder": str(FOLDER)}
    return {name: marked.marked(text.format(**facts), "units", note=_NOTE) for name, text in _TEXTS.items() if has_daemon or name != AGENT}


def install(wanted: Mapping[str, str], folder: Path = FOLDER, *, overwrites: bool = False) -> list[Path]:
    """Write units, and return those that were not there in this form.

    Raises ActionRefused, before anything is written: there is no such folder, or a file there was edited (unless
    `overwrites`), or is a link.
    """
    if not folder.is_dir():
        raise ActionRefused(f"{folder}: no such folder; systemd does not seem to be used on this node")
    return marked.install({folder / name: text for name, text in wanted.items()}, overwrites=overwrites, remedy=_REMEDY)


def uninstall(folder: Path = FOLDER, *, is_forced: bool = False) -> list[Path]:
    """Remove the units and the links that enable them, and return what was removed. Raises ActionRefused as `install`."""
    # of a template, those of its instances
    enabled = (f"*.wants/{name.replace('@.', '@*.')}" for name in _TEXTS)
    links = [link for pattern in enabled for link in sorted(folder.glob(pattern)) if link.is_symlink()]
    removed = marked.uninstall((folder / name for name in _TEXTS), is_forced=is_forced, remedy=_REMEDY)
    return [*(link for link in links if files.remove(link)), *removed]


def state(folder: Path = FOLDER, *, root: str | None = None) -> State:
    """Whether the units are there for the node below `root` (None: the one without), and whether services start with the node."""
    if _is_enabled(folder, AGENT, root):
        return "daemon"
    if not _is_there(folder, BOOT, root):
        return "missing"
    return "enabled" if _is_enabled(folder, BOOT, root) else "disabled"


def _is_enabled(folder: Path, name: str, root: str | None) -> bool:
    return _is_there(folder, name, root) and any(link.exists() for link in folder.glob(f"*.wants/{name}"))


def _is_there(folder: Path, name: str, root: str | None) -> bool:
    text = files.read_text(folder / name) or ""
    wanted = f"Environment={_quoted(f'OSVC_ROOT_PATH={root}')}\n"
    return bool(text) and (wanted in text if root else "OSVC_ROOT_PATH=" not in text)


def _quoted(text: str) -> str:
    """A word as systemd.syntax(7) has it, `%` being a specifier."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return escaped if re.fullmatch(r"[\w/.@:=%+,~-]+", escaped) else f'"{escaped}"'
