"""Speed, side by side in one run: `python -m tests.bench.run [PART ...] [--page FILE]` tells each figure and writes them down.

It ends with 1 where a figure is over its limit.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final, TextIO

from tests.bench import commands, containers, copies, daemon, decision, failover, groups, growth, host_start, language
from tests.bench.measure import Figure
from tests.bench.page import Missing, line, page

Part = Callable[[Path], None]
PARTS: Final[Mapping[str, Part]] = {
    "Commands": commands.measure,
    "Growth with the number of services": growth.measure,
    "The language": language.measure,
    "A start on the host": host_start.measure,
    "Containers": containers.measure,
    "Volume groups": groups.measure,
    "Copies": copies.measure,
    "The decision": decision.measure,
    "The daemon at rest": daemon.measure,
    "Failover: how long clients are without the service": failover.measure,
}


class Result(io.TextIOBase):
    """An output that is told figures as lines of JSON: it shows them to people, and remembers them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._rest = stream, ""
        self.rows: list[Figure | Missing] = []

    def write(self, text: str) -> int:
        """Take whole lines."""
        *lines, self._rest = (self._rest + text).split("\n")
        for one in lines:
            row = _row(one)
            self.rows.append(row)
            self._stream.write((line(row) if isinstance(row, Figure) else f"{row.title}: not measured: {row.reason}") + "\n")
        self._stream.flush()
        return len(text)


def _row(text: str) -> Figure | Missing:
    fields = json.loads(text)
    return Missing(*fields) if len(fields) == len(Missing._fields) else Figure(*fields)


def main(parts: Mapping[str, Part], to: Path | None = None) -> int:
    """Measure; 1 where a figure is over its limit."""
    # as installed: with the bytecode of the modules beside them
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    found = {title: measured(title, part) for title, part in parts.items()}
    if to is not None:
        to.write_text(page(found), encoding="utf-8")
    over = [row for rows in found.values() for row in rows if isinstance(row, Figure) and row.is_over]
    if over:
        print(f"over their limit: {len(over)} figures, which are marked", flush=True)
    return 1 if over else 0


def measured(title: str, part: Part) -> list[Figure | Missing]:
    """The figures of one part, which has a folder for what it needs."""
    print(f"\n{title}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="opensvc-bench."))
    result = Result(sys.stdout)
    try:
        with redirect_stdout(result):
            part(folder)
    finally:
        shutil.rmtree(folder)
    return result.rows


def arguments() -> argparse.Namespace:
    """What is to be measured, and where it is written."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.run")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"the beginning of one of: {'; '.join(PARTS)} (default: all)")
    parser.add_argument("--page", type=Path, help="the file that the results are written to, where all parts are measured")
    given = parser.parse_args()
    for word in given.parts:
        if not any(_is_meant(title, word) for title in PARTS):
            parser.error(f"no part begins with '{word}'; there are: {'; '.join(PARTS)}")
    if given.parts and given.page:
        parser.error("--page takes the results of all parts")
    return given


def _is_meant(title: str, word: str) -> bool:
    return title.lower().startswith(word.lower())


if __name__ == "__main__":
    given = arguments()
    chosen = {title: part for title, part in PARTS.items() if not given.parts or any(_is_meant(title, word) for word in given.parts)}
    sys.exit(main(chosen, given.page))
