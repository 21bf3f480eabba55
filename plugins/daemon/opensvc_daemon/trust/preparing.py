"""Preparing: a node has what a cluster needs, a secret, an identity, an authority, even if it is the only one in it."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from opensvc_core.api import Document, Node
from opensvc_daemon.trust import checking, keeping
from opensvc_daemon.trust.files import TrustFiles
from opensvc_daemon.trust.membership import cluster_file, make_private, secret_of


def prepare(node: Node, *, now: datetime | None = None) -> bool:
    """Make what is missing, mend or renew what needs it; False: all was there.

    The secret (32 hex digits) and the cluster's id stand in cluster.conf, which its owner alone may read then, as any file that has a
    secret. Raises OpensvcError.
    """
    was_made = _make_secret(node)
    for file in (cluster_file(node), node.paths.etc / "node.conf"):
        if any(node.store.read(file).get("cluster", key) for key in ("secret", "next_secret")):
            make_private(file)
    place, moment = TrustFiles.below(node.paths.var), now or datetime.now(UTC)
    if checking.is_well(place, node.name, moment.timestamp()):
        return was_made
    cluster = node.config_of("node").text("cluster", "name") or "default"
    return keeping.keep(place, cluster=cluster, node=node.name, now=moment) or was_made


def _make_secret(node: Node) -> bool:
    if secret_of(node):
        return False

    def edit(document: Document) -> Document:
        from uuid import uuid4  # noqa: PLC0415 - 3 ms, and once in a cluster's life

        if not document.get("cluster", "id"):
            document = document.set("cluster", "id", str(uuid4()))
        return document if document.get("cluster", "secret") else document.set("cluster", "secret", os.urandom(16).hex())

    make_private(cluster_file(node))
    node.change("cluster", edit)
    return True
