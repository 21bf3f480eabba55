"""What two outputs are compared by: without what differs from run to run and from machine to machine, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

# what it is, its pattern, and what stands for it
ALIKE: Final = (
    ("times", r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS"),
    ("durations", r"\b\d:\d\d:\d\d\.\d{6}\b", "DURATION"),
    ("dates", r"updated at [A-Z][a-z]{2} [ \d]\d HH:MM:SS", "updated at WHEN"),
    ("dates", r"\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d HH:MM:SS [A-Z]+ \d{4}", "DATE"),
    ("numbers of processes", r"\bpid \d+", "pid PID"),
    ("whether a process runs or sleeps at the moment", r"(?m)^(\w+ +\d+ +[\d.]+ +[\d.]+ +\d+ +\d+ +\S+ +)[RD](?=[<NLsl+]* )", r"\1S"),
    ("identities of containers and images", r"(?<![0-9a-f-])[0-9a-f]{12}\b(?!-)", "ID12"),
    ("identities of services, secrets of clusters", r"\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b", "ID32"),
    ("addresses of network cards", r"\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b", "MAC"),
    ("how full file systems are", r"\b\d+/\d+ files, \d+/\d+ blocks", "N/N files, N/N blocks"),
    ("load, memory and score of a machine", r"(?m)^( *(?:score|load 15m|mem|swap|15m) +\|).*", r"\1 FIGURES"),
)


def alike(lines: Iterable[str]) -> str:
    """Lines without that, without blanks at their ends, and without empty ones around them."""
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    for _, pattern, word in ALIKE:
        text = re.sub(pattern, word, text)
    return text


def packed(text: str) -> str:
    """A text whose runs of blanks are one, and whose lines begin with none."""
    return re.sub(r"(?m)^ | $", "", re.sub(r"[ \t]+", " ", text))


def missing_part(parts: Sequence[str], text: str) -> str | None:
    """The first of some parts that is nowhere in a text; `...` in one is anything in a line."""
    for part in parts:
        pattern = ".*?".join(re.escape(piece.strip(" ")) for piece in part.split("..."))
        if not re.search(pattern, text):
            return part
    return None
