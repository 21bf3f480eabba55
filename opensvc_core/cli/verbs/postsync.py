"""postsync: put in its place what another node has sent. Called by that node, which tells on the input what it was."""

from __future__ import annotations

import json
import sys
from contextlib import suppress

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import services
from opensvc_core.errors import ActionRefused
from opensvc_core.instance.manifest import Manifest
from opensvc_core.instance.receiving import receive

_WAIT = 60.0


def run(session: Session, arguments: Arguments) -> int:
    """Accept it, and answer with what is known of the configuration's descent; without an input there is nothing to do.

    A service that is not configured here is as good as any other: its file is among what was sent.
    """
    text = _input()
    if not text:
        services(session)  # one that does not exist is told
        return 0
    manifest, service = Manifest.read(text), session.node.service(session.selector)
    if manifest.offer is None:
        service.file  # noqa: B018 - of a service that is not configured here, nothing else can be received
    _refuse_foreign(manifest, session.node.name)
    descent = receive(service, manifest, wait_lock=_WAIT if arguments.waitlock is None else arguments.waitlock)
    if descent is not None:
        print(json.dumps(descent._asdict()), file=session.stdout)
    return 0


def _input() -> str:
    with suppress(OSError, ValueError):
        if sys.stdin and not sys.stdin.isatty():
            return sys.stdin.read()
    return ""


def _refuse_foreign(manifest: Manifest, node: str) -> None:
    """Refuse what was meant for another node: two that take each other's names would take each other's data."""
    if manifest.sender == node:
        raise ActionRefused(f"{node} is also the name of the node that sent it")
    strangers = [rid for rid, moments in manifest.moments.items() if node not in moments]
    if strangers:
        raise ActionRefused(f"this node is {node}, and {', '.join(strangers)} was not sent to a node of that name")
