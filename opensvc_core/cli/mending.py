"""Mending: what is missing beside a service's file, made by the commands of the older dialect that show a status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from opensvc_core.cli.session import Session
from opensvc_core.instance.service import Service

if TYPE_CHECKING:
    from opensvc_core.model.events import Event


def mend(session: Session, service: Service, *, is_told: bool = True) -> None:
    """Make the service's command, and the links that are missing; these are told as the older agent did. Raises ConfigError."""
    links, manager = session.node.links, service.manager()
    links.repair(service.path)
    if made := links.mend(service.path, is_managed=bool(manager)):
        _tell(session, service, {link: "" if link.suffix == ".d" else manager for link in made}, is_told=is_told)


def _tell(session: Session, service: Service, made: dict[Path, str], *, is_told: bool) -> None:
    """A line for each link, in the name of the resource that it is for."""
    from opensvc_core.cli.render.log import ClassicLog  # noqa: PLC0415 - told once in the life of a service

    log = ClassicLog()

    def show(event: Event) -> None:
        if is_told:
            print("\n".join(log.lines(event)), file=session.stdout)

    journal = service.journal(show)
    for link, rid in made.items():
        journal.say(f"{link}: not regular file nor symlink. fix.", rid=rid, name="link")
