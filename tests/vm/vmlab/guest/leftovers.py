"""What a test leaves in a guest, and the way back to how it was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, TypedDict

OWN: Final = Path("/run/lab/own")
UPPER: Final = OWN / "upper"
LOWER: Final = Path("/run/lab/lower/root")
BEFORE: Final = OWN / "before.json"
# in memory, and new at every boot
VOLATILE: Final = ("/tmp", "/run", "/dev/shm")
NOT_OF_TESTS: Final = ("/run/lab", "/run/udev")
PATIENCE: Final = 5.0  # seconds until what was killed or unmounted is gone


class Entry(TypedDict):
    """A file of the guest's own layer; `text` is that of a regular file."""

    mode: int
    changed: int
    text: str


class Baseline(NamedTuple):
    """How the guest was after its boot; files as they were after the first one."""

    processes: set[int]
    mounts: list[str]
    network: str
    volatile: set[Path]
    files: dict[str, Entry]


def baseline() -> Baseline:
    """Look at a guest that has just booted."""
    if not BEFORE.exists():
        BEFORE.write_text(json.dumps({str(path): _entry(path) for path in _own_files()}), encoding="utf-8")
        os.sync()
    return Baseline(set(_processes()), _mounts(), _network(), set(_volatile()), json.loads(BEFORE.read_text(encoding="utf-8")))


def remove(before: Baseline) -> list[str]:
    """Remove what came since; what stays in spite of it, one line each: such a guest has to begin anew."""
    _log_out()
    _end_processes(before.processes)
    _unmount(before.mounts)
    _remove_mappings()
    _detach_loops()
    left = [f"process {pid}" for pid in set(_processes()) - before.processes]
    left += [f"mount {point}" for point in _mounts() if point not in before.mounts]
    left += [f"mapping {path.name}" for path in Path("/sys/block").glob("dm-*")]
    left += ["watchdog"] if Path("/sys/module/softdog").exists() else []
    left += ["network"] if _network() != before.network else []
    for path in _volatile():
        if path not in before.volatile:
            _delete(path)
    return left or _restore_files(before.files)


# processes


def _processes() -> list[int]:
    """All but the kernel's threads, this one, and the workers of udev."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents[int(path.parent.name)] = (int(fields[1]), fields[0])
    udev = {pid for pid in parents if _command(pid).endswith("systemd-udevd")}
    return [pid for pid, (parent, state) in parents.items() if 2 not in {pid, parent} and parent not in udev and state not in "ZX"]


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
    return ""


def _end_processes(before: set[int]) -> None:
    def new() -> list[int]:
        # the shell of process 1 begins a sleep anew from time to time
        return [pid for pid in _processes() if pid not in before and not _command(pid).endswith("/tools/sleep")]

    end = time.monotonic() + PATIENCE
    while (pids := new()) and time.monotonic() < end:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


# devices


def _log_out() -> None:
    if any(Path("/sys/class").glob("iscsi_session/*")):
        _run("iscsiadm", "-m", "node", "-u")


def _mounts() -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return [line.split(" ")[4].encode().decode("unicode_escape") for line in lines]


def _unmount(before: list[str]) -> None:
    for point in reversed([point for point in _mounts() if point not in before]):
        _run("umount", point)


def _remove_mappings() -> None:
    """Those that others lie on go after them."""
    end = time.monotonic() + PATIENCE
    while (found := list(Path("/sys/block").glob("dm-*"))) and time.monotonic() < end:
        for device in found:
            if not any((device / "holders").iterdir()):
                _run("dmsetup", "remove", "--retry", (device / "dm/name").read_text(encoding="utf-8").strip())


def _detach_loops() -> None:
    if any(Path("/sys/block").glob("loop*/loop")):
        _run("losetup", "-D")


def _network() -> str:
    links = sorted(path.name for path in Path("/sys/class/net").iterdir())
    addresses = _run("/run/lab/own/tools/ip", "-o", "addr")
    routes = Path("/proc/net/route").read_text(encoding="ascii")
    return "\n".join([*links, *(line.split("valid_lft")[0] for line in addresses.splitlines()), routes])


def _run(*argv: str) -> str:
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd="/").stdout


# files


def _volatile() -> list[Path]:
    found = []
    for top in VOLATILE:
        for folder, folders, files in os.walk(top):
            # below one of them is all of the host, and the checkout may be below /tmp
            folders[:] = [name for name in folders if f"{folder}/{name}" not in NOT_OF_TESTS and not os.path.ismount(f"{folder}/{name}")]
            found += [Path(folder, name) for name in [*folders, *files]]
    return found


def _own_files() -> list[Path]:
    return sorted(Path(folder, name) for folder, folders, files in os.walk(UPPER) for name in [*folders, *files])


def _entry(path: Path) -> Entry:
    status = path.lstat()
    text = path.read_text(encoding="utf-8", errors="surrogateescape") if stat.S_ISREG(status.st_mode) else ""
    # the time of a folder tells of what is in it, which is looked at itself
    return {"mode": status.st_mode, "changed": 0 if path.is_dir() else status.st_mtime_ns, "text": text}


def _restore_files(before: dict[str, Entry]) -> list[str]:
    """Take files back through the root, whose layers must not be changed under it; what can't be taken back."""
    left = [str(UPPER / path) for path in before if not os.path.lexists(path)]
    for path in _own_files():
        if not os.path.lexists(path):  # gone with its folder
            continue
        name = path.relative_to(UPPER)
        if old := before.get(str(path)):
            left += _take_back(path, name, old)
        elif os.path.lexists(LOWER / name):
            left += _take_from_host(name)
        else:
            _delete(Path("/", name))
    return left


def _take_back(path: Path, name: Path, old: Entry) -> list[str]:
    status = path.lstat()
    is_same = status.st_mode == old["mode"] and (stat.S_ISDIR(status.st_mode) or status.st_mtime_ns == old["changed"])
    if is_same:
        return []
    if not stat.S_ISREG(old["mode"]) or not stat.S_ISREG(status.st_mode):
        return [str(name)]
    place = Path("/", name)
    place.write_text(old["text"], encoding="utf-8", errors="surrogateescape")
    place.chmod(stat.S_IMODE(old["mode"]))
    os.utime(place, ns=(old["changed"], old["changed"]))
    return []


def _take_from_host(name: Path) -> list[str]:
    """A file of the host that was changed or deleted; a folder of it only holds what is in it."""
    source, place = LOWER / name, Path("/", name)
    if source.is_dir() and not source.is_symlink():
        return [] if place.is_dir() else [str(name)]
    _delete(place)
    shutil.copy2(source, place, follow_symlinks=False)
    return []


def _delete(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)
