"""get, eval: the values of keywords, as they are written or as this node reads them."""

from __future__ import annotations

from typing import Any

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import Target, configurations, each
from opensvc_core.config.edits import split
from opensvc_core.errors import UsageError

NOT_SET = 1


def run(session: Session, arguments: Arguments) -> int:
    """Print a line for each keyword; the exit code is 1 where one is not set."""
    names = [*arguments.kw, *([arguments.param] if arguments.param else [])]
    if not names:
        raise UsageError("which keyword? --kw SECTION.KEY")
    is_eval = arguments.eval or bool(arguments.impersonate) or session.verb == "eval"
    rows: list[tuple[str, str, Any]] = []

    def look(target: Target) -> int:
        values = [_value(target, name, arguments, is_eval=is_eval) for name in names]
        rows.extend((target.name, name, value) for name, value in zip(names, values, strict=True))
        return NOT_SET if None in values else 0

    code = each(session, configurations(session), look)
    if arguments.format == "json":
        session.print_json(values=[dict(zip(("object", "keyword", "value"), row, strict=True)) for row in rows])
    else:
        print("".join(f"{_text(value)}\n" for _, _, value in rows if value is not None), end="", file=session.stdout)
    return code


def _value(target: Target, name: str, arguments: Arguments, *, is_eval: bool) -> Any:
    section, key = split(name)
    if not is_eval:
        return target.raw(section, key)
    return target.value(section, key, node=arguments.impersonate)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    from opensvc_core.config.converters import print_value  # noqa: PLC0415 - a raw value needs no printing

    return print_value(value)
