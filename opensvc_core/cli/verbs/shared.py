"""install man, install completion, and their removal: what people have beside the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from opensvc_core.cli import manual, shells
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.reader import PROGRAMS
from opensvc_core.cli.session import Session
from opensvc_core.cli.table import commands
from opensvc_core.errors import ActionRefused, DriverUnavailable
from opensvc_core.system import marked
from opensvc_core.system.host import is_root

FOLDER: Final = Path("/usr/local/share")


def run(session: Session, arguments: Arguments) -> int:
    """Write, or remove, files below `/usr/local/share`, or the folder that is named: `~/.local/share` for a user alone.

    `install man` describes the commands and drivers that are installed now: repeat it after another plugin or version. `install completion`
    is for bash, zsh and fish, of all who log in. A file that was edited is kept, unless --force is given.
    """
    if not arguments.folder and not is_root():
        raise ActionRefused(f"only root writes to {FOLDER}; --folder names another place")
    act, _, what = session.verb.partition(" ")
    folder = Path(arguments.folder).absolute() if arguments.folder else FOLDER
    if act == "install":
        texts = _manual(session) if what == "man" else _completion()
        done = marked.install({folder / place: text for place, text in texts.items()}, overwrites=arguments.force)
    else:
        places = map(_place, manual.NAMES) if what == "man" else shells.files(PROGRAMS)
        done = marked.uninstall((folder / place for place in places), is_forced=arguments.force)
    for file in done:
        print(f"{'wrote' if act == 'install' else 'removed'} {file}", file=session.stdout)
    if not done:
        print(f"{folder} has {'all of it already' if act == 'install' else 'nothing of ours'}", file=session.stdout)
    return 0


def _manual(session: Session) -> dict[str, str]:
    registry = session.node.registry
    drivers = {cls.id: cls for _, _, cls in registry.drivers() if not isinstance(cls, DriverUnavailable)}
    pages = manual.pages(commands(registry.commands()), drivers)
    return {_place(name): marked.marked(text, "man", comment='.\\"') for name, text in pages.items()}


def _place(page: str) -> str:
    return f"man/man{page[-1]}/{page}"


def _completion() -> dict[str, str]:
    return {place: marked.marked(text, "completion", after=first) for place, (text, first) in shells.files(PROGRAMS).items()}
