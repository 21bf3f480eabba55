"""Receiving: what another node has sent is put in its place, unless that would lose what was edited here."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from opensvc_core.driver.capabilities import Syncable
from opensvc_core.errors import ActionFailed
from opensvc_core.instance import looking
from opensvc_core.instance.manifest import Manifest, Offer
from opensvc_core.instance.subject import Subject
from opensvc_core.model.descent import Descent
from opensvc_core.system import files
from opensvc_core.system.locks import InstanceLock

_COPY_LIMIT = 300.0


def receive(subject: Subject, manifest: Manifest, *, wait_lock: float) -> Descent | None:
    """Accept what was sent, and note how fresh it is; the descent of the configuration, where one came.

    Raises ActionRefused, and changes nothing, where the configuration here is newer than the one that came, or was
    edited independently of it; ActionFailed where not all of it came.
    """
    lock = InstanceLock(subject.state.postsync_lock_file, name=str(subject.path))
    lock.acquire("postsync", wait=wait_lock)
    try:
        descent = _accept(subject, manifest.offer, manifest.sender) if manifest.offer else None
        _note(subject, manifest)
        return descent
    finally:
        lock.release()


def _accept(subject: Subject, offer: Offer, sender: str) -> Descent:
    node, incoming = subject.node, subject.state.resource_dir(offer.rid) / "incoming"
    came = incoming / offer.file
    text = files.read_text(came)
    if text is None:
        raise ActionFailed(f"{came}: the configuration did not come; 'sync nodes' on {sender} sends it anew")
    if not node.store.exists(subject.path) and came.suffix != ".env":
        subject.state.freeze()  # before the file: nothing may start it in between
    descent = node.store.accept(node.paths.etc / offer.file, text, offer.descent, sender=sender, is_decided=offer.keeps_own)
    for entry in offer.entries:
        _put(incoming / entry, node.paths.etc / entry)
    node.links.make(subject.path)
    files.remove_tree(incoming)
    return descent


def _put(came: Path, place: Path) -> None:
    """Put a link or a folder in the place of an older one; a file that has the name stays what it is."""
    if not os.path.lexists(came) or (place.is_file() and not place.is_symlink()):
        return
    fresh, older = (place.with_name(f".{place.name}.{word}") for word in ("coming", "going"))
    for left in (fresh, older):
        _remove(left)
    place.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["cp", "-a", "--", came, fresh], capture_output=True, text=True, errors="replace", timeout=_COPY_LIMIT, check=False
    )
    if done.returncode:
        _remove(fresh)
        raise ActionFailed(f"{place} can't be put in its place: {done.stderr.strip()}")
    if place.is_dir() and not place.is_symlink():  # a folder can't be replaced at once
        place.rename(older)
    fresh.rename(place)
    _remove(older)


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        files.remove(path)
    else:
        files.remove_tree(path)


def _note(subject: Subject, manifest: Manifest) -> None:
    """Note how fresh the copies are; the sender is where the service is up now."""
    for part in looking.instance(subject).parts:
        if isinstance(part.resource, Syncable) and part.rid in manifest.moments:
            part.resource.note_syncs(manifest.moments[part.rid])
    last_up, was_started = subject.state.active()
    if was_started and last_up is not None:
        with suppress(OSError):
            subject.state.keep_active(last_up, is_up=False)
