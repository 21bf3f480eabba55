"""What node.conf and cluster.conf say of web servers that are told."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from opensvc_core.api import Declares, Keyword, duration

EVENTS = ("after_action", "status_changed")


def web_address(value: str) -> SplitResult:
    """`http://HOST[:PORT][/PATH]`, or the same with `https`."""
    found = urlsplit(value)
    if found.scheme not in ("http", "https") or not found.hostname or found.port == 0:
        raise ValueError("an address is http://HOST[:PORT][/PATH], or the same with https")
    return found


def events(value: str) -> list[str]:
    """Words between white space: `after_action`, `status_changed`."""
    if unknown := [word for word in value.split() if word not in EVENTS]:
        raise ValueError(f"{unknown[0]!r} is no event; events are {', '.join(EVENTS)}")
    return value.split()


class WebhookKeywords(Declares):
    """`[webhook#…]` of node.conf or cluster.conf: a web server that is told what services do."""

    url = Keyword(web_address, required=True, scopable=True, text="Where it is posted.", example="https://chat.example.com/hooks/42")
    events = Keyword(events, default=list(EVENTS), scopable=True, text="What is told; default: all.", example="status_changed")
    timeout = Keyword(duration, default=3.0, scopable=True, text="Seconds that the server has.", example="1s")
