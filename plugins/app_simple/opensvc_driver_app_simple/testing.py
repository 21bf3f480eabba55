"""How the conformance suite tries app.simple."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

from opensvc_core.api import Service
from opensvc_core.testing.conformance import Case, Conformance
from opensvc_core.testing.nodes import processes_of


class Promises(Conformance):
    """A program that runs until it is ended."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"test_time_limit_is_kept": "its start is over when the program has lasted for a moment"}
    )

    def case(self, folder: Path) -> Case:
        """A program that does nothing for long."""
        text = "[app#1]\ntype = simple\nstart = sleep 987\n"
        # its start succeeds once the program has lasted for a moment, so what hangs is the stop command of a rollback at most
        return Case(text, rid="app#1", remove=_end_all)


class CheckedPromises(Conformance):
    """An application that writes its number into a file: the check and the stop command go by it, and leave the file."""

    does_not_apply = Promises.does_not_apply

    def case(self, folder: Path) -> Case:
        """A launcher beside the folder."""
        script, file = folder.with_name(f"{folder.name}.launcher"), folder / "pid"
        script.write_text(_LAUNCHER)
        script.chmod(0o755)
        words = {key: shlex.join([str(script), word, str(file)]) for key, word in (("start", "run"), ("stop", "stop"), ("check", "check"))}
        text = "[app#1]\ntype = simple\n" + "".join(f"{key} = {line}\n" for key, line in words.items())
        return Case(text, rid="app#1", footprint=str, remove=_end_all)


_LAUNCHER: Final = """#!/bin/sh
case $1 in
run) echo $$ > "$2"; exec sleep 988 ;;
stop) test ! -s "$2" || kill "$(cat "$2")" 2>/dev/null || true ;;
check) test -s "$2" && grep -q . "/proc/$(cat "$2")/cmdline" 2>/dev/null ;;
esac
"""


def _end_all(service: Service) -> None:
    service.node.host.end_processes(processes_of(service), grace=1.0)
