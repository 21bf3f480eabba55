"""The store: the files of configuration of this node, found, read, and changed without losing anything."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from opensvc_core.config.document import Document
from opensvc_core.errors import ActionRefused, ConfigError, NoSuchObject, UsageError
from opensvc_core.instance.descents import Descents, refuse_other_text
from opensvc_core.model.descent import Descent, Relation
from opensvc_core.model.names import RESERVED, ServicePath
from opensvc_core.system import files
from opensvc_core.system.paths import Paths

SUFFIXES = (".conf", ".env")  # the first one wins where both exist


class Store:
    """The folder `etc`; `node` is whose edits these are."""

    def __init__(self, paths: Paths, node: str = "") -> None:
        self._paths, self._descents = paths, Descents(paths, node)

    def services(self) -> list[ServicePath]:
        """Every service that has a file, sorted by its full name."""
        found = set(self._below(self._paths.etc, "root", "svc"))
        found.update(path for kind in ("vol", "svc") for path in self._below(self._paths.etc / kind, "root", kind))
        for namespace in _folders(self._paths.etc / "namespaces"):
            for kind in _folders(namespace):
                found.update(self._below(kind, namespace.name, kind.name))
        return sorted(found, key=lambda path: (path.namespace != "root", path.namespace, path.kind, path.name))

    def file(self, path: ServicePath) -> Path:
        """The file of a service. Raises NoSuchObject."""
        for suffix in SUFFIXES:
            file = self._paths.etc / f"{path.config_path}{suffix}"
            if file.is_file():
                return file
        raise NoSuchObject(f"no service {str(path)!r}: there is no {self._paths.etc / path.config_path}.conf (or .env)")

    def shadowed(self, path: ServicePath) -> Path | None:
        """The file of a service that is not read, because the other one of its two wins; None where there is one file."""
        files_found = [file for file in (self._paths.etc / f"{path.config_path}{suffix}" for suffix in SUFFIXES) if file.is_file()]
        return files_found[1] if len(files_found) > 1 else None

    def exists(self, path: ServicePath) -> bool:
        """Whether the service has a file."""
        return any((self._paths.etc / f"{path.config_path}{suffix}").is_file() for suffix in SUFFIXES)

    def text(self, file: Path) -> str:
        """The text of a file; an absent one is empty. Raises ConfigError for bytes that are no text, ActionRefused without the right."""
        return _text(file)

    def read(self, file: Path) -> Document:
        """The document of a file; an absent one is empty. Raises ConfigError for a file that can't be read."""
        return parse(_text(file), file)

    def parsed(self, text: str, file: Path) -> Document | None:
        """The document of a text, or None where it is none: whoever mends a broken file begins with it."""
        try:
            return parse(text, file)
        except ConfigError:
            return None

    def create(self, path: ServicePath, text: str, *, overwrites: bool) -> Path:
        """Write the file of a new service. Raises ActionRefused when it exists already."""
        file = self.file(path) if self.exists(path) else self._paths.etc / f"{path.config_path}.conf"
        with self.editing(file):
            if self.exists(path) and not overwrites:
                raise ActionRefused(f"{path} exists already ({self.file(path)}); --force overwrites it")
            self._write(file, _text(file), text)
        return file

    def change(self, file: Path, edit: Callable[[Document], Document], check: Callable[[Document, Document], None]) -> None:
        """Read, edit, check and write as one: all of it happens, or nothing. `check` raises what is wrong with the new text."""
        with self.editing(file):
            before = self.read(file)
            after = edit(before)
            check(before, after)
            if after.text() != before.text():
                self._write(file, before.text(), after.text())

    def replace(self, file: Path, read: str, text: str) -> None:
        """Write a text that a person made out of what was read. Raises ActionRefused when the file is another by now."""
        with self.editing(file):
            if _text(file) != read:
                raise ActionRefused(f"{file} was changed by someone else while it was edited; nothing is written")
            self._write(file, read, text)

    def remove(self, file: Path) -> None:
        """Remove a file, and what is known of where it came from."""
        with self.editing(file):
            files.remove(file)
            self._descents.forget(file)

    def descent(self, file: Path) -> Descent:
        """From which edits a file has come; an edit by hand counts as one of this node."""
        return self._descents.of(file, _text(file))

    def settle(self, file: Path) -> Descent:
        """The same, remembered: of two edits by hand, the second one has then come from the first."""
        with self.editing(file):
            descent = self._descents.of(file, _text(file))
            if descent != self._descents.known(file):
                self._descents.keep(file, descent)
        return descent

    def learn(self, file: Path, other: Descent) -> None:
        """Note that another node has the same text, and from which edits it came there."""
        with self.editing(file):
            own = self._descents.of(file, _text(file))
            if own.digest == other.digest:
                self._descents.keep(file, own.merged(other))

    def accept(
        self, file: Path, text: str, descent: Descent, *, sender: str, is_decided: bool = False, forgets_own: bool = False
    ) -> Descent:
        """Put a text that came from another node in the place of a file; the descent that the file has then.

        `forgets_own`: what is here is of another life, and counts for nothing. Raises ActionRefused, unless `is_decided`, where the file
        has come from the other text, or was edited independently.
        """
        refuse_other_text(text, descent, sender)
        other = next((found for found in map(file.with_suffix, SUFFIXES) if found != file and found.is_file()), None)
        if other:
            raise ActionRefused(f"{other} is there, and {sender} sent {file.name}: remove one of them")
        with self.editing(file):
            before = _text(file)
            if file.exists() and not forgets_own:
                own = self._descents.of(file, before)
                if not is_decided:
                    _refuse_loss(file, descent.relation(own), sender)
                descent = descent.merged(own)
            if text != before or not file.exists():
                files.write_atomically(file, text, mode=_mode(file))
            self._descents.keep(file, descent)
        return descent

    @property
    def root(self) -> Path | None:
        """The folder below which all is that this node has; None: the places of a packaged agent."""
        return self._paths.etc.parent if self._paths.bin else None

    def place(self, file: Path) -> str:
        """Where a file is below `etc`."""
        return str(file.relative_to(self._paths.etc))

    def _write(self, file: Path, before: str, after: str) -> None:
        files.write_atomically(file, after, mode=_mode(file))
        self._descents.note(file, before, after)

    @contextmanager
    def editing(self, file: Path) -> Iterator[None]:
        """Keep other editors of this agent away from a file."""
        folder = self._paths.var / "edits"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / f"{file.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as error:
            raise ActionRefused(f"no right to write below {self._paths.var}; the owner of that folder may change services") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _below(self, folder: Path, namespace: str, kind: str) -> Iterator[ServicePath]:
        try:
            names = [entry.name for entry in os.scandir(folder) if entry.name.endswith(SUFFIXES) and entry.is_file()]
        except PermissionError as error:
            raise ActionRefused(f"no right to read {folder}") from error
        except OSError:
            return
        for name in {os.path.splitext(name)[0] for name in names} - RESERVED:  # noqa: PTH122 - a Path for each of 1,000 names costs
            try:
                yield ServicePath.parse(f"{namespace}/{kind}/{name}")
            except UsageError:
                continue  # a file whose name is no service's name: `print status NAME` tells why


def parse(text: str, file: Path) -> Document:
    """The document of a text, in the dialect of its file's suffix."""
    return Document.parse(text, older=file.suffix == ".env", path=str(file))


def _refuse_loss(file: Path, relation: Relation, sender: str) -> None:
    decide = f"'sync nodes --keep-own' on {sender} puts its own in the place of this one"
    if relation is Relation.OLDER:
        raise ActionRefused(f"{file} is newer here than on {sender}: it was edited since; sync from here, or {decide}")
    if relation is Relation.DIVERGED:
        raise ActionRefused(f"{file} was edited here and on {sender}, independently; compare the two: {decide}")


def _mode(file: Path) -> int | None:
    """With which rights a file is made; None: it is there, and keeps its own."""
    if file.exists():
        return None
    return 0o600 if file.name == "cluster.conf" else 0o644  # cluster.conf has the secret


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8") if file.exists() else ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} is no UTF-8; which encoding has the file?", path=str(file)) from error
    except PermissionError as error:
        raise ActionRefused(f"no right to read {file}; do it as root, or by sudo") from error


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_dir())
    except OSError:
        return []
