"""set: change keywords, all of them or none."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import configurations, each
from opensvc_core.config import edits
from opensvc_core.errors import UsageError


def run(session: Session, arguments: Arguments) -> int:
    """Apply the settings of the command line to each file that it names."""
    changes = [edits.parse(text) for text in arguments.kw] + _older(arguments)
    if not changes:
        raise UsageError("what to set? --kw SECTION.KEY=VALUE")
    return each(session, configurations(session), lambda target: target.change(lambda document: edits.apply(document, changes)))


def _older(arguments: Arguments) -> list[edits.Edit]:
    """`--param KEY` with `--value`, `--add` or `--remove`."""
    given = {"=": arguments.value, "+=": arguments.add, "-=": arguments.remove}
    changes = [(operator, value) for operator, value in given.items() if value is not None]
    if not arguments.param:
        if changes or arguments.at is not None:
            raise UsageError("--value, --add, --remove and --index go with --param SECTION.KEY")
        return []
    if len(changes) != 1:
        raise UsageError("--param goes with one of --value, --add, --remove")
    ((operator, value),) = changes
    return [edits.Edit(*edits.split(arguments.param), operator, value, arguments.at)]
