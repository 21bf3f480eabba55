"""Environments of Python with what was asked for, what that declares to need, and nothing else."""

from __future__ import annotations

import importlib.metadata
import sysconfig
import venv
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from wheels import pip

_SCRIPT = "#!{python}\nimport sys\nfrom {module} import {attr}\nsys.exit({attr}())\n"


class Shelf:
    """Distributions to take from: those whose wheels are given, others as the environment of the tests has them."""

    def __init__(self, folder: Path, wheels: Sequence[Path]) -> None:
        site = folder / "site"
        pip("install", "--no-deps", "--target", site, *wheels)
        theirs = importlib.metadata.distributions(path=[sysconfig.get_path("purelib")])
        ours = importlib.metadata.distributions(path=[str(site)])
        self._found = {canonicalize_name(one.name): one for one in (*theirs, *ours)}

    def closure(self, *wanted: str) -> dict[str, Distribution]:
        """The distributions that requirements (`opensvc-core[linux]`) lead to. Fails the test where one of them is not there."""
        found: dict[str, Distribution] = {}
        seen, due = set[tuple[str, str]](), [Requirement(one) for one in wanted]
        while due:
            requirement = due.pop()
            name = canonicalize_name(requirement.name)
            if name not in self._found:
                pytest.fail(f"{name} is not there")
            found[name] = self._found[name]
            assert requirement.specifier.contains(found[name].version), f"{requirement}, but {found[name].version} is there"
            for extra in {"", *requirement.extras} - {extra for one, extra in seen if one == name}:
                seen.add((name, extra))
                due += _required(found[name], extra)
        return found

    def furnish(self, folder: Path, *wanted: str) -> Path:
        """Make an environment in a folder, and return the folder of its programs."""
        venv.create(folder, symlinks=True)
        (site,) = folder.glob("lib/python*/site-packages")
        for distribution in self.closure(*wanted).values():
            for entry in _entries(distribution):
                (site / entry).symlink_to(str(distribution.locate_file(entry)))
            for point in distribution.entry_points.select(group="console_scripts"):
                script = folder / "bin" / point.name
                script.write_text(_SCRIPT.format(python=folder / "bin/python", module=point.module, attr=point.attr), "utf-8")
                script.chmod(0o755)
        return folder / "bin"


def _required(distribution: Distribution, extra: str) -> Iterator[Requirement]:
    """What a distribution needs on this host, with an extra or without."""
    for requirement in map(Requirement, distribution.requires or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement


def _entries(distribution: Distribution) -> set[str]:
    """The files and folders of a distribution in its site folder."""
    tops = {path.parts[0] for path in distribution.files or ()}
    return tops - {"..", "bin", "__pycache__"}
