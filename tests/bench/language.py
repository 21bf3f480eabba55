"""The language: files read beside Python's own configparser, evaluated, validated, and one edit of a large one."""

from __future__ import annotations

import configparser
import os
import statistics
from pathlib import Path
from typing import Any

from opensvc_core import Node
from opensvc_core.config.document import Document
from opensvc_core.config.vocabulary import ResourceKeywords, ServiceKeywords
from opensvc_core.instance.service import Service
from tests.bench.growth import make_small
from tests.bench.measure import BIN, seconds_of, shown, tell, timed

LARGE, FILES = 10_000, 1000
# Of the limits: how many times as long as configparser, and milliseconds.
READ_RATIO, EVALUATED, EDITED = 3.0, 1500, 400


def measure(folder: Path) -> None:
    """Many services, then a file of many sections."""
    for number in range(FILES):
        make_small(folder / "etc", f"s{number}")
    services = Node(folder, nodename="n1").services()
    texts = [service.file.read_text("utf-8") for service in services]
    theirs = timed(lambda: [read_by_configparser(text) for text in texts], runs=3)
    ours = timed(lambda: [Document.parse(text) for text in texts], runs=3)
    ratio = statistics.median(ours) / statistics.median(theirs)
    beside = f"by configparser: {shown(theirs)}; ratio {ratio:.2f}"
    tell(f"{len(texts)} files of 7 resources read", ours, "ms", beside=beside, limit=READ_RATIO, judged=ratio)
    whole = timed(lambda: [evaluate(service) for service in services], runs=3)
    tell(f"{len(texts)} such files read and evaluated completely", whole, "ms", beside="each keyword of each section", limit=EVALUATED)
    validated = timed(lambda: [service.validate() for service in services], runs=1)
    tell(f"{len(texts)} such files read and validated", validated, "ms")
    edit(folder / "large")


def read_by_configparser(text: str) -> configparser.RawConfigParser:
    """What the older agents' files are for Python's own parser."""
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    return parser


def evaluate(service: Service) -> list[dict[str, Any]]:
    """Every value of a service's file, converted, with its references resolved."""
    config = service.config()
    resources = [(section.rid, declares) for section in config.resources() for declares in (ResourceKeywords, config.driver(section))]
    return [config.values(section, declares) for section, declares in [("DEFAULT", ServiceKeywords), *resources]]


def edit(folder: Path) -> None:
    """One edit of a large file, as a command."""
    (folder / "etc").mkdir(parents=True)
    sections = (f"[fs#{number}]\ntype = flag\ncomment = the flag {number}\nrestart = 1\n\n" for number in range(LARGE))
    (folder / "etc/large.conf").write_text("[DEFAULT]\nid = 1\n\n" + "".join(sections))
    environment = {**os.environ, "OSVC_ROOT_PATH": str(folder), "OSVC_NODENAME": "n1"}
    command = [str(BIN / "om"), "large", "set", "--kw"]
    taken = [seconds_of([*command, f"fs#{LARGE // 2}.restart={number}"], environment) for number in range(2, 9)]
    tell(f"one edit of a file of {LARGE} sections", taken, "ms", beside="the whole process", limit=EDITED)
