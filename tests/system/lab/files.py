"""The files of a node, seen from outside: absolute links lead to the node's files, never to the host's."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import Self

from lab import syscalls


class Files:
    """The files below a root; paths are absolute ones of the node."""

    def __init__(self, root: str) -> None:
        self._root = os.open(root, os.O_PATH | os.O_DIRECTORY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._root)

    def read(self, path: str) -> str:
        """The text of a file; OSError where there is none."""
        with os.fdopen(syscalls.open_in(self._root, path, os.O_RDONLY), encoding="utf-8") as file:
            return file.read()

    def write(self, path: str, text: str, mode: int) -> None:
        """Put a file in its place in one step, and the folders above it."""
        place = PurePosixPath(path)
        folder = self._folder(place.parent)
        try:
            new = f".{place.name}.new"
            made = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode, dir_fd=folder)
            with os.fdopen(made, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), mode)
                file.write(text)
            os.rename(new, place.name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            os.close(folder)

    def exists(self, path: str) -> bool:
        """Something is there, and if it is a link, also what it leads to."""
        try:
            os.close(syscalls.open_in(self._root, path, os.O_PATH))
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link at a path."""
        place = PurePosixPath(path)
        folder = self._folder(place.parent)
        try:
            os.symlink(target, place.name, dir_fd=folder)
        finally:
            os.close(folder)

    def _folder(self, path: PurePosixPath) -> int:
        flags = os.O_PATH | os.O_DIRECTORY
        try:
            return syscalls.open_in(self._root, str(path), flags)
        except FileNotFoundError:
            above = self._folder(path.parent)
            try:
                os.mkdir(path.name, dir_fd=above)
            finally:
                os.close(above)
            return syscalls.open_in(self._root, str(path), flags)
