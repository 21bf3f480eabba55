"""Checking: whether the certificates do what they are for, found out by a handshake of the node with itself.

The daemon does this instead of reading them with `cryptography`, whose part for certificates takes 3 MB that are hardly ever needed.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opensvc_core.api import OpensvcError
from opensvc_daemon.trust import contexts
from opensvc_daemon.trust.authority import AUTHORITY_LIFE, NODE_LIFE
from opensvc_daemon.trust.files import TrustFiles


def is_well(place: TrustFiles, node: str, now: float) -> bool:
    """Whether nothing is missing, damaged or of another name or authority, and a third of each life is left (`now`: seconds UTC)."""
    try:
        calling = contexts.calling(place)
        shown = handshake(contexts.serving(place), calling, node)
    except (OpensvcError, ssl.SSLError):
        return False
    authorities: list[Any] = list(calling.get_ca_certs())
    return (
        contexts.node_of(shown) == node
        and _left(shown, now) > NODE_LIFE / 3
        and all(_left(one, now) > AUTHORITY_LIFE / 3 for one in authorities)
    )


def handshake(serving: ssl.SSLContext, calling: ssl.SSLContext, node: str) -> Mapping[str, Any]:
    """What the calling side reads in the certificate of the serving one, once each believes the other. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    client = calling.wrap_bio(to_client, to_server, server_hostname=node)
    left = [client, server]
    for _ in range(8):  # TLS 1.3 takes three flights
        for side in list(left):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            left.remove(side)
        if not left:
            return client.getpeercert() or {}
    raise ssl.SSLError("the handshake came to no end")


def _left(certificate: Mapping[str, Any], now: float) -> timedelta:
    return timedelta(seconds=ssl.cert_time_to_seconds(certificate["notAfter"]) - now)
