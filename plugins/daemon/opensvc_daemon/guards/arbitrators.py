"""Arbitrators: the third parties of `[arbitrator#…]`, each with a vote, and able to grant leases."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from opensvc_core.api import Declares, Keyword, OpensvcError, duration, integer, text
from opensvc_daemon.heartbeat.keyring import Secret

PREFIX: Final = "arbitrator#"
PORT: Final = 1216


class ArbitratorKeywords(Declares):
    """`[arbitrator#…]` of node.conf or cluster.conf."""

    name = Keyword(text, default="", inherit="", text="The name under which it votes; default: that of the section.")
    uri = Keyword(
        text,
        default="",
        scopable=True,
        inherit="",
        text="Where it is asked: tcp://host:port, https://host:port/path, or host:port.",
        example="tcp://10.0.9.9:1216",
    )
    timeout = Keyword(
        duration,
        scopable=True,
        inherit="",
        text="Seconds in which its answer counts, less than `ready_period`; default: half of that.",
        example="0.5",
    )
    weight = Keyword(integer, default=1, inherit="", text="Its votes.")
    secret = Keyword(text, default="", inherit="", text="What its answers are proven by; default: the cluster's secret.")


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
        scheme, host, port, path = located(said.uri)
        secret = Secret.of_text(said.secret or node.cluster.secret or "")
    except (OpensvcError, ValueError) as error:
        return place._replace(finding=f"{section}: {error}")
    timeout = ready / 2 if said.timeout is None else said.timeout
    place = ArbitratorPlace(said.name or place.name, scheme, host, port, path, timeout, said.weight, secret)
    return place._replace(finding=_finding(place, section, ready))


def _finding(place: ArbitratorPlace, section: str, ready: float) -> str:
    if not 0 < place.timeout < ready:
        return (
            f"{section}.timeout: {place.timeout:g} s: it has to be above 0 and less than ready_period ({ready:g} s), "
            "or two nodes would start before the vote ends"
        )
    return f"{section}.weight: {place.weight}: a voter weighs 1 or more" if place.weight < 1 else ""


def located(uri: str) -> tuple[str, str, int, str]:
    """The scheme, the host, the port and the path of a uri. Raises ValueError."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - paid by who has an arbitrator

    parts = urlsplit(uri if "://" in uri else f"tcp://{uri}")
    if not parts.hostname:
        raise ValueError("uri is required: tcp://host:port or https://host:port/path")
    if parts.scheme not in {"tcp", "https"}:
        raise ValueError(f"uri: {parts.scheme}:// is not spoken here: it is tcp://host:port or https://host:port/path")
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else PORT), parts.path or "/"
