"""What commands, exit codes and keywords say of themselves, for pages of any form."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

from opensvc_core import errors
from opensvc_core.cli import main
from opensvc_core.cli.verbs import get, validate_config
from opensvc_core.config import vocabulary
from opensvc_core.config.keywords import Declares
from opensvc_core.model.commandline import Verb


class ExitCode(NamedTuple):
    """A number, the exception that ends with it where there is one, and what it says."""

    number: int
    exception: str
    text: str


class Section(NamedTuple):
    """A section of a file: its title, what declares its keywords, and of which class those are left out."""

    title: str
    declares: type[Declares]
    without: type[Declares] = Declares


def first_paragraph(value: object) -> str:
    """The first paragraph of a docstring, as one line."""
    return " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())


def details(verb: Verb) -> str:
    """What there is to say of a command beside its one line, which may be nothing."""
    return inspect.getdoc(import_module(verb.module).run) or ""


def exit_codes() -> list[ExitCode]:
    """What a command may end with, in the order of the numbers."""
    known = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, errors.OpensvcError)]
    found = [ExitCode(cls.exit_code, cls.__name__, first_paragraph(cls)) for cls in known]
    found += [
        ExitCode(0, "", "Done. “Already so” is done, too."),
        ExitCode(get.NOT_SET, "", "`get`, `eval`: a keyword is not set."),
        ExitCode(validate_config.ONLY_WARNINGS, "", "`validate config`: there are findings, and all are warnings."),
        ExitCode(main.BROKEN_PIPE, "", "Who read the output has gone away."),
    ]
    return sorted(found)


def sections() -> Iterator[Section]:
    """The sections of which the core knows the keywords: those of a service, then those of the node and the cluster."""
    yield Section("The service: `[DEFAULT]`", vocabulary.ServiceKeywords, vocabulary.Triggers)
    yield Section("Any resource", vocabulary.ResourceKeywords, vocabulary.Triggers)
    yield Section("Subsets: `[subset#GROUP:NAME]`", vocabulary.SubsetKeywords)
    yield Section("Triggers, in `[DEFAULT]` and in any resource", vocabulary.Triggers)
    yield Section("This node: `[node]` of node.conf", vocabulary.NodeKeywords)
    yield Section("The cluster: `[cluster]` of cluster.conf", vocabulary.ClusterKeywords)
    yield from (host_section(cls) for name, cls in vocabulary.HOST_SECTIONS.items() if name not in ("node", "cluster"))


def host_section(declares: type[Declares], owner: str = "") -> Section:
    """A section of node.conf and cluster.conf as its declaration's first line tells of it, and the plugin that brings it."""
    where, _, what = first_paragraph(declares).rstrip(".").partition(": ")
    title = f"{what[:1].upper()}{what[1:].partition(';')[0]}: {where.replace('…', 'NAME')}"
    return Section(f"{title}; brought by {owner}" if owner else title, declares)
