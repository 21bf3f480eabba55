"""update: set and remove keywords and delete sections, all of it or nothing."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import Target, configurations, each
from opensvc_core.cli.verbs.delete import refuse_up, without
from opensvc_core.config import edits
from opensvc_core.config.document import Document
from opensvc_core.errors import UsageError


def run(session: Session, arguments: Arguments) -> int:
    """Make the changes of the command line in each file that it names: deletions first, then removals, then settings."""
    changes = [edits.parse(text) for text in arguments.set]
    if not (changes or arguments.unset or arguments.delete):
        raise UsageError("what to change? --set SECTION.KEY=VALUE, --unset SECTION.KEY, --delete SECTION")

    def edit(document: Document) -> Document:
        return edits.apply(edits.remove(without(document, arguments.delete), arguments.unset), changes)

    def change(target: Target) -> None:
        if arguments.delete and target.service:
            refuse_up(target.service, arguments.delete, is_forced=arguments.force)
        target.change(edit)

    return each(session, configurations(session), change)
