"""validate config: what is wrong or doubtful in the configuration, and what of it can be mended safely."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import Target, configurations, each
from opensvc_core.config.document import Document
from opensvc_core.config.findings import Finding, Severity
from opensvc_core.errors import ConfigError

ONLY_WARNINGS = 3


def run(session: Session, arguments: Arguments) -> int:
    """Print each finding in a line, with --fix first what was replaced. 0: none is left, 3: only warnings, 7: errors."""
    found: list[Finding] = []
    renamed: list[Renamed] = []

    def look(target: Target) -> None:
        if arguments.fix:
            renamed.extend(_fix(target))
        found.extend(_findings(target))

    code = each(session, configurations(session), look)
    if arguments.format == "json":
        rows = [{**finding._asdict(), "severity": finding.severity.value} for finding in found]
        session.print_json(findings=rows, **({"fixed": [one._asdict() for one in renamed]} if arguments.fix else {}))
    else:
        print("".join(f"{' '.join(str(one).splitlines())}\n" for one in (*renamed, *found)), end="", file=session.stdout)
    return max(code, _code(found))


class Renamed(NamedTuple):
    """A keyword that got the name of today."""

    path: str
    line: int
    section: str
    key: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: fixed: {self.section}.{self.key} is {self.name} now"


def _fix(target: Target) -> list[Renamed]:
    """Replace what is safe to replace in its file; what that was. A file that can't be read is left to the findings."""
    from opensvc_core.config.validation import fixed  # noqa: PLC0415 - only --fix mends

    try:
        config = target.config()
        after = fixed(config)
        if after is not config.document:
            target.replace(config.document.text(), after)
    except ConfigError:
        return []
    return _renamed(config.document, after, str(target.file))


def _renamed(before: Document, after: Document, path: str) -> list[Renamed]:
    """An edit keeps the order of the keys, so that they can be laid side by side."""
    return [
        Renamed(path, before.line_of(section, key) or 0, section, key, name)
        for section in before.sections()
        for key, name in zip(before.keys(section), after.keys(section), strict=True)
        if key != name
    ]


def _findings(target: Target) -> list[Finding]:
    """What is wrong or doubtful; a file that can't be read as a whole is a finding too."""
    try:
        return target.findings()
    except ConfigError as error:
        path = error.path or str(target.file)
        return [Finding(Severity.ERROR, "broken-file", error.text, path, error.line, error.section, error.key)]


def _code(found: list[Finding]) -> int:
    if any(finding.severity is Severity.ERROR for finding in found):
        return ConfigError.exit_code
    return ONLY_WARNINGS if found else 0
