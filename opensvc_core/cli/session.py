"""The session: what every verb finds around itself, made once by `main`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, TextIO

from opensvc_core.model.commandline import Scope
from opensvc_core.system.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opensvc_core.cli.render.colors import Palette
    from opensvc_core.instance.node import Node
    from opensvc_core.model.snapshot import ServiceStatus

Layout = Literal["classic", "tree"]


class Session:
    """The surroundings of one command: who was called, on what, where to read and where to print.

    `program` is the name it was called by (that of a service for its link), `layout` the look that goes with it,
    `verb` the words of the command; `root` is the folder that OSVC_ROOT_PATH names, or None.
    """

    def __init__(
        self,
        *,
        program: str,
        scope: Scope,
        verb: str,
        selector: str,
        root: str | None,
        nodename: str,
        stdout: TextIO,
        stderr: TextIO,
    ) -> None:
        self.program = program
        self.layout: Layout = "tree" if program == "om" else "classic"
        self.scope = scope
        self.verb = verb
        self.selector = selector
        self.root = root
        self.paths = Paths.below(root)
        self.nodename = nodename
        self.stdout = stdout
        self.stderr = stderr
        # Completes what is seen here of a service with what the daemon knows of its other nodes, where one answers.
        self.completed: Callable[[ServiceStatus], ServiceStatus] | None = None
        # The lines of a log, where the daemon has those of other nodes as well.
        self.lines: Iterable[str] | None = None

    @cached_property
    def node(self) -> Node:
        """The node with its services, imported when first asked for."""
        from opensvc_core.instance.node import Node  # noqa: PLC0415 - not every verb needs it

        return Node(root=self.root, nodename=self.nodename)

    def palette(self, choice: str) -> Palette:
        """The colours for what `--color` says."""
        import os  # noqa: PLC0415

        from opensvc_core.cli.render.colors import palette  # noqa: PLC0415 - not every verb prints colours

        return palette(choice, self.stdout, os.environ)

    def print_json(self, **data: object) -> None:
        """Print an answer for machines: an object with the version of its form."""
        import json  # noqa: PLC0415 - only machines ask for it

        print(json.dumps({"version": 1, **data}), file=self.stdout)
