"""unset: remove keywords, all of them or none."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import configurations, each
from opensvc_core.config import edits
from opensvc_core.errors import UsageError


def run(session: Session, arguments: Arguments) -> int:
    """Remove the keywords of the command line from each file that it names."""
    names = [*arguments.kw, *([arguments.param] if arguments.param else [])]
    if not names:
        raise UsageError("what to unset? --kw SECTION.KEY")
    return each(session, configurations(session), lambda target: target.change(lambda document: edits.remove(document, names)))
