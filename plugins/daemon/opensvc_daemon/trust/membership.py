"""Membership: who is in `cluster.nodes`, and the files that all members have alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from opensvc_core.api import ActionRefused, Descent, Document, Node, UsageError

# The sections of a node's node.conf that are the cluster's, wherever they were written.
SHARED: Final = ("cluster", "hb", "arbitrator", "stonith")
Json = dict[str, Any]


def cluster_file(node: Node) -> Path:
    """The file that all members have alike."""
    return node.paths.etc / "cluster.conf"


def members(node: Node) -> list[str]:
    """The members as the files say now; a node without a cluster is its only one."""
    named = (node.config_of("node").text("cluster", "nodes") or "").lower().split()
    return list(dict.fromkeys(named)) or [node.name]


def everyone(node: Node) -> list[str]:
    """The members, and those for disaster recovery."""
    named = (node.config_of("node").text("cluster", "drpnodes") or "").lower().split()
    return list(dict.fromkeys([*members(node), *named]))


def secret_of(node: Node) -> str:
    """The cluster's secret; empty where there is none yet."""
    return node.config_of("node").text("cluster", "secret") or ""


def add(node: Node, name: str) -> Json:
    """Make a node a member, if it is none; the cluster's file as it is then. Raises ActionRefused, UsageError."""
    _refuse_bad_name(name)
    return _change(node, lambda known: [*known, name] if name not in known else known)


def remove(node: Node, name: str) -> Json:
    """Take a node out, if it is a member; the cluster's file as it is then. Raises ActionRefused."""
    return _change(node, lambda known: [one for one in known if one != name])


def cluster_text(node: Node) -> Json:
    """The cluster's file and from which edits it has come: `{"text", "digest", "generations"}`."""
    file = cluster_file(node)
    descent = node.store.settle(file)
    return {"text": node.store.text(file), "digest": descent.digest, "generations": dict(descent.generations)}


def install_cluster_text(node: Node, text: str, descent: Descent, sender: str, *, forgets_own: bool = False) -> Descent:
    """Put the cluster's file that another member has in the place of ours; its owner alone may read it.

    `forgets_own`: ours is of another cluster. Raises ActionRefused where ours is newer or was edited independently, ConfigError for a text
    that is none.
    """
    file = cluster_file(node)
    Document.parse(text, path=str(file))
    make_private(file)
    return node.store.accept(file, text, descent, sender=sender, forgets_own=forgets_own)


def told(answer: Mapping[str, Any]) -> tuple[str, Descent]:
    """Text and descent of what `cluster_text` gave. Raises UsageError."""
    try:
        generations = {str(node): int(count) for node, count in answer["generations"].items()}
        return str(answer["text"]), Descent(str(answer["digest"]), generations)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError("a cluster's file is told by text, digest and generations") from error


def shared_sections(node: Node) -> dict[str, dict[str, str]]:
    """What stands in this node's node.conf and is the cluster's: `{"hb#1": {"type": "unicast"}}`."""
    document = node.store.read(node.paths.etc / "node.conf")
    return {name: document.items(name) for name in document.sections() if is_shared(name)}


def is_shared(section: str) -> bool:
    """Whether a section is the cluster's."""
    return section.partition("#")[0] in SHARED


def without_shared(document: Document) -> Document:
    """A file without what is the cluster's."""
    for name in document.sections():
        if is_shared(name) or name.startswith("token#"):
            document = document.delete_section(name)
    return document


def make_private(file: Path) -> None:
    """Let nobody but its owner read a file, where it exists. Raises ActionRefused."""
    try:
        file.chmod(0o600)
    except FileNotFoundError:
        return
    except PermissionError as error:
        raise ActionRefused(f"no right to change {file}, which has the cluster's secret; do it as root, or by sudo") from error
    except OSError as error:
        raise ActionRefused(f"{file} has the cluster's secret and can't be made private: {error.strerror}") from error


def _change(node: Node, edit: Callable[[list[str]], list[str]]) -> Json:
    if node.store.read(node.paths.etc / "node.conf").get("cluster", "nodes") is not None:
        raise ActionRefused("cluster.nodes stands in node.conf, where the other members don't see it: move it to cluster.conf")

    def apply(document: Document) -> Document:
        known = (document.get("cluster", "nodes") or node.name).lower().split()
        return document.set("cluster", "nodes", " ".join(dict.fromkeys(edit(known))))

    make_private(cluster_file(node))
    node.change("cluster", apply)
    return cluster_text(node)


def _refuse_bad_name(name: str) -> None:
    labels = name.split(".")
    is_good = len(name) <= 63 and all(one and one[0] != "-" and one[-1] != "-" for one in labels)
    if not (is_good and all(sign.isascii() and (sign.isalnum() or sign in "-.") for sign in name) and name == name.lower()):
        raise UsageError(f"{name[:80]!r} is no name of a node: small letters, digits, '-' and '.', at most 63")
