"""delete: a service's configuration and state, or sections of its configuration."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_core.cli.cluster import refuse_alone
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services
from opensvc_core.config.document import Document
from opensvc_core.errors import ActionRefused, NoSuchObject
from opensvc_core.instance.service import Service


def run(session: Session, arguments: Arguments) -> int:
    """Delete. A service that is not down is refused: what it started would be left without an owner."""

    refuse_alone(session, arguments)

    def delete(service: Service) -> None:
        if arguments.rid:
            _delete_sections(service, arguments.rid.split(","), is_forced=arguments.force)
        else:
            service.delete(is_forced=arguments.force, wait_lock=arguments.waitlock)

    return each(session, services(session), delete)


def _delete_sections(service: Service, rids: list[str], *, is_forced: bool) -> None:
    refuse_up(service, rids, is_forced=is_forced)
    service.change(lambda document: without(document, rids))


def without(document: Document, sections: Sequence[str]) -> Document:
    """The document without these sections. Raises NoSuchObject for one that is not there."""
    for section in sections:
        if not document.has_section(section):
            raise NoSuchObject(f"there is no section {section!r}; there are {', '.join(document.sections())}")
        document = document.delete_section(section)
    return document


def refuse_up(service: Service, rids: Sequence[str], *, is_forced: bool) -> None:
    """Raise ActionRefused where one of these resources is up here: nobody would know of it any more."""
    up = [] if is_forced else [rid for rid in service.up() if rid in rids]
    if up:
        raise ActionRefused(f"{service.path} has {', '.join(up)} up here; stop it first (--force deletes it and leaves it)")
