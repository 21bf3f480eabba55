"""Admitting: what a member does for a node that has proven that it knows the secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from opensvc_core.api import ActionRefused, Node
from opensvc_daemon.trust import files
from opensvc_daemon.trust.authority import Authority, certificate_pem, requested_key
from opensvc_daemon.trust.files import TrustFiles
from opensvc_daemon.trust.membership import shared_sections


def refuse_twin(node: Node, name: str, *, is_beating: bool, is_again: bool) -> None:
    """Raise ActionRefused where the name is taken by a node that is there; a join that did not come to its end may be repeated."""
    if name == node.name or (is_beating and not is_again):
        raise ActionRefused(f"a member {name} is here already: give the new node another name (hostname, or OSVC_NODENAME)")


def certificate(node: Node, name: str, request: bytes) -> bytes:
    """The certificate (PEM) for what a node asked for. Raises OpensvcError for a request that is none."""
    authority = Authority.read(files.read(TrustFiles.below(node.paths.var).authority))
    return certificate_pem(authority.issue(name, requested_key(request), datetime.now(UTC)))


def answer(node: Node, name: str, request: bytes, cluster: Mapping[str, Any]) -> dict[str, Any]:
    """All that a new member needs; `cluster` is what `membership.add` gave. The authority's key is part of it: see the page on trust."""
    return {
        "member": node.name,
        "certificate": certificate(node, name, request).decode(),
        "authority": files.read(TrustFiles.below(node.paths.var).authority).decode(),
        "cluster": dict(cluster),
        "sections": shared_sections(node),
    }
