"""Agents: where they are, what they say of themselves, and what they find in their environment."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from opensvc_core.api import DriverUnavailable
from opensvc_driver_ocf.metadata import Metadata, parse

# An agent that is asked for its meta-data only prints; who looks at a service waits 10 s for all of it.
_LIMIT: Final = 8.0
_ROOT: Final = "/usr/lib/ocf"
# Where agents note what they have started; gone with the next boot, as that is.
NOTES: Final = Path("/run/resource-agents")


class AgentName(NamedTuple):
    """`ocf:PROVIDER:TYPE`."""

    provider: str
    type: str

    def __str__(self) -> str:
        return f"ocf:{self.provider}:{self.type}"

    @property
    def file(self) -> Path:
        """Where the agent is installed, whether it is or not."""
        return root() / "resource.d" / self.provider / self.type


def root() -> Path:
    """The folder below which agents and their libraries are: `OCF_ROOT`, by default /usr/lib/ocf."""
    return Path(os.environ.get("OCF_ROOT") or _ROOT)


def agent_name(text: str) -> AgentName:
    """`ocf:PROVIDER:TYPE` or `PROVIDER:TYPE`. Raises ValueError for anything else."""
    words = text.removeprefix("ocf:").split(":")
    if len(words) != 2 or not all(word and "/" not in word and word not in (".", "..") for word in words):
        raise ValueError(f"{text!r} is no agent; such as ocf:heartbeat:IPaddr2")
    return AgentName(*words)


def metadata(name: AgentName) -> Metadata:
    """What an installed agent says of itself, asked once for each version of its file. Raises DriverUnavailable."""
    try:
        found = name.file.stat()
    except OSError as error:
        way_out = "correct the name, or install the package that has it (resource-agents has those of ocf:heartbeat)"
        raise DriverUnavailable(f"{name}: {name.file}: {error.strerror}; {way_out}", "agent") from None
    return _asked(name, found.st_mtime_ns, found.st_size)


def standing(name: AgentName) -> dict[str, str]:
    """The variables that tell an agent what it is."""
    return {
        "OCF_ROOT": str(root()),
        "OCF_RA_VERSION_MAJOR": "1",
        "OCF_RA_VERSION_MINOR": "1",
        "OCF_RESOURCE_PROVIDER": name.provider,
        "OCF_RESOURCE_TYPE": name.type,
    }


def make_notes() -> None:
    """Make the folder of the notes, which systemd-tmpfiles makes where it runs."""
    NOTES.mkdir(exist_ok=True)
    NOTES.chmod(0o1755)


@lru_cache(maxsize=256)
def _asked(name: AgentName, _written: int, _size: int) -> Metadata:
    try:
        code, answer, said = _run([str(name.file), "meta-data"], {**os.environ, **standing(name), "OCF_RESOURCE_INSTANCE": "meta-data"})
        if code:
            raise ValueError(f"its meta-data can't be read: exit code {code}" + (f": {said}" if said else ""))
        return parse(answer)
    except OSError as error:
        raise DriverUnavailable(f"{name}: {name.file} can't be run: {error.strerror}", "agent") from None
    except subprocess.TimeoutExpired:
        raise DriverUnavailable(f"{name}: no meta-data after {_LIMIT:.0f}s", "agent") from None
    except ValueError as error:
        raise DriverUnavailable(f"{name}: {error}", "agent") from None


def _run(argv: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """The exit code of an agent, what it printed, and the last line of its errors. Raises OSError; TimeoutExpired, with all of it ended."""
    with subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            answer, errors = process.communicate(timeout=_LIMIT)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # what it has started holds its pipes
            raise
    return process.returncode, answer, (errors.strip().splitlines() or [""])[-1]
