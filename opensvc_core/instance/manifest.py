"""The manifest: what a node tells another one after it has copied data to it, as text for the input of a command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from opensvc_core.errors import UsageError
from opensvc_core.model.descent import Descent

Moments = Mapping[str, Mapping[str, float]]


class Offer(NamedTuple):
    """A file of configuration that was sent.

    Parameters:
        rid: the resource in whose folder `incoming` it lies.
        file: its place below `etc`; `entries`: those of the links and folders that came with it.
        descent: from which edits it has come.
        keeps_own: a person has decided that it takes the place of one that was edited independently.
    """

    rid: str
    file: str
    entries: tuple[str, ...]
    descent: Descent
    keeps_own: bool = False


class Manifest(NamedTuple):
    """`moments`: for each resource that was copied and each node, when the copy was begun that it is as fresh as."""

    sender: str
    moments: Moments
    offer: Offer | None = None

    def text(self) -> str:
        """It as JSON."""
        import json  # noqa: PLC0415 - a status needs none

        offer = self.offer and {**self.offer._asdict(), "descent": self.offer.descent._asdict()}
        return json.dumps({**self._asdict(), "offer": offer}) + "\n"

    @classmethod
    def read(cls, text: str) -> Manifest:
        """It from JSON. Raises UsageError."""
        import json  # noqa: PLC0415

        try:
            known: dict[str, Any] = json.loads(text)
            offer = known["offer"]
            moments = {str(rid): {str(node): float(moment) for node, moment in of.items()} for rid, of in known["moments"].items()}
            return cls(str(known["sender"]), moments, _offer(offer) if offer else None)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"the input is not what a node sends after a copy: {error}") from error


def _offer(known: Mapping[str, Any]) -> Offer:
    descent = Descent(str(known["descent"]["digest"]), {str(node): int(count) for node, count in known["descent"]["generations"].items()})
    places = tuple(_place(str(entry)) for entry in known["entries"])
    return Offer(str(known["rid"]), _place(str(known["file"])), places, descent, known["keeps_own"] is True)


def _place(text: str) -> str:
    """A place below a folder, and not above it."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"{text!r} is no place below a folder")
    return text
