"""enable, disable: whether resources, or the whole service, take part in actions."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import each, selection, services
from opensvc_core.config.document import Document
from opensvc_core.instance.service import Service
from opensvc_core.plan.selection import Selection, select


def run(session: Session, arguments: Arguments) -> int:
    """Write `disable` into the sections selected, or into DEFAULT."""
    chosen = selection(arguments)
    return each(session, services(session), lambda service: _mark(service, chosen, is_disabled=session.verb == "disable"))


def _mark(service: Service, chosen: Selection, *, is_disabled: bool) -> None:
    sections = ["DEFAULT"]
    if chosen.is_scoped:
        items = select([part.item for part in service.instance().parts], chosen)
        rids = {item.rid for item in items}
        # what stands beside one that is disabled is so without a word of its own
        sections = [item.rid for item in items if not (is_disabled and item.beside in rids)]

    def edit(document: Document) -> Document:
        for section in sections:
            if is_disabled:
                document = document.set(section, "disable", "true")
            elif document.get(section, "disable") is not None:
                document = document.unset(section, "disable")
        return document

    service.change(edit)
