"""The report: findings with their place in the file."""

from __future__ import annotations

from functools import partial

from opensvc_core.config.concealing import is_secret
from opensvc_core.config.document import Document
from opensvc_core.config.findings import Finding, Severity


class Report:
    """Makes findings about one document. Each has a stable `code`, what is wrong, where, and the way out as `hint`; no secret is shown."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.error = partial(self._finding, Severity.ERROR)
        self.warning = partial(self._finding, Severity.WARNING)

    def of(self, found: Finding) -> Finding:
        """A finding that has no place yet, with its place."""
        return self._finding(found.severity, found.code, found.text, found.section, found.key, hint=found.hint)

    def _finding(
        self, severity: Severity, code: str, text: str, section: str, key: str = "", *, hint: str = "", line: int | None = None
    ) -> Finding:
        place = self._document.line_of(section, key) if line is None else line
        value = self._document.get(section, key) if key and not is_secret(key) else None
        return Finding(severity, code, text, self._document.path, place or 0, section, key, value or "", hint)
