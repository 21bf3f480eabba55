"""The door: what a member asks of who wants in before it believes anything, at a cost that no stranger can raise.

Until a proof is right nothing is kept but a counter for each address: the nonce carries its own time and seal.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from typing import Final

from opensvc_core.api import ActionRefused
from opensvc_daemon.trust.exchange import NONCE, Transcript, is_proven

# Seconds in which who was given a nonce has to prove.
PATIENCE: Final = 30.0
# Wrong proofs of one address in a minute, and addresses that are remembered.
TRIES, WHILE, ADDRESSES = 5, 60.0, 1024


class Door:
    """Nonces that are good for one try, for PATIENCE seconds, for one name and address; `now` is a clock that never jumps."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._used: dict[bytes, float] = {}
        self._wrong: dict[str, list[float]] = {}

    def nonce(self, node: str, asked: bytes, address: str, now: float) -> bytes:
        """What who wants in has to prove upon. Raises ActionRefused for an address that has failed too often."""
        self._refuse_guessing(address, now)
        moment = struct.pack(">d", now)
        return moment + self._seal(moment, node, asked, address)

    def refuse_unproven(self, secret: str, transcript: Transcript, shown: bytes, address: str, now: float) -> None:
        """Return where the proof is right, the first time it is shown. Raises ActionRefused, which tells a stranger nothing else."""
        self._refuse_guessing(address, now)
        self._used = {nonce: until for nonce, until in self._used.items() if until > now}
        if not self._is_ours(transcript, address, now):
            raise ActionRefused("the exchange has ended, or was begun elsewhere: begin again")
        if transcript.answered in self._used or not is_proven(secret, transcript, shown):
            self._note_wrong(address, now)
            raise ActionRefused("the secret is not this cluster's: 'om cluster get --kw cluster.secret' on a member prints it")
        self._used[transcript.answered] = now + PATIENCE

    def _is_ours(self, transcript: Transcript, address: str, now: float) -> bool:
        nonce = transcript.answered
        if len(nonce) != NONCE + 8 or len(transcript.asked) != NONCE:
            return False
        if not hmac.compare_digest(nonce[8:], self._seal(nonce[:8], transcript.node, transcript.asked, address)):
            return False
        return 0 <= now - float(struct.unpack(">d", nonce[:8])[0]) <= PATIENCE

    def _seal(self, moment: bytes, node: str, asked: bytes, address: str) -> bytes:
        told = b"\0".join((moment, asked, node.encode(), address.encode()))
        return hmac.digest(self._key, told, hashlib.sha256)

    def _refuse_guessing(self, address: str, now: float) -> None:
        recent = [moment for moment in self._wrong.get(address, ()) if now - moment < WHILE]
        if len(recent) >= TRIES:
            raise ActionRefused(f"{TRIES} wrong proofs came from {address}: no other is looked at for {WHILE - (now - recent[0]):.0f} s")

    def _note_wrong(self, address: str, now: float) -> None:
        recent = [moment for moment in self._wrong.pop(address, ()) if now - moment < WHILE]
        self._wrong[address] = [*recent, now]
        for oldest in list(self._wrong)[: max(0, len(self._wrong) - ADDRESSES)]:
            del self._wrong[oldest]
