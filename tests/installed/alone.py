"""A node where one distribution is installed, with what it declares to need; and what is done with a service there."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from opensvc_linux.testing import Ground


class Commands(Protocol):
    """The fixture `root`."""

    def __call__(self, line: str, *, code: int | None = 0, **environ: str) -> Any: ...

    def __truediv__(self, name: str) -> Path: ...

    def write(self, name: str, text: str, *, mode: int = 0o644) -> Path: ...


@dataclass
class Alone:
    """Runs commands there. `before` stands before each, `environ` is in its environment; `ground` has block devices."""

    root: Commands
    ground: Ground
    before: str = ""
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, line: str, *, code: int | None = 0) -> Any:
        return self.root(f"{self.before} {line}", code=code, **self.environ)

    def create(self, text: str, *, code: int = 0) -> None:
        """Make the service `web`, and check it."""
        self.root.write("web.txt", text)
        self("om web create --config web.txt")
        self("om web validate config", code=code)

    @property
    def statuses(self) -> dict[str, str]:
        """The status of each resource, seen now."""
        found = json.loads(self("om web print status --format json").stdout)["resources"]
        return {rid: one["status"] for rid, one in found.items()}

    def up_and_down(self, text: str, rid: str, *, up: str = "up", down: str = "down") -> None:
        """Make a service, start and stop it."""
        self.create(text)
        self("om web start --local")
        assert self.statuses[rid] == up
        self("om web stop --local")
        assert self.statuses[rid] == down

    def provisioned(self, text: str, rid: str) -> None:
        """Make a service, provision it, which starts it, and take it away again."""
        self.create(text)
        self("om web provision --local")
        assert self.statuses[rid] == "up"
        self("om web unprovision --local")
        assert self.statuses[rid] == "down"

    def planned(self, text: str, seen: dict[str, str], said: str, *, code: int | None = 0) -> None:
        """What not every host can run: a service is made, looked at and planned; the plan says this, or why there is none."""
        self.create(text)
        assert self.statuses == seen
        done = self("om web start --local --plan", code=code)
        assert said in done.stdout + done.stderr

    def configure(self, *words: str, code: int = 0) -> None:
        """Put words into cluster.conf, and check it."""
        self(shlex.join(["om", "cluster", "set", "--kw", "cluster.nodes=n1 n2", *_keywords(words)]))
        self("om cluster validate config", code=code)

    def ask(self, expression: str) -> str:
        """What an expression of `node` comes to, in Python."""
        code = f"from opensvc_core.api import Node\nnode = Node()\nprint({expression})"
        return str(self(f"python -c {shlex.quote(code)}").stdout).strip()


def _keywords(words: Sequence[str]) -> list[str]:
    return [part for word in words for part in ("--kw", word)]
