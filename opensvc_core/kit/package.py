"""The package of a new driver: its files, made of templates, all of them or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from opensvc_core import __version__
from opensvc_core.errors import ActionRefused
from opensvc_core.kit.naming import DriverName

# The files of a package, each with its template; those in the folder `shape` are of the driver's shape.
_FILES: Final = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "{shape}/README.md",
    ".github/workflows/tests.yml": "tests.yml",
    "{module}/__init__.py": "init.py",
    "{module}/py.typed": "py.typed",
    "{module}/hooks.py": "hooks.py",
    "{module}/driver.py": "{shape}/driver.py",
    "{module}/testing.py": "{shape}/testing.py",
    "tests/test_{short}.py": "{shape}/test.py",
}
# Templates are no modules: nothing that walks over Python's files reads them.
_SUFFIX: Final = ".tmpl"


def texts(name: DriverName) -> Mapping[str, str]:
    """The files of the package by their path in it."""
    words = {
        "id": name.id,
        "group": name.group,
        "type": name.kind,
        "distribution": name.distribution,
        "module": name.module,
        "short": name.module.removeprefix("opensvc_driver_"),
        "cls": name.class_name,
        "core": _compatible(__version__),
        "shape": "task" if name.group == "task" else "startable",
    }
    return {path.format_map(words): _template(template.format_map(words)).substitute(words) for path, template in _FILES.items()}


def make(name: DriverName, folder: Path) -> None:
    """Write the package into a new folder. Raises ActionRefused where something is there, or where its parent is not."""
    if os.path.lexists(folder):
        raise ActionRefused(f"{folder} exists already: nothing was written; --folder names another place, whose last part is made")
    if not folder.parent.is_dir():
        raise ActionRefused(f"{folder.parent} is no folder: nothing was written; make it first")
    try:
        with tempfile.TemporaryDirectory(prefix=".opensvc-driver.", dir=folder.parent) as beside:
            made = Path(beside) / folder.name
            _write(texts(name), made)
            made.rename(folder)
    except OSError as error:
        raise ActionRefused(f"{folder} can't be made: {error.strerror}; nothing was written") from error


def _write(found: Mapping[str, str], folder: Path) -> None:
    for path, text in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _compatible(version: str) -> str:
    """The versions of the core that keep what this one promises."""
    major = int(version.partition(".")[0])
    return f">={major},<{major + 1}"


def _template(name: str) -> Template:
    return Template((files("opensvc_core.kit") / "templates" / f"{name}{_SUFFIX}").read_text(encoding="utf-8"))
