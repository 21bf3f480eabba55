"""delete: a service's configuration and state, or sections of its configuration."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, services
from opensvc_core.config.document import Document
from opensvc_core.errors import ActionRefused, NoSuchObject
from opensvc_core.instance.service import Service


def run(session: Session, arguments: Arguments) -> int:
    """Delete. A service that is not down is refused: what it started would be left without an owner."""

    def delete(service: Service) -> None:
        if arguments.rid:
            _delete_sections(service, arguments.rid.split(","), is_forced=arguments.force)
        else:
            service.delete(is_forced=arguments.force, wait_lock=arguments.waitlock)

    return each(session, services(session), delete)


def _delete_sections(service: Service, rids: list[str], *, is_forced: bool) -> None:
    def edit(document: Document) -> Document:
        for rid in rids:
            if not document.has_section(rid):
                raise NoSuchObject(f"{service.path} has no section {rid!r}; it has {', '.join(document.sections())}")
            document = document.delete_section(rid)
        return document

    up = [] if is_forced else [rid for rid in service.up() if rid in rids]
    if up:
        raise ActionRefused(f"{service.path} has {', '.join(up)} up here; stop it first (--force deletes it and leaves it)")
    service.change(edit)
