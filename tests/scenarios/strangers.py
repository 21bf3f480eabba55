"""Distributions of strangers, each with a fault of its own: projects that pip builds and installs into a folder."""

from __future__ import annotations

import subprocess
import sys

GOOD = """\
from opensvc_core.api import Resource, Status, hookimpl


class Made(Resource):
    id = "fs.{id}"

    def status(self):
        return Status.UP


@hookimpl
def opensvc_register_drivers():
    return [Made]
"""
PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "acme-{name}"
version = "{version}"
dependencies = ["{needs}"]
[project.entry-points."{group}"]
{points}
[tool.hatch.build.targets.wheel]
only-include = ["acme_{name}.py"]
"""
# Drivers by name: what their module says, and what the message about a resource that names them has to say.
FAULTY = {
    "lost": ("import there_is_no_such_library\n" + GOOD, "acme-lost 1.2 failed: ModuleNotFoundError: No module named 'there_is_no_such"),
    "raises": ("raise RuntimeError('no licence')\n", "acme-raises 1.2 failed: RuntimeError: no licence"),
    "leaves": ("import sys\nsys.exit(3)\n", "acme-leaves 1.2 failed: SystemExit: 3"),
    "interrupts": ("raise KeyboardInterrupt\n", "acme-interrupts 1.2 failed: ImportError: it raised KeyboardInterrupt"),
    "misspelt": (GOOD.replace("register_drivers", "register_driver"), "acme-misspelt 1.2 failed: PluginValidationError: unknown hook"),
    "unlike": (GOOD.replace("_drivers()", "_drivers(node)"), "acme-unlike 1.2 failed: PluginValidationError: Plugin 'acme_unlike'"),
    "grabs": (
        GOOD.replace("{id}", "flag"),
        "acme-grabs 1.2 failed: it brings fs.flag, which is the driver of opensvc-driver-fs-flag 3.0.0",
    ),
    "newer": (GOOD, "acme-newer 1.2 failed: it needs opensvc-core>=3.9, and this is opensvc-core 3.0.0; upgrade opensvc-core, or install"),
    "foretold": ("from opensvc_core.api import Telepathy\n", "cannot import name 'Telepathy' from 'opensvc_core.api'"),
    "empty": ("", "acme-empty 1.2 is listed for fs.empty but brings no such driver"),
    "bare": (GOOD.replace("[Made]", "[Made()]"), "acme-bare 1.2 failed: TypeError"),
    "builds": (GOOD + "\nMade.__init__ = lambda *_: {}['x']\n", "the driver failed: KeyError: 'x'"),
    "quits": (GOOD + "\nMade.status = lambda _: exit(4)\n", "the driver failed: SystemExit: 4"),
}
GUARD = "from opensvc_core.api import hookimpl\n\n\n@hookimpl\ndef opensvc_{hook}:\n    {deed}\n"
HANGS = "import threading\n\nthreading.Event().wait()\n"
PRINTS = "import sys\n\nprint('hello')\nprint('there', file=sys.stderr)\n" + GOOD


def install(folder, projects):
    """Build and install projects: (name, group, names of entry points, module text, what it needs)."""
    sources = []
    for name, group, points, text, needs in projects:
        source = folder / "sources" / name
        source.mkdir(parents=True)
        lines = "\n".join(f'"{point}" = "acme_{name}"' for point in points)
        project = PROJECT.format(name=name, version="1.2", needs=needs, group=group, points=lines)
        (source / "pyproject.toml").write_text(project)
        (source / f"acme_{name}.py").write_text(text)
        sources.append(str(source))
    words = ["install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    argv = [sys.executable, "-m", "pip", *words, "--root-user-action=ignore", "--target", str(folder / "site"), *sources]
    subprocess.run(argv, check=True, timeout=600)
    return folder / "site"


def driver(name, text, *, needs="opensvc-core>=3,<4", points=None):
    """A project with a driver `fs.NAME`."""
    return name, "opensvc.drivers", points or [f"fs.{name}"], text.replace("{id}", name), needs
