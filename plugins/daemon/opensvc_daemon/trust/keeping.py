"""Keeping: the authority and the certificate of this node are there, belong together and have time left, or are made so."""

from __future__ import annotations

from datetime import datetime

from opensvc_core.api import OpensvcError
from opensvc_daemon.trust import files
from opensvc_daemon.trust.authority import AUTHORITY_LIFE, NODE_LIFE, Authority, Identity, is_due
from opensvc_daemon.trust.files import TrustFiles


def keep(place: TrustFiles, *, cluster: str, node: str, now: datetime) -> bool:
    """Make, mend or renew what needs it; False: all was well.

    A certificate that is missing, damaged, of another node or of another authority is made anew, as after a join that was killed
    between its two files. An authority whose file is damaged is not: it would part this node from the others.
    Raises OpensvcError.
    """
    with place.editing():
        authority, was_made = _authority(place, cluster, now)
        identity = _identity(place)
        if identity and identity.node == node and authority.has_signed(identity.certificate) and not _is_due(identity, now):
            return was_made
        files.write_private(place.node, Identity.new(node, authority, now).pem())
        return True


def install(place: TrustFiles, authority: Authority, identity: Identity) -> None:
    """Put those of a cluster that was joined in the place of the node's own; killed in between, `keep` mends it."""
    with place.editing():
        files.write_private(place.authority, authority.pem())
        files.write_private(place.node, identity.pem())


def _authority(place: TrustFiles, cluster: str, now: datetime) -> tuple[Authority, bool]:
    pem = files.read(place.authority)
    if not pem:
        authority = Authority.new(cluster, now)
    else:
        try:
            authority = Authority.read(pem)
        except OpensvcError as error:
            raise OpensvcError(f"{place.authority}: {error}; copy it from another member, or remove it and join again") from error
        if not is_due(authority.certificate, AUTHORITY_LIFE, now):
            return authority, False
        authority = authority.renewed(now)
    files.write_private(place.authority, authority.pem())
    return authority, True


def _identity(place: TrustFiles) -> Identity | None:
    try:
        return Identity.read(files.read(place.node))
    except OpensvcError:
        return None


def _is_due(identity: Identity, now: datetime) -> bool:
    return is_due(identity.certificate, NODE_LIFE, now)
