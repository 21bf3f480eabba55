"""What is made from the code, reference pages and a list: `docs/generate.py` writes it, `--check` tells whether it is current."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pages.architecture import architecture_page
from pages.commands import commands_page, exit_codes_page
from pages.daemon import orchestration_page, rights_page
from pages.drivers import drivers_page
from pages.installed import DOCS, NotInstalled, bundled
from pages.keywords import keywords_page
from pages.promises import promises_page
from pages.python import api_page, hooks_page
from pages.tutorials import tutorials_page

REFERENCE: Final = DOCS / "reference"
BUNDLED: Final = DOCS.parent / "opensvc_core" / "plugins" / "bundled.txt"
_PAGES: Final[dict[str, Callable[[], str]]] = {
    "keywords.md": keywords_page,
    "drivers.md": drivers_page,
    "commands.md": commands_page,
    "exit-codes.md": exit_codes_page,
    "hooks.md": hooks_page,
    "api.md": api_page,
    "promises.md": promises_page,
    "orchestration.md": orchestration_page,
    "rights.md": rights_page,
    "architecture.md": architecture_page,
    "tutorials.md": tutorials_page,
}
FILES: Final = {**{REFERENCE / name: make for name, make in _PAGES.items()}, BUNDLED: bundled}


def stale() -> list[Path]:
    """The files that are not as the code is. Raises NotInstalled."""
    return [file for file, make in FILES.items() if not file.is_file() or file.read_text("utf-8") != make()]


def write() -> None:
    """Write all of them. Raises NotInstalled."""
    REFERENCE.mkdir(exist_ok=True)
    for file, text in {file: make() for file, make in FILES.items()}.items():
        file.write_text(text, "utf-8")


def run(arguments: Sequence[str]) -> int:
    """Write the pages, or with --check say which are not current; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is not current")
    try:
        if not parser.parse_args(arguments).check:
            write()
            return 0
        old = stale()
    except NotInstalled as error:
        print(f"docs/generate.py: {error}", file=sys.stderr)
        return 1
    for file in old:
        print(f"{file.relative_to(DOCS.parent)} is not current; 'make docs' writes it", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
