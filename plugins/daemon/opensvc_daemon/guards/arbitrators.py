"""Arbitrators: the third parties of `[arbitrator#…]`, each with a vote, and able to grant leases."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from opensvc_core.api import ArbitratorKeywords, OpensvcError
from opensvc_daemon.heartbeat.keyring import Secret

PREFIX: Final = "arbitrator#"
PORT: Final = 1216


class ArbitratorPlace(NamedTuple):
    """One arbitrator as this node asks it.

    Parameters:
        scheme: `tcp` or `https`.
        path: of an https place.
        timeout: seconds for a question and its answer.
        finding: why it has no vote as it is configured, and the way out; empty: it is fit for use.
    """

    name: str
    scheme: str = "tcp"
    host: str = ""
    port: int = PORT
    path: str = "/"
    timeout: float = 0.5
    weight: int = 1
    secret: Secret | None = None
    finding: str = ""

    @property
    def uri(self) -> str:
        """Where it is, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path if self.scheme == 'https' else ''}"


def arbitrators(node: Any) -> tuple[ArbitratorPlace, ...]:
    """Those of node.conf and cluster.conf, in the order of the files. One that can't be used is there too, with its `finding`.

    Parameters:
        node: a node of the core.
    """
    return tuple(_place(node, section) for section in node.config.sections() if section.startswith(PREFIX))


def _place(node: Any, section: str) -> ArbitratorPlace:
    place = ArbitratorPlace(section.removeprefix(PREFIX))
    try:
        said = ArbitratorKeywords(node.config.values(section, ArbitratorKeywords))
        ready = float(node.settings.ready_period)
        scheme, host, port, path = said.place()
        secret = Secret.of_text(said.secret or node.cluster.secret or "")
    except (OpensvcError, ValueError) as error:
        return place._replace(finding=f"{section}: {error}")
    timeout = ready / 2 if said.timeout is None else said.timeout
    finding = said.finding(ready)
    return ArbitratorPlace(
        said.name or place.name, scheme, host, port, path, timeout, said.weight, secret, f"{section}.{finding}" if finding else ""
    )
