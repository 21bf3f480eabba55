"""The private daemon: a dockerd of one service, with its data on the service's own file system."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

from opensvc_core.api import (
    ActionFailed,
    Call,
    Command,
    Context,
    Operations,
    ProcessId,
    Setting,
    service_environment,
)
from opensvc_driver_container_docker import leftovers, network
from opensvc_driver_container_docker.engine import ACTION_PATIENCE, Engine, NotRunningError, SilentError
from opensvc_driver_container_docker.home import Home
from opensvc_driver_container_docker.turn import one_at_a_time

# The variable by which the processes of a daemon are known; a container does not inherit it.
_MARK: Final = "OPENSVC_DOCKER_DAEMON"
# What the kernel takes as the path of a socket, less what docker puts behind the folder for its own sockets.
_LONGEST_FOLDER: Final = 107 - len("/exec/containerd/containerd-debug.sock.ttrpc")
# Seconds in which an end of dockerd is seen at once; what comes later is seen by who waits for its answer.
_WATCH: Final = 0.05
# The option that says who makes the control groups of containers.
_GROUPS: Final = "native.cgroupdriver"
_START_PATIENCE: Final = 60.0
_EXEC_PATIENCE: Final = 0.5
_STOP_PATIENCE: Final = 30.0
_SHOWN_LINES: Final = 5
# In the place of the host's daemon.json, which may name the directories of the host's daemon: `{}`.
_NO_SETTINGS: Final = Path(__file__).with_name("daemon.json")
# Members of a parallel subset are threads: one of them starts the daemon, or stops it, and the others find that done.
_TURN: Final = threading.Lock()


class Places(NamedTuple):
    """Where the files of a daemon are, and the names that only it has."""

    folder: Path
    name: str

    @classmethod
    def of(cls, run_dir: Path) -> Places:
        """Those of a service; a socket's path has to be short, so a deep folder is replaced by one near the root."""
        name = f"{crc32(str(run_dir).encode()):08x}"
        folder = run_dir / "docker"
        return cls(folder if len(str(folder)) <= _LONGEST_FOLDER else Path("/run/opensvc", f"docker.{name}"), name)

    @property
    def socket(self) -> str:
        """Where it listens."""
        return str(self.folder / "docker.sock")

    @property
    def pid_file(self) -> Path:
        """Where dockerd writes its number; it refuses to start while the number there is in use, by whomever."""
        return self.folder / "docker.pid"

    @property
    def bridge(self) -> str:
        """The network device of its containers."""
        return f"dk{self.name}"

    @property
    def namespace(self) -> str:
        """What keeps it apart from others in a containerd that the host may have running."""
        return f"opensvc-{self.name}"


