"""create: a new service, frozen, from nothing, from settings, from another one, or from answers."""

from __future__ import annotations

import sys
from pathlib import Path

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.config import edits
from opensvc_core.config.document import Document
from opensvc_core.errors import ActionRefused, DriverUnavailable, NoSuchObject, UsageError
from opensvc_core.model.names import ServicePath


def run(session: Session, arguments: Arguments) -> int:
    """Make the service's file, with an identity of its own."""
    name = session.selector or (_asked("service name", "") if arguments.interactive else "")
    if not name:
        raise UsageError("which service? -s NAME, or -i asks")
    path = ServicePath.parse(name)
    if session.node.store.exists(path) and not arguments.force:
        raise ActionRefused(f"{path} exists already ({session.node.store.file(path)}); --force overwrites it")
    document = _begun(session, arguments)
    document = edits.apply(document, [edits.parse(text) for text in arguments.kw])
    document = edits.apply(document, [edits.parse(f"env.{text}") for text in arguments.env])
    if arguments.interactive:
        document = _answered(session, document)
    session.node.create(name, document.text(), overwrites=arguments.force)
    return 0


def _begun(session: Session, arguments: Arguments) -> Document:
    """The text to begin with; a copy of another service gets an identity of its own."""
    if not arguments.config:
        return Document.of({})
    if arguments.config == "-":
        return _from_json(sys.stdin.read())
    file = _file(session, arguments.config)
    document = session.node.store.read(file)
    if file.suffix == ".env":  # the older dialect, which a new file does not speak
        document = Document.of({section: document.items(section) for section in document.sections()})
    return document.unset("DEFAULT", "id")


def _file(session: Session, config: str) -> Path:
    """The file of the service of this name, else the file of this name. Raises NoSuchObject."""
    try:
        return session.node.store.file(ServicePath.parse(config))
    except (NoSuchObject, UsageError):
        if Path(config).is_file():
            return Path(config)
    raise NoSuchObject(f"{config!r} is neither a service nor a file")


def _from_json(text: str) -> Document:
    """A document from `{"SECTION": {"KEY": "VALUE"}}`, or from what `print config --format json` prints of one service."""
    import json  # noqa: PLC0415

    try:
        sections = json.loads(text)
        if "objects" in sections:
            (sections,) = sections["objects"].values()
        return Document.of({section: {key: _written(value) for key, value in values.items()} for section, values in sections.items()})
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f'the input is not {{"SECTION": {{"KEY": "VALUE"}}}}: {error}') from error


def _written(value: object) -> str:
    """A value of JSON as a file would have it."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _answered(session: Session, document: Document) -> Document:
    """Ask for the service's own words, then for resources, until the answer is empty."""
    from opensvc_core.config.sections import GROUPS  # noqa: PLC0415

    for key, default in (("app", "default"), ("nodes", session.nodename)):
        answer = _asked(key, document.get("DEFAULT", key) or default)
        document = document.set("DEFAULT", key, answer)
    while rid := _asked(f"resource, such as fs#1 (groups: {' '.join(GROUPS)}; empty ends)", ""):
        kind = _asked(f"{rid}.type", "")
        try:
            keywords = session.node.registry.driver(f"{rid.partition('#')[0]}.{kind}").keywords().values()
        except DriverUnavailable as error:
            print(error, file=session.stderr)
            continue
        document = document.set(rid, "type", kind)
        for keyword in keywords:
            answer = _asked(f"{rid}.{keyword.name} ({keyword.text})", "") if keyword.required else ""
            document = document.set(rid, keyword.name, answer) if answer else document
    return document


def _asked(question: str, default: str) -> str:
    print(f"{question}{f' [{default}]' if default else ''}: ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer:
        raise UsageError("the input ended before all questions were answered; nothing is made")
    return answer.strip() or default
