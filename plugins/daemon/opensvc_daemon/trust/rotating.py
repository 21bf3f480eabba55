"""The rotation of the cluster's secret: a new one takes its place while everything beats.

What was done stands in cluster.conf, so a rotation that was ended anywhere goes on when it is asked for again: while there is a
`next_secret` every member holds both, and each is understood by all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from opensvc_core.api import ActionFailed, ActionRefused, ConfigError, Document, Node
from opensvc_daemon.heartbeat.keyring import Secret
from opensvc_daemon.trust.joining import Say, tell_daemon
from opensvc_daemon.trust.membership import cluster_file, everyone, make_private, secret_of

Json = Mapping[str, Any]
# The cluster document of this node's daemon.
Look = Callable[[], Json]
_PAUSE: Final = 0.1
# Seconds in which a member is heard again whose daemon, or link, has just begun anew.
_HEARD: Final = 5.0
_AGAIN: Final = "'om cluster rotate-secret' goes on where it ended"
_OVER: Final = (
    "the rotation itself is over, and the new secret in use: each forgets the old one as soon as it has this cluster.conf; "
    "'om cluster rotate-secret' would begin another rotation"
)


def rotate(node: Node, look: Look, *, say: Say = print, patience: float = 60.0) -> None:
    """Replace the secret in three steps, each of which waits for all members.

    Parameters: `patience`: seconds for each step.
    Raises ActionRefused, with the old secret in use, where a member is not heard or an arbitrator does not know the new one; ActionFailed
    where a step takes too long: both secrets are in use then, and the next call goes on; after the last one only the new secret is.
    """
    _refuse_node_conf(node)
    following = node.cluster.next_secret or ""

    def others() -> list[str]:
        return [name for name in everyone(node) if name != node.name]

    members = Members(look, others, patience)
    if others():
        members.refuse_silent()
    if not following:
        members.wait("holds", {_id(secret_of(node))}, "the last rotation is not finished")
        following = os.urandom(16).hex()
        _write(node, secret_of(node), following)
        say("cluster.next_secret is set")
    new = _id(following)
    members.wait("holds", {_id(secret_of(node)), new}, "the new secret is not known")
    members.wait("seals", new, "the new secret is not used")
    say(f"all members use it: {' '.join((node.name, *others()))}")
    _refuse_deaf_arbitrators(node, following)
    _write(node, following, "", replaces=following)
    say("cluster.secret is replaced")
    members.wait("holds", {new}, "the old secret is not forgotten", _OVER)
    say("the old secret is forgotten")


class Members:
    """The other members, one that joins meanwhile too, as the daemon of this node hears them."""

    def __init__(self, look: Look, names: Callable[[], Sequence[str]], patience: float) -> None:
        self._look, self._names, self._patience = look, names, patience

    def refuse_silent(self) -> None:
        """Raise ActionRefused where one is not heard: it would be left with a secret that nobody knows any more."""
        until = time.monotonic() + min(_HEARD, self._patience)
        while silent := self._silent():
            if time.monotonic() > until:
                raise ActionRefused(
                    f"{', '.join(silent)}: not heard, and would be left with the old secret; start the daemon there, or take the node "
                    "out of cluster.nodes: when it is back, 'om daemon leave --force' and 'om daemon join' make it a member again"
                )
            time.sleep(_PAUSE)

    def wait(self, word: str, wanted: object, finding: str, way_out: str = f"nothing is lost: {_AGAIN}") -> None:
        """Wait until all hold, or seal with, what is wanted. Raises ActionFailed with what is then to be done."""
        until = time.monotonic() + self._patience
        while behind := self._behind(word, wanted):
            if time.monotonic() > until:
                raise ActionFailed(f"{', '.join(behind)}: {finding} after {self._patience:g} s; {way_out}")
            time.sleep(_PAUSE)

    def _silent(self) -> list[str]:
        nodes = self._look()["nodes"]
        return [name for name in self._names() if nodes.get(name, {}).get("reach") != "beating"]

    def _behind(self, word: str, wanted: object) -> list[str]:
        names = self._names()
        if not names:
            return []
        nodes = self._look()["nodes"]
        return [name for name in names if not _is_so(nodes.get(name, {}), word, wanted)]


def _is_so(node: Json, word: str, wanted: object) -> bool:
    """What a silent node said last is no news."""
    told = node.get("secrets", {}).get(word)
    found = set(told) if isinstance(told, list) else told
    return node.get("reach") == "beating" and found == wanted


def _id(text: str) -> str:
    try:
        return Secret.of_text(text).id.hex()
    except ValueError as error:
        raise ConfigError(str(error), section="cluster") from error


def _refuse_node_conf(node: Node) -> None:
    document = node.store.read(node.paths.etc / "node.conf")
    if any(document.get("cluster", key) for key in ("secret", "next_secret", "nodes")):
        raise ActionRefused("the section [cluster] of node.conf hides what all members have: move it to cluster.conf")
    if not secret_of(node):
        raise ActionRefused("there is no cluster.secret yet: 'om daemon start' makes it")


def _refuse_deaf_arbitrators(node: Node, following: str) -> None:
    """One that proves its answers by the cluster's secret has to know the new one before the old one goes."""
    from opensvc_daemon.guards.arbitrators import arbitrators  # noqa: PLC0415 - where a rotation is under way
    from opensvc_daemon.guards.asking import consult  # noqa: PLC0415 - as above

    old = Secret.of_text(secret_of(node))
    for place in arbitrators(node):
        if place.finding or place.secret != old:
            continue
        try:
            consult(place._replace(secret=Secret.of_text(following)), node.name)
        except OSError as error:
            raise ActionRefused(
                f"arbitrator {place.name} does not answer to the new secret ({error}): write what 'om cluster get --kw "
                f"cluster.next_secret' prints as a second line into its --secret-file on {place.host} and begin it again; {_AGAIN}"
            ) from error


def _write(node: Node, secret: str, following: str, *, replaces: str = "") -> None:
    """Both in one edit, and have the daemon take it. Raises ActionRefused where the one that it replaces is not to follow any more."""

    def edit(document: Document) -> Document:
        if replaces and document.get("cluster", "next_secret") != replaces:
            raise ActionRefused(f"another rotation has gone on meanwhile; {_AGAIN}")
        document = document.set("cluster", "secret", secret)
        return document.set("cluster", "next_secret", following) if following else document.unset("cluster", "next_secret")

    make_private(cluster_file(node))
    node.change("cluster", edit)
    tell_daemon(node)
