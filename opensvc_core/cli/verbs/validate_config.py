"""validate config: what is wrong or doubtful in the configuration."""

from __future__ import annotations

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import Target, configurations, each
from opensvc_core.config.findings import Finding, Severity
from opensvc_core.errors import ConfigError

ONLY_WARNINGS = 3


def run(session: Session, arguments: Arguments) -> int:
    """Print each finding in a line. 0: none, 3: only warnings, 7: errors."""
    found: list[Finding] = []
    code = each(session, configurations(session), lambda target: found.extend(_findings(target)))
    if arguments.format == "json":
        rows = [{**finding._asdict(), "severity": finding.severity.value} for finding in found]
        session.print_json(findings=rows)
    else:
        print("".join(f"{' '.join(str(finding).splitlines())}\n" for finding in found), end="", file=session.stdout)
    return max(code, _code(found))


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
