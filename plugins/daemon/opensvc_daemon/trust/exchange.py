"""The exchange by which a node joins: both sides prove that they know the cluster's secret, and none of them says it.

A pure room: bytes in, bytes out. What both have seen (the version, the name and the request of who joins, both nonces, and the
certificate under which the connection runs) is the transcript; keys are made of it and the secret by HKDF-SHA256. The proof of who
joins is an HMAC. The answer of the member is sealed by AES-GCM, which only a holder of the secret can do, so that is its proof. Someone
between the two has another certificate: the transcripts differ, and neither side believes the other. RFC 5929 calls that binding
tls-server-end-point.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from typing import Any, Final, NamedTuple

from opensvc_core.api import ActionRefused

NONCE: Final = 32
SHORTEST_SECRET: Final = 16
_LABEL: Final = b"opensvc join 1"


class Transcript(NamedTuple):
    """What both sides have seen.

    Parameters: `server` is the certificate of the member's end of the connection (DER); `request` what is asked for (PEM).
    """

    node: str
    asked: bytes
    answered: bytes
    server: bytes
    request: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256; the lengths keep two different transcripts from having the same text."""
        parts = (_LABEL, self.node.encode(), self.asked, self.answered, self.server, self.request)
        return hashlib.sha256(b"".join(struct.pack(">I", len(part)) + part for part in parts)).digest()


def proof(secret: str, transcript: Transcript) -> bytes:
    """That who joins knows the secret. Raises ActionRefused for a secret so short that it could be guessed from this."""
    return hmac.digest(_key(secret, transcript, b"proof"), transcript.digest, hashlib.sha256)


def is_proven(secret: str, transcript: Transcript, shown: bytes) -> bool:
    """Whether a proof is right; takes as long for a wrong one."""
    return hmac.compare_digest(proof(secret, transcript), shown)


def seal(secret: str, transcript: Transcript, answer: Any) -> bytes:
    """The member's answer. The key is of this exchange alone, so the nonce may be constant."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - costs, and joins are rare

    data = json.dumps(answer).encode()
    return AESGCM(_key(secret, transcript, b"answer")).encrypt(bytes(12), data, transcript.digest)


def unseal(secret: str, transcript: Transcript, sealed: bytes) -> Any:
    """The answer. Raises ActionRefused where it was not made by a member for this exchange."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - as above

    try:
        return json.loads(AESGCM(_key(secret, transcript, b"answer")).decrypt(bytes(12), sealed, transcript.digest))
    except (InvalidTag, ValueError) as error:
        raise ActionRefused("who answered does not know the cluster's secret: it is no member, or somebody stands in between") from error


def _key(secret: str, transcript: Transcript, purpose: bytes) -> bytes:
    """32 bytes: HKDF (RFC 5869) with one block."""
    if len(secret) < SHORTEST_SECRET:
        raise ActionRefused(f"a secret of {len(secret)} characters can be guessed: cluster.secret has to have {SHORTEST_SECRET} or more")
    extracted = hmac.digest(transcript.asked + transcript.answered, secret.encode(), hashlib.sha256)
    return hmac.digest(extracted, _LABEL + b" " + purpose + b"\x01", hashlib.sha256)
