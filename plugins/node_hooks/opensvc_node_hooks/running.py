"""Running the commands of an event."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from opensvc_core.api import ActionFailed
from opensvc_node_hooks.configured import CONFIGURED

LIMIT = 30.0


def run_all(event: str, facts: Mapping[str, str]) -> None:
    """Run the commands of an event in the order of the file. Raises ActionFailed with what those that failed said."""
    environment = {**os.environ, "OPENSVC_EVENT": event, **{f"OPENSVC_{name}": value for name, value in facts.items()}}
    failures = [f"{name}: {failure}" for name, hook in CONFIGURED.hooks(event) if (failure := _run(hook.command, environment))]
    if failures:
        raise ActionFailed("; ".join(failures))


def _run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """What went wrong, or an empty text."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            check=False,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} did not end within {LIMIT:g} seconds"
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    if done.returncode == 0:
        return ""
    said = (done.stderr or done.stdout).strip().splitlines()
    return said[-1] if said else f"{command[0]} ended with exit code {done.returncode}"
