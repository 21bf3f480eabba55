"""Descents: what this node knows of where its files of configuration come from, in a sidecar for each."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from opensvc_core.errors import ActionFailed, OpensvcError
from opensvc_core.model.descent import Descent
from opensvc_core.system import files
from opensvc_core.system.paths import Paths


class Descents:
    """The folder of the sidecars. A text that nobody here wrote was edited by hand: an edit of this node.

    A sidecar is written after its file. Killed in between, the next look takes the edit for one by hand, and counts it once.
    """

    def __init__(self, paths: Paths, node: str) -> None:
        self._paths, self._node = paths, node

    def of(self, file: Path, text: str) -> Descent:
        """The descent of a file that has this text."""
        return self.known(file).edited(self._node, _digest(text))

    def known(self, file: Path) -> Descent:
        """The descent that was recorded last; an empty one where none was."""
        return _read(files.read_json(self._sidecar(file)))

    def note(self, file: Path, before: str, after: str) -> None:
        """Record that this node made one text of another. Where that can't be written, the edit is as good as one by hand."""
        descent = self.of(file, before) if before else Descent()
        with suppress(OpensvcError):  # the file is written, and who edited it is not to believe that it is not
            self.keep(file, descent.edited(self._node, _digest(after)))

    def keep(self, file: Path, descent: Descent) -> None:
        """Record a descent, such as that of a copy which came from another node."""
        files.write_json(self._sidecar(file), {"digest": descent.digest, "generations": dict(descent.generations)})

    def forget(self, file: Path) -> None:
        """The file is gone."""
        files.remove(self._sidecar(file))

    def _sidecar(self, file: Path) -> Path:
        return self._paths.var / "descents" / f"{file.relative_to(self._paths.etc)}.json"


def refuse_other_text(text: str, descent: Descent, sender: str) -> None:
    """Raise ActionFailed where a text is not the one that a descent is about."""
    if _digest(text) != descent.digest:
        raise ActionFailed(f"the configuration was edited on {sender} while it was sent; try again")


def _digest(text: str) -> str:
    import hashlib  # noqa: PLC0415 - 3 ms, paid by edits only

    return hashlib.sha256(text.encode()).hexdigest()


def _read(known: object) -> Descent:
    """A damaged sidecar is as good as none."""
    if not isinstance(known, dict) or not isinstance(known.get("digest"), str) or not isinstance(known.get("generations"), dict):
        return Descent()
    return Descent(known["digest"], {str(node): count for node, count in known["generations"].items() if isinstance(count, int)})
