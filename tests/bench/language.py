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
from tests.bench.measure import BIN, report, seconds_of, timed

LARGE = 10_000
READ_RATIO, EVALUATED, EDITED = 3.0, 1.5, 0.4


def measure(folder: Path, node: Node) -> None:
    """The services of a node, then a file of many sections below a folder."""
    services = node.services()
    texts = [service.file.read_text("utf-8") for service in services]
    beside = timed(lambda: [read_by_configparser(text) for text in texts], runs=3)
    ours = timed(lambda: [Document.parse(text) for text in texts], runs=3)
    report(f"{len(texts)} files of 7 resources read", ours, f"by configparser: {beside * 1e3:.0f} ms", READ_RATIO * beside)
    whole = timed(lambda: [evaluate(service) for service in services], runs=3)
    report(f"{len(texts)} such files read and evaluated completely", whole, "each keyword of each section", EVALUATED)
    validated = timed(lambda: [service.validate() for service in services], runs=1)
    report(f"{len(texts)} such files read and validated", validated, "no limit was promised", validated)
    edit(folder)


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
    report(f"one edit of a file of {LARGE} sections", statistics.median(taken), "the whole process", EDITED)
