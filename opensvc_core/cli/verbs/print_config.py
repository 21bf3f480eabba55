"""print config: the configuration as it is written, or as this node reads it."""

from __future__ import annotations

from typing import Any

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import Target, configurations, each
from opensvc_core.errors import DriverUnavailable


def run(session: Session, arguments: Arguments) -> int:
    """Print the text of the file; --eval: the values for this node or --impersonate; --format json: the same for machines."""
    targets = configurations(session)
    if arguments.format == "json":
        import json  # noqa: PLC0415

        known: dict[str, dict[str, dict[str, Any]]] = {}
        code = each(session, targets, lambda target: known.update({target.name: _sections(target, arguments)}))
        print(json.dumps({"version": 1, "objects": known}, indent=2), file=session.stdout)
        return code

    def show(target: Target) -> None:
        text = _evaluated(target, arguments) if arguments.eval or arguments.impersonate else target.text()
        print(text, end="", file=session.stdout)

    return each(session, targets, show)


def _evaluated(target: Target, arguments: Arguments) -> str:
    blocks = []
    for section, values in _sections(target, arguments, is_eval=True).items():
        lines = [f"{key} = {str(value).replace(chr(10), chr(10) + chr(9))}" for key, value in values.items()]
        blocks.append("\n".join([f"[{section}]", *lines]) + "\n")
    return "\n".join(blocks)


def _sections(target: Target, arguments: Arguments, *, is_eval: bool = False) -> dict[str, dict[str, Any]]:
    if not (is_eval or arguments.eval or arguments.impersonate):
        document = target.document()
        return {section: dict(document.items(section)) for section in document.sections()}
    config = target.config(node=arguments.impersonate)
    found: dict[str, dict[str, Any]] = {}
    for section in config.document.sections():
        keys = dict.fromkeys(key.partition("@")[0] for key in config.document.keys(section))
        try:
            values = {key: config.text(section, key) for key in keys}
        except DriverUnavailable:
            values = dict(config.document.items(section))
        found[section] = {key: value for key, value in values.items() if value is not None}
    return found
