"""The daemon of this node: started, stopped, asked how it is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from opensvc_core.errors import ActionFailed, ActionRefused, NoSuchObject, OpensvcError
from opensvc_core.system.logfile import opened
from opensvc_daemon.commands.reaching import needed, reach
from opensvc_daemon.supervision.record import Record

UNIT: Final = "opensvc-agent.service"
_UNITS: Final = Path("/etc/systemd/system")
# The monitor takes at most 15 s for its goodbye, beat 3.
_STOP_LIMIT: Final = 30.0
_PAUSE: Final = 0.05
RUNNING, STOPPED = 0, 1


def run(session: Any, arguments: Any) -> int:
    """Do it; systemd starts and stops a daemon that it has the unit of. `status` and `running` end with 1 where no daemon runs."""
    record = Record(str(session.paths.run))
    match session.verb:
        case "daemon start":
            return _start(session, arguments, record)
        case "daemon stop":
            return _stop(session, arguments, record)
        case "daemon restart":
            return _restart(session, arguments, record, is_upgrade=bool(arguments.more.get("upgrade")))
        case "daemon reload":
            needed(session).post("/v1/daemon", {"do": "reload"})
            return 0
        case "daemon running":
            return RUNNING if _is_running(record) else STOPPED
    return _status(session, arguments, record)


def _start(session: Any, arguments: Any, record: Record) -> int:
    """Start it, and return when it answers; `hb#1.rx`: that direction of a heartbeat. Raises ActionFailed with the reason."""
    if arguments.positionals:
        return _link(session, arguments.positionals[0], runs=True)
    _refuse_ordinary(session)
    if _is_running(record) and not arguments.more.get("foreground"):
        print("the daemon runs already", file=session.stderr)
        return 0
    if not arguments.more.get("foreground") and _is_unit_ours(session):
        return _systemctl("start")
    from opensvc_daemon.trust import prepare  # noqa: PLC0415 - imports cryptography

    prepare(session.node)
    argv = _argv(session)
    if arguments.more.get("foreground"):
        session.stdout.flush()
        os.execv(argv[0], argv)
    _begin(session, argv)
    return 0


def _begin(session: Any, argv: list[str]) -> None:
    reader, writer = os.pipe()
    log = session.paths.log / "daemon.log"
    with os.fdopen(opened(log), "ab") as output:
        subprocess.Popen(
            [*argv, "--ready-fd", str(writer)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(writer,),
            start_new_session=True,
            cwd="/",
        )
    os.close(writer)
    with open(reader, encoding="utf-8") as told:  # noqa: PTH123 - a descriptor has no path
        word = told.readline().strip()
    if word != "ready":
        raise ActionFailed(f"the daemon did not start: {word.removeprefix('failed: ') or f'it ended without a word; see {log}'}")


def _argv(session: Any) -> list[str]:
    root = ["--root", str(Path(session.root).absolute())] if session.root else []
    return [sys.executable, "-P", "-m", "opensvc_daemon.supervisor", "--node", session.nodename, *root]


def _stop(session: Any, arguments: Any, record: Record) -> int:
    """Stop it: the services stay as they are, and the peers are told; return when it has ended."""
    if arguments.positionals:
        return _link(session, arguments.positionals[0], runs=False)
    _refuse_ordinary(session)
    if not _is_running(record):
        print("the daemon does not run", file=session.stderr)
        return 0
    if _is_unit_ours(session) and _is_active():
        return _systemctl("stop")
    _end(record)
    return 0


def _end(record: Record) -> None:
    import signal  # noqa: PLC0415

    supervisor = record.processes().get("supervisor")
    if supervisor is None:
        raise ActionFailed("a daemon is just starting or ending; try again in a moment")
    supervisor.send(signal.SIGTERM)
    _wait_ended(record)


def _wait_ended(record: Record) -> None:
    until = time.monotonic() + _STOP_LIMIT
    while _is_running(record):
        if time.monotonic() > until:
            raise ActionFailed(f"the daemon did not end within {_STOP_LIMIT:.0f} s; 'om daemon status' shows its processes")
        time.sleep(_PAUSE)


def _restart(session: Any, arguments: Any, record: Record, *, is_upgrade: bool) -> int:
    _refuse_ordinary(session)
    if is_upgrade and _is_running(record):
        # it ends by itself then, which systemd takes for an orderly end
        needed(session).post("/v1/daemon", {"do": "upgrade"})
        _wait_ended(record)
        return _start(session, arguments, record)
    if _is_unit_ours(session) and _is_active():
        return _systemctl("restart")
    if _is_running(record):
        _end(record)
    return _start(session, arguments, record)


def _link(session: Any, name: str, *, runs: bool) -> int:
    if not name.startswith("hb#") or not name.endswith((".rx", ".tx")):
        raise NoSuchObject(f"{name!r} is no direction of a heartbeat, such as hb#1.rx or hb#1.tx; without a word the whole daemon is meant")
    needed(session).post(f"/v1/links/{name.replace('#', '%23')}", {"run": runs})
    return 0


def _status(session: Any, arguments: Any, record: Record) -> int:
    """A line for each process, and one for each thread; 1 where no daemon runs."""
    is_running = _is_running(record)
    found, restarts, processes = record.read(), record.restarts(), record.processes()
    parts = {
        name: {"pid": process.pid, "running": process.is_alive, "restarts": restarts.get(name, 0)}
        for name, process in sorted(processes.items(), key=lambda one: one[0] != "supervisor")
    }
    nodes = _nodes(session) if is_running else {}
    node = nodes.pop(session.nodename, {})
    threads = node.get("threads", {})
    if arguments.format == "json":
        late = {name: one["lateness"] for name, one in nodes.items() if one.get("lateness")}
        session.print_json(
            running=is_running, since=found.get("since"), state=node.get("state"), processes=parts, threads=threads, lateness=late
        )
        return RUNNING if is_running else STOPPED
    if not is_running:
        print(_stopped([f"{name} (pid {one['pid']})" for name, one in parts.items() if one["running"]]), file=session.stdout)
        return STOPPED
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found.get("since", 0.0)))
    print(f"running since {since}{', ' + node['state'] if node.get('state') else ', and does not answer'}", file=session.stdout)
    for name, one in parts.items():
        again = f", begun again {one['restarts']} times" if one["restarts"] else ""
        print(f"  {name:<10} pid {one['pid']}{again if one['running'] else ', ended'}", file=session.stdout)
    for name, thread in threads.items():
        print(f"  {name:<10} {' '.join(filter(None, (thread.get('state'), thread.get('detail'), thread.get('why'))))}", file=session.stdout)
    return RUNNING


def _stopped(left: Sequence[str]) -> str:
    """That it does not run, and what of it is left where its supervisor was killed."""
    if left:
        verb = "do" if len(left) > 1 else "does"
        return f"the supervisor does not run; {', '.join(left)} still {verb}: 'om daemon start' starts it again"
    return "the daemon does not run; 'om daemon start' starts it"


def _nodes(session: Any) -> dict[str, Any]:
    try:
        client = reach(session)
        document = client.get("/v1/status") if client else {}
    except OpensvcError:
        return {}
    found: dict[str, Any] = document.get("nodes", {})
    return found


def _is_running(record: Record) -> bool:
    try:
        return record.is_taken()
    except PermissionError:  # the lock is for who may take it
        pass
    try:
        return record.is_noted()
    except PermissionError as error:
        raise ActionRefused(f"no right to see whether the daemon runs: {error.filename}") from error


def _refuse_ordinary(session: Any) -> None:
    """Below a folder of their own anybody has a daemon; whose folder it is, the files in it tell."""
    if os.geteuid() and session.root is None:
        raise ActionRefused("only root starts and stops the daemon of the host; with OSVC_ROOT_PATH you have one below a folder of yours")


def _is_unit_ours(session: Any) -> bool:
    """Systemd runs this host, and has a unit that starts the daemon of this node."""
    try:
        text = (_UNITS / UNIT).read_text(encoding="utf-8")
    except OSError:
        return False
    wanted = f"OSVC_ROOT_PATH={session.root}"
    is_ours = wanted in text if session.root else "OSVC_ROOT_PATH=" not in text
    return is_ours and Path("/run/systemd/system").is_dir() and "INVOCATION_ID" not in os.environ


def _is_active() -> bool:
    return subprocess.run(["systemctl", "is-active", "--quiet", UNIT], check=False, stdin=subprocess.DEVNULL).returncode == 0


def _systemctl(verb: str) -> int:
    """Have systemd do it: a daemon that a login has started would end with that login."""
    done = subprocess.run(["systemctl", verb, UNIT], check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise ActionFailed(f"'systemctl {verb} {UNIT}' failed: {lines[0] if lines else done.returncode}; 'journalctl -u {UNIT}' tells more")
    return 0
