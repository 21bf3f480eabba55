"""The words of an arbitrator: who is outside the cluster, and has a vote in it."""

from __future__ import annotations

from typing import Final

from opensvc_core.config.converters import duration, integer, text
from opensvc_core.config.keywords import Declares, Keyword

PORT: Final = 1216
SCHEMES: Final = ("tcp", "https")


class ArbitratorKeywords(Declares):
    """`[arbitrator#…]` of node.conf or cluster.conf: who has a vote from outside the cluster."""

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

    def place(self) -> tuple[str, str, int, str]:
        """The scheme, the host, the port and the path of `uri`. Raises ValueError."""
        return located(self.uri)

    def finding(self, ready: float) -> str:
        """What keeps it from voting where `ready_period` is `ready` seconds, with the word that says so first; empty: nothing."""
        if self.timeout is not None and not 0 < self.timeout < ready:
            return (
                f"timeout: {self.timeout:g} s: it has to be above 0 and less than ready_period ({ready:g} s), "
                "or two nodes would start before the vote ends"
            )
        return f"weight: {self.weight}: a voter weighs 1 or more" if self.weight < 1 else ""


def located(uri: str) -> tuple[str, str, int, str]:
    """The scheme, the host, the port and the path of a uri. Raises ValueError."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - paid by who has an arbitrator

    parts = urlsplit(uri if "://" in uri else f"tcp://{uri}")
    if not parts.hostname:
        raise ValueError("uri is required: tcp://host:port or https://host:port/path")
    if parts.scheme not in SCHEMES:
        raise ValueError(f"uri: {parts.scheme}:// is not spoken here: it is tcp://host:port or https://host:port/path")
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else PORT), parts.path or "/"
