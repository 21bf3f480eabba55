"""Persistent reservations of one disk: the commands that change them, and what is to be read of them.

sg_persist(8); where a disk has several paths, mpathpersist(8), which registers each of them. SPC-4, 5.13 says what they mean.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from opensvc_core.api import Command, CommandResult, System
from opensvc_driver_scsireserv.disks import Disk

# Only who is registered may write; reading is free, so that the other nodes see the disk's labels.
TYPE: Final = "Write Exclusive, registrants only"
# what sg_persist and mpathpersist end with where somebody else has the disk
CONFLICT: Final = (24, 11)
_LIMIT: Final = 30.0
_READ_LIMIT: Final = 10.0
# a disk tells once that something was changed behind the back of its user, in the place of the answer
_ATTENTION: Final = 6
_ATTEMPTS: Final = 4
_UNABLE: Final = ("command not supported", "invalid opcode", "invalid field", "illegal request", "invalid argument", "inappropriate ioctl")


class State(NamedTuple):
    """What a disk tells.

    `keys` are those that are registered, one for each path of each node. `type` is that of the reservation, empty where there is
    none, `holder` the key that holds it. `problem` is why nothing can be told; `is_unable`: it will never be.
    """

    keys: tuple[int, ...] = ()
    holder: int = 0
    type: str = ""
    problem: str = ""
    is_unable: bool = False


def look(system: System, disk: Disk) -> State:
    """What a disk tells now."""
    found = _ask(system, "--read-keys", disk)
    keys = parse_keys(found.stdout)
    if found.code or keys is None:
        return _problem(found, disk)
    if not keys:
        return State()
    found = _ask(system, "--read-reservation", disk)
    reservation = parse_reservation(found.stdout)
    if found.code or reservation is None:
        return _problem(found, disk)
    return State(keys, *reservation)


def parse_keys(text: str) -> tuple[int, ...] | None:
    """The keys in what `--read-keys` prints; None where it is something else."""
    if re.search(r"there are NO registered reservation keys|0 registered reservation key", text):
        return ()
    if not re.search(r"registered reservation keys? follows?", text):
        return None
    return tuple(int(key, 16) for key in re.findall(r"^\s+0x([0-9a-fA-F]+)\s*$", text, re.MULTILINE))


def parse_reservation(text: str) -> tuple[int, str] | None:
    """The holder's key and the type in what `--read-reservation` prints, 0 and nothing for none; None where it is something else."""
    if "NO reservation held" in text:
        return 0, ""
    key = re.search(r"\bKey\s*=\s*0x([0-9a-fA-F]+)", text)
    kind = re.search(r"\bscope\s*[:=].*\btype\s*[:=]\s*(.*?)\s*$", text, re.MULTILINE)
    return (int(key[1], 16), kind[1]) if key and kind else None


def is_ours(kind: str) -> bool:
    """Whether a type is the one that we make, whatever a version calls it."""
    return kind.replace(" ", "").lower() == TYPE.replace(" ", "").lower()


# -- what changes it


def register(disk: Disk, key: int) -> Command:
    """Register this node, whatever it was registered with before."""
    return _change(disk, "--register-ignore", f"--param-sark={key:#x}", undo=unregister(disk))


def unregister(disk: Disk) -> Command:
    """Take this node's registration back, if there is one; a reservation that it holds goes with it."""
    return _change(disk, "--register-ignore", "--param-sark=0x0")


def reserve(disk: Disk, key: int) -> Command:
    """Reserve a disk that nobody holds; a conflict is an answer."""
    argv = _change(disk, "--reserve", f"--param-rk={key:#x}", "--prout-type=5", undo=release(disk, key))
    return argv._replace(succeeds=(0, *CONFLICT))


def release(disk: Disk, key: int) -> Command:
    """Give the reservation back, where this node holds it."""
    return _change(disk, "--release", f"--param-rk={key:#x}", "--prout-type=5")


def preempt(disk: Disk, key: int, other: int, *, aborts: bool) -> Command:
    """Take all registrations with another key away, and the reservation where that key holds it."""
    action = "--preempt-abort" if aborts else "--preempt"
    return _change(disk, action, f"--param-rk={key:#x}", f"--param-sark={other:#x}", "--prout-type=5", undo=release(disk, key))


def _change(disk: Disk, *words: str, undo: Command | None = None) -> Command:
    program = ("mpathpersist", "--out") if disk.is_multipath else ("sg_persist", "--out", "--no-inquiry")
    return Command([*program, *words, disk.path], undo=undo, undo_on_failure=undo is not None, timeout=_LIMIT)


# -- how it is asked


def _ask(system: System, what: str, disk: Disk) -> CommandResult:
    """Read it over one path: all of them tell the same. For reading only: udev looks anew at a disk that was open for writing."""
    argv = ["sg_persist", "--in", "--no-inquiry", "--readonly", what, disk.path]
    found = system.query(argv, timeout=_READ_LIMIT)
    for _ in range(_ATTEMPTS - 1):
        if found.code != _ATTENTION:
            break
        found = system.query(argv, timeout=_READ_LIMIT)
    return found


def _problem(found: CommandResult, disk: Disk) -> State:
    said = f"{found.stdout}\n{found.stderr}".lower()
    if found.code == 127:
        return State(problem="sg_persist is missing (apt-get install sg3-utils, dnf install sg3_utils)")
    if found.code == 124:
        return State(problem=f"{disk} does not answer within {_READ_LIMIT:g} s")
    if any(word in said for word in _UNABLE):
        return State(problem=f"{disk} knows no persistent reservations", is_unable=True)
    lines = [line.strip() for line in found.stderr.splitlines() if line.strip()]
    return State(problem=f"{disk} does not tell its reservation: {lines[-1] if lines else 'what sg_persist prints is not known'}")
