"""The tree: where OpenHA's programs, configuration, states and logs are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

DEFAULT: Final = Path("/usr/local/cluster")
PROGRAMS: Final = (
    *("service", "hb", "nmond"),
    *("heartd", "heartc", "heartd_unicast", "heartc_unicast", "heartd_dio", "heartc_dio", "heartd_raw", "heartc_raw"),
)


@dataclass(frozen=True)
class Tree:
    """The places of one installation.

    `bin`: programs; `nodes`, `monitor`, `services`, `options`: files of configuration; `states`: a folder for each service with
    `STATE.<node>` for each node; `log`; `proc`: what the running programs leave for each other.
    """

    bin: Path
    nodes: Path
    monitor: Path
    services: Path
    options: Path
    states: Path
    log: Path
    proc: Path

    @classmethod
    def below(cls, ez: Path) -> Self:
        """The tree of the seeds' commands, everything below one folder: EZ."""
        conf, log = ez / "conf", ez / "log"
        return cls(ez / "bin", conf / "nodes", conf / "monitor", conf / "services", conf / "options", ez / "services", log, log / "proc")

    @classmethod
    def by_hierarchy(cls, root: Path = Path("/")) -> Self:
        """The later layout: /usr/lib/openha, /etc/openha, /var/lib/openha."""
        conf, var = root / "etc/openha", root / "var/lib/openha"
        log = root / "var/log/openha"
        return cls(
            *(root / "usr/lib/openha/bin", conf / "nodes", conf / "monitor", conf / "services", conf / "options"),
            *(var / "services", log, var / "proc"),
        )

    @classmethod
    def of(cls, environment: Mapping[str, str], fallback: Path = DEFAULT) -> Self:
        """The tree that the variables EZ, EZ_BIN, EZ_NODES, EZ_MONITOR, EZ_SERVICES, EZ_LOG and EZ_VAR name.

        `fallback` is the folder EZ where that is not set. All are absolute: programs in the background have a folder of their own.
        """

        def place(name: str, usual: Path) -> Path:
            return Path(environment.get(name) or usual).absolute()

        usual = cls.below(place("EZ", fallback))
        monitor, log = place("EZ_MONITOR", usual.monitor), place("EZ_LOG", usual.log)
        states, proc = usual.states, log / "proc"
        if environment.get("EZ_VAR"):
            var = place("EZ_VAR", usual.states)
            states, proc = var / "services", var / "proc"
        return cls(
            *(place("EZ_BIN", usual.bin), place("EZ_NODES", usual.nodes), monitor, place("EZ_SERVICES", usual.services)),
            *(monitor.with_name("options"), states, log, proc),
        )

    def environment(self) -> dict[str, str]:
        """The variables that name this tree, for what is started from it: `of` makes the same tree from them."""
        is_below_log = self.proc == self.log / "proc"
        named = {
            "EZ": self.states.parent if is_below_log else self.bin.parent,
            "EZ_BIN": self.bin,
            "EZ_NODES": self.nodes,
            "EZ_MONITOR": self.monitor,
            "EZ_SERVICES": self.services,
            "EZ_LOG": self.log,
            **({} if is_below_log else {"EZ_VAR": self.states.parent}),
        }
        return {name: str(path) for name, path in named.items()}

    def folder(self, service: str) -> Path:
        """Where the states of a service are."""
        return self.states / service

    def state(self, service: str, node: str) -> Path:
        """The state file of a service and a node."""
        return self.states / service / f"STATE.{node}"
