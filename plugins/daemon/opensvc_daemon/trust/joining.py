"""Joining: this node becomes a member of a cluster, or one again. Each step may be repeated after a join that was killed."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from opensvc_core.api import ActionRefused, Document, Node, UsageError
from opensvc_daemon.client import Client, NoDaemon
from opensvc_daemon.trust import contexts, exchange, files, keeping
from opensvc_daemon.trust.authority import Authority, Identity, new_key, read_certificate, request_pem
from opensvc_daemon.trust.calling import Call
from opensvc_daemon.trust.exchange import NONCE, Transcript
from opensvc_daemon.trust.files import TrustFiles
from opensvc_daemon.trust.membership import cluster_file, install_cluster_text, is_shared, make_private, members, secret_of, told
from opensvc_daemon.trust.places import PORT, Place, place_of

Say = Callable[[str], object]
# Seconds that a member may take: it waits for other joins.
_PATIENCE: Final = 60.0


def join(node: Node, member: str, secret: str, *, port: int = PORT, say: Say = print) -> None:
    """Become a member of the cluster that `member` (a name or an address) is in.

    The node is frozen meanwhile. Raises ActionRefused, with nothing changed, where the secret is wrong, the name is taken or this node
    is in a cluster with others; NoDaemon where nobody answers.
    """
    if not secret:
        raise UsageError("which secret? 'om cluster get --kw cluster.secret' on a member prints it")
    _refuse_second_cluster(node, member, secret)
    _join(node, Place(member, port), secret, say)


def rejoin(node: Node, member: str = "", *, say: Say = print) -> None:
    """Fetch certificates and configuration anew, with the secret that the node has; from any member where none is named.

    Raises as `join` does.
    """
    secret = secret_of(node)
    known = [member] if member else [name for name in members(node) if name != node.name]
    if not secret or not known:
        raise ActionRefused(f"{node.name} is in no cluster with others: 'om daemon join --secret SECRET --node MEMBER'")
    for number, name in enumerate(known, 1):
        try:
            return _join(node, place_of(node, name), secret, say, name)
        except NoDaemon:
            if number == len(known):
                raise
    return None


def _join(node: Node, place: Place, secret: str, say: Say, member: str = "") -> None:
    thaws = Freeze(node)
    if not node.state.is_frozen():
        say("freeze local node")
    thaws.begin()
    try:
        answer, identity = _ask(node, place, secret)
    except BaseException:
        thaws.end()  # nothing was changed: as it was before
        raise
    _install(node, answer, identity)
    for name in _heartbeats(node):
        say(f"add heartbeat {name}")
    say(f"join node {member or place.host}")
    tell_daemon(node)
    if thaws.end():
        say("thaw local node")


def _ask(node: Node, place: Place, secret: str) -> tuple[Mapping[str, Any], Identity]:
    asked, key = os.urandom(NONCE), new_key()
    request = request_pem(node.name, key)
    call = Call(place, contexts.asking(), "", _PATIENCE)
    try:
        call.connect()
        hello = call.ask("POST", "/v1/join", {"step": "hello", "node": node.name, "nonce": _b64(asked)})
        transcript = Transcript(node.name, asked, _bytes(hello, "nonce"), call.certificate, request)
        shown = {"nonce": _b64(asked), "answered": hello["nonce"], "proof": _b64(exchange.proof(secret, transcript))}
        is_again = secret_of(node) == secret and len(members(node)) > 1
        body = {"step": "prove", "node": node.name, "request": request.decode(), "again": is_again, **shown}
        sealed = _bytes(call.ask("POST", "/v1/join", body), "sealed")
    finally:
        call.close()
    answer = exchange.unseal(secret, transcript, sealed)
    return answer, Identity(read_certificate(answer["certificate"].encode()), key)


def _install(node: Node, answer: Mapping[str, Any], identity: Identity) -> None:
    place = TrustFiles.below(node.paths.var)
    keeping.install(place, Authority.read(answer["authority"].encode()), identity)
    place.leaving.unlink(missing_ok=True)  # of a leave that was killed: what it was to forget is replaced
    _install_sections(node, answer["sections"])
    text, descent = told(answer["cluster"])
    before = node.store.text(cluster_file(node))
    if before and before != text:
        files.write_private(node.paths.etc / ".cluster.conf.before-join", before.encode())
    install_cluster_text(node, text, descent, answer["member"], forgets_own=True)


def _install_sections(node: Node, sections: Mapping[str, Mapping[str, str]]) -> None:
    """Put what the member has in its node.conf into ours, and take out what would hide the cluster's own."""

    def edit(document: Document) -> Document:
        for name in document.sections():
            if name == "cluster" or name in sections:
                document = document.delete_section(name)
        for name, items in sections.items():
            if not is_shared(name):
                continue
            for key, value in items.items():
                document = document.set(name, key, value)
        return document

    file = node.paths.etc / "node.conf"
    if any("secret" in key for items in sections.values() for key in items):
        if not file.exists():
            files.write_private(file, b"")
        make_private(file)
    node.change("node", edit)


def _heartbeats(node: Node) -> list[str]:
    return [name for name in node.config_of("node").sections() if name.startswith("hb#")]


def _refuse_second_cluster(node: Node, member: str, secret: str) -> None:
    others = [name for name in members(node) if name != node.name]
    if others and secret_of(node) != secret:
        raise ActionRefused(f"{node.name} is in a cluster with {', '.join(others)}: 'om daemon leave' first, then join {member}")


def tell_daemon(node: Node) -> None:
    """Have the daemon, where one answers, read the configuration and the certificates anew."""
    with suppress(NoDaemon):
        Client(node.paths.run).post("/v1/daemon", {"do": "reload"})


class Freeze:
    """The node is frozen by us; a mark remembers that over a kill, so that what is repeated thaws it."""

    def __init__(self, node: Node) -> None:
        self._node, self._mark = node, TrustFiles.below(node.paths.var).folder / "thaw-after-join"

    def begin(self) -> None:
        """Freeze it, unless it is."""
        if not self._node.state.is_frozen():
            files.write_private(self._mark, b"")
            set_frozen(self._node, is_frozen=True)

    def end(self) -> bool:
        """Thaw, if it was us who froze; whether it was."""
        if not self._mark.exists():
            return False
        set_frozen(self._node, is_frozen=False)
        self._mark.unlink(missing_ok=True)
        return True

    def stay(self) -> None:
        """It is frozen for good."""
        self._mark.unlink(missing_ok=True)


def set_frozen(node: Node, *, is_frozen: bool) -> None:
    """Freeze or thaw the node, by its daemon where one answers, which tells the others."""
    try:
        Client(node.paths.run).post("/v1/node", {"do": "freeze" if is_frozen else "thaw"})
    except NoDaemon:
        if is_frozen:
            node.state.freeze()
        else:
            node.state.thaw()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(answer: Mapping[str, Any], key: str) -> bytes:
    try:
        return base64.b64decode(answer[key], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise ActionRefused("who answered speaks another protocol: is it a member's API?") from error
