"""A voter outside the cluster: what an arbitrator answers, with the list of voters on its disk and its grants in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opensvc_daemon.guards.lines import (
    read_membership,
    read_release,
    read_request,
    written_answer,
    written_membership,
)
from opensvc_daemon.lease.granter import Granter
from opensvc_daemon.lease.membership import Membership
from opensvc_daemon.lease.messages import Answer, Epoch, Request
from opensvc_daemon.lease.refusals import Code, Refusal
from opensvc_daemon.lease.terms import LeaseTerms

# The epoch of who knows no list of voters.
NONE = Epoch(0, "0" * 16)


class Voter:
    """One arbitrator.

    Parameters:
        file: where it keeps the list of voters that it knows.
        now: seconds of a clock that never jumps.

    Raises ValueError where the file can't be read: without it nobody knows what was granted.
    """

    def __init__(self, name: str, file: Path, terms: LeaseTerms, now: Callable[[], float]) -> None:
        self.name, self._file, self._terms, self._now = name, file, terms, now
        known = self._stored()
        self._granter = Granter.started(name, known, terms, now()) if known else None

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question that was proven; raises ValueError for one that can't be understood, and changes nothing then.

        A question holds, each if it likes, `know` (a list of voters to be learned), `release` and `ask` (lists); the vote is the answer.
        """
        membership = read_membership(question["know"]) if question.get("know") else None
        releases = [read_release(value) for value in question.get("release", ())]
        requests = [read_request(value) for value in question.get("ask", ())]
        why = self._learn(membership) if membership else ""
        for release in releases:
            self._granter = self._granter and self._granter.released(release, self._now())
        answers = [written_answer(self._asked(request)) for request in requests]
        return {"voter": self.name, "epoch": list(self.epoch), "answers": answers, "why": why}

    @property
    def epoch(self) -> Epoch:
        """Of the list that it knows."""
        return self._granter.membership.epoch if self._granter else NONE

    def _asked(self, request: Request) -> Answer:
        if self._granter is None:
            refusal = Refusal(Code.NOT_A_MEMBER, f"{self.name} has not been told who votes")
            return Answer(self.name, request.service, request.owner, request.number, NONE, refusal)
        self._granter, answer = self._granter.asked(request, self._now())
        return answer

    def _learn(self, membership: Membership) -> str:
        """Take a later list, stored first; why not, if so."""
        if self._granter is None:
            self._store(membership)
            # what was granted under an earlier list, and is forgotten with the file, is waited for as after any start
            self._granter = Granter.started(self.name, membership, self._terms, self._now())
            return ""
        found = self._granter.adopted(membership)
        if isinstance(found, Refusal):
            return found.text
        if found.membership != self._granter.membership:
            self._store(found.membership)
        self._granter = found
        return ""

    def _stored(self) -> Membership | None:
        try:
            return read_membership(json.loads(self._file.read_text()))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ValueError(f"{self._file} can't be read ({error}): remove it only when this arbitrator gets another name") from error

    def _store(self, membership: Membership) -> None:
        """On the disk before anything is answered by it."""
        draft = self._file.with_suffix(".new")
        with draft.open("w") as stream:
            stream.write(json.dumps(written_membership(membership)))
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
