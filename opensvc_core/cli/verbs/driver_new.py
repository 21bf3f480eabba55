"""driver new: the package of a new driver, in a new folder."""

from __future__ import annotations

import shlex
from pathlib import Path

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.errors import ActionRefused
from opensvc_core.kit.naming import DriverName
from opensvc_core.kit.package import make
from opensvc_core.registry import DRIVERS

_NEXT = """\
made {folder}, with a driver that works and passes its tests
next:
  cd {quoted}
  pip install -e '.[test]'
  pytest
  pytest --opensvc-driver {name.id}
"""


def run(session: Session, arguments: Arguments) -> int:
    """Make a package with a driver in a new folder. It works as it is, passes its tests, and installs with pip.

    `DRIVER` is its id: a group, a dot, and the `type` of its sections. The folder is `opensvc-driver-GROUP-TYPE` here, unless `--folder`
    names another; it must not exist yet.
    """
    name = DriverName.parse(arguments.positionals[0])
    taken = session.node.registry.listed(DRIVERS).get(name.id)
    if taken:
        raise ActionRefused(f"{name.id} is installed already, by {taken[0].distribution}: choose another type")
    folder = Path(arguments.folder or name.distribution)
    make(name, folder)
    print(_NEXT.format(folder=folder, quoted=shlex.quote(str(folder)), name=name), end="", file=session.stdout)
    return 0
