"""Programs: which of them something calls by their names, and a PATH that has all but one."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opensvc_core.testing.forks import Fork


def called_by(do: Callable[[], object]) -> list[str]:
    """The programs that are looked for in PATH when something is done; it is done in a process of its own."""

    def told() -> str:
        names: set[str] = set()

        def hear(event: str, arguments: tuple[Any, ...]) -> None:
            if event in ("opensvc.command", "subprocess.Popen"):
                names.add(os.fsdecode(arguments[0]))

        sys.addaudithook(hear)
        do()
        return "\n".join(sorted(name for name in names if "/" not in name and shutil.which(name)))

    return Fork(told).told().splitlines()


class Programs:
    """The folders of PATH, with links in the place of the programs where one is to be missing. Its `with` removes them."""

    def __init__(self) -> None:
        self._folders: dict[Path, Path] = {}
        # not below the test's own folder: who runs a command may be a user who can't look there
        self._top = tempfile.TemporaryDirectory(prefix="opensvc-programs-")
        Path(self._top.name).chmod(0o755)

    def __enter__(self) -> Programs:
        return self

    def __exit__(self, *_error: object) -> None:
        self._top.cleanup()

    @contextmanager
    def without(self, program: str) -> Iterator[str]:
        """Yields a PATH that has all programs but this one."""
        places = list(map(Path, os.get_exec_path()))
        copies = {place: self._copy(place.resolve()) for place in places if os.path.lexists(place / program)}
        links = {copy / program: (copy / program).readlink() for copy in copies.values()}
        try:
            for link in links:
                link.unlink()
            yield os.pathsep.join(str(copies.get(place, place)) for place in places)
        finally:
            for link, target in links.items():
                link.symlink_to(target)

    def _copy(self, folder: Path) -> Path:
        """A folder with a link to each of its files."""
        if folder not in self._folders:
            self._folders[folder] = made = Path(self._top.name) / str(len(self._folders))
            made.mkdir()
            for entry in os.scandir(folder):
                (made / entry.name).symlink_to(entry.path)
        return self._folders[folder]
