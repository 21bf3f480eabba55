"""Contexts: how the API speaks TLS: 1.3 only, with the node's certificate, trusting the cluster's authority and nobody else."""

from __future__ import annotations

import ssl
from typing import Any, Final

from opensvc_core.api import OpensvcError
from opensvc_daemon.trust.files import TrustFiles

# X509_V_ERR_…: self-signed in the chain, no issuer here, signature that no known key made
_OTHER_AUTHORITY: Final = (18, 19, 20, 21, 7)


def serving(place: TrustFiles) -> ssl.SSLContext:
    """For who listens. A client may show a certificate, which has to be the cluster's then. Raises OpensvcError."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, place)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.num_tickets = 0  # a resumed session would outlive the certificate that it was opened with
    return context


def calling(place: TrustFiles) -> ssl.SSLContext:
    """For who calls a member: each shows its certificate, and the other's has to have the name that is called. Raises OpensvcError."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, place)


def asking() -> ssl.SSLContext:
    """For who joins and knows no authority yet: the exchange itself proves who answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def node_of(certificate: Any) -> str:
    """The node that a verified certificate (of `getpeercert()`) names; empty for none."""
    names = [value for kind, value in (certificate or {}).get("subjectAltName", ()) if kind == "DNS"]
    return str(names[0]).lower() if len(names) == 1 else ""


def _context(protocol: int, place: TrustFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(place.node)
        context.load_verify_locations(place.authority)
    except (OSError, ssl.SSLError) as error:
        raise OpensvcError(f"{place.folder}: the certificates can't be used: {error}") from error
    return context


def reason(error: OSError) -> str:
    """Why a member can't be reached, in a line. Nodes whose cluster.conf was copied by hand have an authority each."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _OTHER_AUTHORITY:
        return "its certificate is of another authority than ours: 'om daemon rejoin' on one of the two makes it the same"
    return error.strerror or str(error)
