"""The distributions of the repository: what their files declare, and their wheels."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

TOP = Path(__file__).parents[2]
CORE = "opensvc-core"
FOLDERS = [TOP, *sorted(manifest.parent for manifest in TOP.glob("*/*/pyproject.toml"))]
PROJECTS = {tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["name"]: folder for folder in FOLDERS}
# What nobody uses by itself: the lives of its users are its own.
LIBRARIES = {"opensvc-applications", "opensvc-heartbeats", "opensvc-linux"}
# As pip does it for each, in one process: by the build backend that all of them name.
_BUILD = """\
import os, sys
from hatchling.build import build_wheel
for folder in sys.argv[2:]:
    os.chdir(folder)
    build_wheel(sys.argv[1])
"""


def build(target: Path, folders: list[Path]) -> list[Path]:
    """Build the wheels of these projects into a folder."""
    subprocess.run([sys.executable, "-c", _BUILD, target, *folders], check=True, timeout=600, stdout=subprocess.DEVNULL)
    return sorted(target.glob("*.whl"))


def pip(*words: str | Path) -> None:
    """Run the pip of the tests, which asks no index."""
    quiet = ("--quiet", "--no-index", "--disable-pip-version-check", "--root-user-action=ignore", "--no-compile")
    subprocess.run([sys.executable, "-m", "pip", *words, *quiet], check=True, timeout=600)


if __name__ == "__main__":
    build(Path(sys.argv[1]).absolute(), FOLDERS)