class PrivateDaemon:
    """A dockerd of one service.

    Parameters: `data_dir` is where images and containers are, `arguments` what the administrator adds, `program` is dockerd.
    """

    def __init__(self, context: Context, data_dir: str, arguments: Sequence[str], program: str) -> None:
        self._context, self._data_dir, self._arguments, self._program = context, data_dir, list(arguments), program
        self.places = Places.of(context.service.run_dir)
        self.engine = Engine(self.places.socket)
        self._log = context.var_dir.parent / "dockerd.log"
        self._read = 0
        self._home = Home(data_dir, context.var_dir.parent / "docker.home")

    @property
    def cgroup(self) -> str:
        """The control group of dockerd, containerd and what holds the containers; docker makes others for the containers."""
        return f"{self._context.service.cgroup}/docker" if self._context.service.cgroup else ""

    def argv(self) -> list[str]:
        """The command that is the daemon."""
        places = self.places
        options = {
            "--host": f"unix://{places.socket}",
            "--data-root": self._data_dir,
            "--exec-root": str(places.folder / "exec"),
            "--pidfile": str(places.pid_file),
            "--containerd-namespace": places.namespace,
            "--containerd-plugins-namespace": f"{places.namespace}.plugins",
        }
        if not any(word.partition("=")[0] == "--config-file" for word in self._arguments):
            options["--config-file"] = str(_NO_SETTINGS)
        if not any(_GROUPS in word for word in self._arguments):
            # in groups of systemd's, which knows nothing of ours, a limit of the service would not hold for its containers
            options["--exec-opt"] = f"{_GROUPS}=cgroupfs"
        if self._has_own_bridge:
            options["--bridge"] = places.bridge
        return [self._program, *(word for pair in options.items() for word in pair), *self._arguments]

    @property
    def planned(self) -> str:
        """In a plan, what its steps so far make of it: `up`, `down`, `doubtful`; empty where they leave it as it is."""
        words = ("up", "down", "doubtful")
        return next((word for word in words if f"{self.places.socket} {word}" in self._context.planned_paths), "")

    def is_up(self) -> bool:
        """Whether it answers; in a plan, whether it will for certain. Raises SilentError."""
        if self.planned:
            return self.planned == "up"
        try:
            self.engine.get("/_ping", patience=ACTION_PATIENCE)
        except NotRunningError:
            return False
        return True

    def processes(self) -> list[ProcessId]:
        """The living dockerd, or what is about to become it: of all that has its mark, the one with its command line."""
        marked = self._context.system.find_processes({_MARK: self.places.namespace})
        wanted = f"\0--pidfile\0{self.places.pid_file}\0".encode()
        return [one for one in marked if wanted in _command_line(Path("/proc", str(one.pid)))]

    def orphans(self) -> list[int]:
        """The processes that hold containers of a daemon that was killed."""
        wanted = f"\0-namespace\0{self.places.namespace}\0".encode()
        found = (path for path in Path("/proc").iterdir() if path.name.isdigit())
        return sorted(int(path.name) for path in found if wanted in _command_line(path))

    # -- operations

    def start(self) -> Operations:
        """Start it, unless it runs, and wait until it answers."""
        with _TURN:
            if not self.is_up():
                with one_at_a_time():
                    yield from self._start()
                self._plan("up")

    def stop(self, stopped: str) -> Operations:
        """Stop it once no container of the service runs; `stopped` is the one that was stopped just now."""
        with _TURN:
            self._note([f"stopped {stopped}"])
            if self.planned == "down" or not (self.planned or self.processes()):
                return
            left = self._left()
            if left:
                return
            condition = "no other container of the service runs" if left is None else ""
            yield Call("stop the docker daemon", self.end, condition=condition)
            self._plan("doubtful" if condition else "down")

    def end(self) -> None:
        """End it, and remove what it leaves in the running system. Raises ActionFailed."""
        left = self._context.system.end_processes(self.processes(), grace=_STOP_PATIENCE)
        if left:
            raise ActionFailed(f"dockerd, pid {left[0].pid}, can't be ended: the kernel holds it")
        if self._has_own_bridge:
            network.remove(self.places.bridge)
        if not self.orphans():
            leftovers.unmount(self._data_dir)
            self._remove_files()
        if self.cgroup:
            self._context.system.remove_group(self.cgroup)

    # -- parts

    @property
    def _has_own_bridge(self) -> bool:
        return not network.is_chosen(self._arguments)

    def _start(self) -> Operations:
        if not self.processes():
            self._refuse_wrong_place()
            if self._has_own_bridge and not network.exists(self.places.bridge):
                yield Command(network.add_argv(self.places.bridge))
            yield from self._remove_stale_pid()
            self._read = self._log.stat().st_size if self._log.exists() else 0
            try:
                yield Command(
                    self.argv(),
                    setting=Setting(environment=self._environment(), cgroup=self.cgroup),
                    detached=True,
                    watch=_WATCH,
                    output=str(self._log),
                    undo=Call("stop the docker daemon", self.end),
                    undo_on_failure=True,
                )
            except ActionFailed as error:
                raise self._explained(error) from error
        yield Call("wait for the docker daemon", self._wait)

    def _refuse_wrong_place(self) -> None:
        """In a plan, the steps before will have mounted it."""
        is_plan = isinstance(self._context.planned_paths, set)
        if not is_plan and not self._context.is_forced and (missing := self._home.missing()):
            raise ActionFailed(
                f"the docker daemon's data, {self._data_dir}, was on the file system at {missing}, which is not mounted; start that"
                " (--force begins anew with an empty directory)"
            )

    def _remove_stale_pid(self) -> Operations:
        file = self.places.pid_file
        if file.exists() and not self.planned:
            # the number may be another process' by now
            yield Call(f"rm {file}", lambda: file.unlink(missing_ok=True))

    def _wait(self) -> None:
        now = time.monotonic()
        end, seen = now + _START_PATIENCE, now
        while True:
            try:
                self.engine.get("/_ping", patience=max(1.0, end - now))
                self._home.remember()
                return
            except NotRunningError as error:
                now = time.monotonic()
                seen = now if self.processes() else seen
                # in the moment of its exec a process shows no command line
                if now - seen > _EXEC_PATIENCE or now > end:
                    raise self._explained(error) from error
            except SilentError as error:
                raise self._explained(error) from error
            time.sleep(0.02)

    def _explained(self, error: ActionFailed) -> ActionFailed:
        """Show the last lines that it has logged since it was started, and say where the rest is."""
        try:
            lines = self._log.read_bytes()[self._read :].decode(errors="replace").splitlines()[-_SHOWN_LINES:]
        except OSError:
            lines = []
        for line in lines:
            self._context.log.error(f"dockerd: {plain(line)}")
        said = plain(lines[-1]) if lines else str(error)
        return ActionFailed(f"the docker daemon of the service does not start: {said} (its log is {self._log})")

    def _environment(self) -> dict[str, str]:
        return {**service_environment(self._context.service, ""), _MARK: self.places.namespace}

    def _left(self) -> list[str] | None:
        """The containers of the service that run on; in a plan, without those that it stops. None where nobody can tell yet."""
        if self.planned:
            return None
        found = self.engine.containers(patience=ACTION_PATIENCE)
        # one that was made by hand does not keep the daemon up
        alive = [one.rid for one in found if one.is_alive and one.rid]
        return [rid for rid in alive if f"{self.places.socket} stopped {rid}" not in self._context.planned_paths]

    def _plan(self, word: str) -> None:
        """For the later steps of a plan."""
        planned = self._context.planned_paths
        if isinstance(planned, set):
            planned.difference_update([f"{self.places.socket} {other}" for other in ("up", "down", "doubtful")])
        self._note([word])

    def _note(self, words: Iterable[str]) -> None:
        planned = self._context.planned_paths
        if isinstance(planned, set):
            planned.update(f"{self.places.socket} {word}" for word in words)

    def _remove_files(self) -> None:
        folder = self.places.folder
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        # what is still mounted there belongs to somebody
        if f" {folder}/" not in mounts:
            shutil.rmtree(folder, ignore_errors=True)


def plain(line: str) -> str:
    """A line of dockerd's log without its decoration: `time="…" level=error msg="…"`."""
    found = re.search(r'\bmsg="((?:[^"\\]|\\.)*)"', line)
    return found[1].replace('\\"', '"') if found else line


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
