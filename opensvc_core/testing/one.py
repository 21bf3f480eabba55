"""One: a service with one resource, acted on and looked at by a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import pytest

from opensvc_core.errors import ActionFailed, ActionRefused
from opensvc_core.instance.node import Node
from opensvc_core.instance.request import Request
from opensvc_core.instance.service import Service
from opensvc_core.model.status import Status


class One:
    """The service `web` of a node. `values` are the keywords of its one section, where `has` gives no others.

    `folder` is the test's own, for what the resource stands on.
    """

    service: Service

    def __init__(self, node: Node, rid: str, folder: Path, **values: object) -> None:
        self.node, self.rid, self.folder, self.values = node, rid, folder, values

    def has(self, more: str = "", **values: object) -> Self:
        """Write its file: the section, and `more` below it. Raises ConfigError."""
        lines = "".join(f"{name} = {value}\n" for name, value in {**self.values, **values}.items())
        self.service = self.node.create("web", f"[{self.rid}]\n{lines}{more}", overwrites=True)
        return self

    def do(self, action: str, **request: Any) -> list[str]:
        """Carry out an action; the texts of the changes that it made. `request`: see `Request`. Raises what became of it."""
        noted = self.service.perform(Request(action, **request), lambda _event: None)
        return [operation.text for operation in noted if operation.is_change]

    def refuses(self, action: str, **request: Any) -> str:
        """What an action says that does not come to its end, in one text."""
        with pytest.raises((ActionFailed, ActionRefused)) as caught:
            self.do(action, **request)
        return " ".join([str(caught.value), *getattr(caught.value, "seen", ())])

    def planned(self, action: str) -> list[str]:
        """The changes that an action would make, each behind its rid."""
        return [f"{noted.rid}: {noted.text}" for noted in self.service.plan(action).operations if noted.is_change]

    def seen(self, rid: str = "") -> tuple[Status, list[str]]:
        """How a resource, its one or another, is shown, and what it says."""
        found = next(one for one in self.service.status().local.resources if one.rid == (rid or self.rid))
        return found.status, [message.text for message in found.messages]

    @property
    def resource(self) -> Any:
        """The resource, made anew from the file."""
        return self.service.instance().part(self.rid).resource
