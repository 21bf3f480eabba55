"""The one entry point: `openha`, and every program of a tree by the name of its link."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from opensvc_core.errors import OpensvcError, UsageError
from opensvc_openha.background import complain
from opensvc_openha.tree import DEFAULT, PROGRAMS, Tree

USAGE: Final = """\
Usage: openha install [FOLDER]     make the tree of OpenHA's commands, /usr/local/cluster unless FOLDER is given
       openha service|hb|ezha …    the commands of that tree
       openha status               the heartbeats and the services"""


def main() -> None:
    """Run what the name that it was called by asks for."""
    try:
        code = run(sys.argv, dict(os.environ))
    except UsageError as error:
        complain(str(error))
        code = 255
    except OpensvcError as error:
        complain(str(error))
        called = [Path(sys.argv[0]).name, *sys.argv[1:2]]
        code = 255 if (called[-1] if called[0] == "openha" else called[0]) in ("service", "hb") else 1
    except (BrokenPipeError, KeyboardInterrupt):
        code = 130
    except OSError as error:
        complain(f"{Path(sys.argv[0]).name}: {error.filename or ''}: {error.strerror}")
        code = 1
    sys.exit(code)


def run(argv: Sequence[str], environment: dict[str, str]) -> int:
    """The exit code of a command line. Raises OpensvcError."""
    name, words = Path(argv[0]).name, list(argv[1:])
    if name == "openha":
        if words[:1] in (["--help"], ["-h"], ["help"]):
            print(USAGE)
            return 0
        if words[:1] == ["install"] and len(words) <= 2:
            return _install(Path(words[1]).absolute() if len(words) == 2 else DEFAULT)
        if words == ["status"]:
            print("Heartbeat status:", flush=True)
            run(["hb", "-s"], environment)
            print("\nServices status:", flush=True)
            return run(["service", "-s"], environment)
        if not words or words[0] not in ("service", "hb", "ezha", *PROGRAMS):
            raise UsageError(USAGE)
        name, words = words[0], words[1:]
    tree = Tree.of(environment, _home(Path(argv[0])))
    return _program(name, words, tree)


def _program(name: str, words: list[str], tree: Tree) -> int:
    from opensvc_openha import programs  # noqa: PLC0415 - a command imports what it needs

    if name == "service":
        return programs.service(tree, words)
    if name == "hb":
        return programs.heartbeat(tree, words)
    if name in PROGRAMS:
        return programs.daemon(tree, name, words)
    return programs.ezha(tree, words)  # called through a link of any name


def _install(ez: Path) -> int:
    from opensvc_openha.install import install, own_program  # noqa: PLC0415

    made = install(ez, own_program())
    print("\n".join(f"{path} made" for path in made) or f"{ez}: all is there")
    return 0


def _home(called: Path) -> Path:
    """The folder EZ of a program that was called by its path, or through links to it: S99cluster → EZ/ezha → …"""
    if not called.is_absolute():
        called = Path.cwd() / called
    for _ in range(20):
        for folder in (called.parent, called.parent.parent):
            if (folder / "env.sh").is_file() and (folder / "bin").is_dir():
                return folder
        if not called.is_symlink():
            return DEFAULT
        called = called.parent / called.readlink()
    return DEFAULT
