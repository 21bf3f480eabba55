"""Targets: the services, or the file of configuration, that a command line means."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.config.document import Document
from opensvc_core.config.service import ServiceConfig
from opensvc_core.errors import OpensvcError
from opensvc_core.instance.service import Service
from opensvc_core.model.status import Status
from opensvc_core.plan.selection import Selection

if TYPE_CHECKING:
    from opensvc_core.config.findings import Finding

_WANTED: Final = {"allupservices": Status.UP, "alldownservices": Status.DOWN}


def services(session: Session) -> list[Service]:
    """The services that the selector names; of these, for the commands on many, those that are up or down here."""
    found = session.node.services(session.selector)
    wanted = _WANTED.get(session.program)
    return found if wanted is None else [service for service in found if _is(service, wanted)]


def _is(service: Service, wanted: Status) -> bool:
    """Whether it has this status here; one whose status can't be had is left in, so that its command tells why."""
    try:
        return service.status().avail is wanted
    except OpensvcError:
        return True


def selection(arguments: Arguments) -> Selection:
    """What the options select of a service's resources."""
    return Selection(
        rids=_words(arguments.rid),
        tags=_words(arguments.tags),
        subsets=_words(arguments.subset),
        upto=arguments.upto,
        downto=arguments.downto,
    )


class Target:
    """A file of configuration: a service's, the node's or the cluster's."""

    def __init__(self, session: Session, service: Service | None) -> None:
        self._session, self.service = session, service

    @property
    def name(self) -> str:
        """How it is called."""
        return str(self.service.path) if self.service else self._session.scope

    @property
    def file(self) -> Path:
        """Its file; that of the node and the cluster may be missing."""
        return self.service.file if self.service else self._session.paths.etc / f"{self._session.scope}.conf"

    def text(self) -> str:
        """Its text, which may be broken."""
        return self._session.node.store.text(self.file)

    def document(self) -> Document:
        """Its text, read."""
        return self.service.document() if self.service else self._session.node.store.read(self.file)

    def config(self, *, node: str = "") -> ServiceConfig:
        """Its configuration, evaluated for this node or another."""
        return self.service.config(node=node) if self.service else self._session.node.config_of(self._session.scope, node=node)

    def findings(self) -> list[Finding]:
        """What is wrong or doubtful in it."""
        return self.service.validate() if self.service else self._session.node.validate(self._session.scope)

    def change(self, edit: Callable[[Document], Document]) -> None:
        """Edit it: all of the edit, or nothing. A warning that the edit brings is told, and stops nothing."""
        brought = self.service.change(edit) if self.service else self._session.node.change(self._session.scope, self._keeping(edit))
        for one in brought:
            print(one, file=self._session.stderr)

    def replace(self, read: str, document: Document) -> None:
        """Put a whole new text in the place of what was read."""
        if self.service:
            self.service.replace(read, document)
        else:
            self._keeping(lambda _: document)(self._session.node.store.parsed(read, self.file) or document)
            self._session.node.replace(self._session.scope, read, document)

    def _keeping(self, edit: Callable[[Document], Document]) -> Callable[[Document], Document]:
        """The edit, refused where it would take from a cluster what a person has to replace by another command."""
        if self._session.scope != "cluster":
            return edit

        def checked(before: Document) -> Document:
            from opensvc_core.config.checks.trust import refuse_loss  # noqa: PLC0415 - reading a value edits nothing

            after = edit(before)
            refuse_loss(before, after)
            return after

        return checked

    def raw(self, section: str, key: str) -> str | None:
        """The value of a raw key as it is written, for the node also in cluster.conf; None where there is none."""
        return self.document().get(section, key) if self.service else self.config().raw(section, key)

    def value(self, section: str, key: str, *, node: str = "") -> Any:
        """The value of a keyword, converted, for this node or another; None where the file and the declaration give none."""
        config = self.config(node=node)
        keyword = config.declared(section).get(key)
        return config.value(section, keyword) if keyword else config.text(section, key)


def configurations(session: Session) -> list[Target]:
    """The files that the command line means."""
    if session.scope == "service":
        return [Target(session, service) for service in services(session)]
    return [Target(session, None)]


One = TypeVar("One", Service, Target)


def each(session: Session, found: Sequence[One], act: Callable[[One], int | None]) -> int:
    """Do something with each service or file; the highest exit code. What goes wrong with one is told in a line and stops no other."""
    codes = [0]
    for one in found:
        try:
            codes.append(act(one) or 0)
        except (OpensvcError, PermissionError) as error:
            name = one.name if isinstance(one, Target) else str(one.path)
            codes.append(told(session, name, error))
    return max(codes)


def told(session: Session, name: str, error: OpensvcError | OSError) -> int:
    """Tell what went wrong with a service in one line; the exit code that follows from it."""
    if isinstance(error, OSError):
        text = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    else:
        text = " ".join(str(error).splitlines())
    is_named = name == session.program or re.search(rf"\b{re.escape(name)}\b", text)
    print(f"{session.program}: {text if is_named else f'{name}: {text}'}", file=session.stderr)
    return error.exit_code if isinstance(error, OpensvcError) else OpensvcError.exit_code


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)
