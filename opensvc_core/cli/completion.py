"""Shell completion of the commands and of the links named after services, by Typer's protocol."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import typer

from opensvc_core.cli.help import NO_NAMES, Names, app
from opensvc_core.cli.table import Table
from opensvc_core.config.document import Document
from opensvc_core.config.sections import DEFAULT
from opensvc_core.config.service import ServiceConfig
from opensvc_core.errors import OpensvcError, UsageError
from opensvc_core.instance.node import Node
from opensvc_core.model.commandline import Scope
from opensvc_core.model.names import RESERVED, ServicePath
from opensvc_core.system.paths import Paths

_SECTION = re.compile(r"^\s*\[\s*([a-z_]+#[^\]\s]+|app)\s*\]", re.MULTILINE)


def answer(program: str, variable: str, table: Table, names: Names) -> None:
    """Print what the shell may offer: it has left the words in the environment. Ends by SystemExit."""
    typer.main.get_command(app(program, table, names))(args=[], prog_name=program, complete_var=variable)


def script(program: str, argv: Sequence[str], table: Table) -> None:
    """Show or install the shell's side: `--show-completion [SHELL]`, `--install-completion [SHELL]`. Ends by SystemExit."""
    if len(argv) > 2:
        raise UsageError(f"one word too many: {argv[2]!r}")
    if len(argv) == 2:
        # Typer takes the shell's name only where it doesn't detect the shell
        os.environ["_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION"] = "1"
    typer.main.get_command(app(program, table, NO_NAMES))(args=list(argv), prog_name=program)


def names_in(paths: Paths, node: Node) -> Names:
    """What the configuration folder tells; a file that can't be read offers nothing."""
    return Names(lambda: services(paths.etc), lambda service: rids(paths.etc, service), lambda *asked: keywords(node, *asked))


def services(etc: Path) -> list[str]:
    """The services whose configuration stands in the folder."""
    own = [file.stem for suffix in (".conf", ".env") for file in etc.glob(f"*{suffix}")]
    others = [file.relative_to(etc / "namespaces").with_suffix("") for file in etc.glob("namespaces/*/svc/*.conf")]
    return sorted({name for name in own if name not in RESERVED} | {str(path) for path in others})


def rids(etc: Path, service: str) -> list[str]:
    """The rids in the configuration of a service, in its order; nothing for a selector or an unreadable file."""
    try:
        place = etc / ServicePath.parse(service).config_path
        for suffix in (".conf", ".env"):
            file = place.with_name(place.name + suffix)
            if file.is_file():
                return _SECTION.findall(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, UsageError):
        pass
    return []


def keywords(node: Node, scope: Scope, service: str, begun: str) -> list[str]:
    """The keywords of the section that is begun, `fs#1.`; before its dot: those of `[DEFAULT]`, and the sections that are there."""
    try:
        config = _config(node, scope, service)
        section, dot, _ = begun.rpartition(".")
        if dot:
            return [f"{section}.{word}" for word in dict.fromkeys([*config.declared(section), *config.items(section)])]
        known = () if scope == "service" else ("node", "cluster")
        return [*config.declared(DEFAULT), *(f"{name}." for name in dict.fromkeys([*known, *config.sections()]) if name != DEFAULT)]
    except OpensvcError:
        return []


def _config(node: Node, scope: Scope, service: str) -> ServiceConfig:
    if scope != "service":
        return node.config_of(scope)
    found = node.service(service)
    return found.config(None if node.store.exists(found.path) else Document.parse(""))
