"""The tree is made: links to the programs, `ezha` and `env.sh`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from opensvc_core.errors import OpensvcError
from opensvc_openha.files import replace
from opensvc_openha.tree import PROGRAMS, Tree

_ENVIRONMENT: Final = """\
# The environment of OpenHA's commands: `export EZ={ez}; . $EZ/env.sh`.
EZ=${{EZ:-{ez}}}
EZ_BIN=$EZ/bin
EZ_NODES=$EZ/conf/nodes
EZ_MONITOR=$EZ/conf/monitor
EZ_SERVICES=$EZ/conf/services
EZ_LOG=$EZ/log
export EZ EZ_BIN EZ_NODES EZ_MONITOR EZ_SERVICES EZ_LOG

ez_ps() {{
	ps aux | grep "[[:space:]]$EZ_BIN/\\(heart[cd]\\|nmond\\)"
}}

ez_svc_status() {{
	echo "=> Querying OpenHA services status [$EZ_BIN/service -s -c]"
	"$EZ_BIN/service" -s -c
}}

ez_hb_status() {{
	echo "=> Querying OpenHA heartbeat status [$EZ_BIN/hb -s]"
	"$EZ_BIN/hb" -s
}}
"""


def install(ez: Path, program: Path) -> list[str]:
    """Make what is missing below `ez`; the programs become links to `program`. What was made. Raises OpensvcError.

    Configuration and states that are there stay as they are, and so does a program of another make.
    """
    tree = Tree.below(ez)
    made: list[str] = []
    try:
        for folder in (tree.bin, tree.monitor.parent, ez / "doc", tree.states, tree.log, tree.proc):
            folder.mkdir(parents=True, exist_ok=True)
        for path in [*(tree.bin / name for name in PROGRAMS), ez / "ezha", ez / "ezha.init"]:
            made += _linked(path, program)
        environment = _ENVIRONMENT.format(ez=ez).encode()
        file = ez / "env.sh"
        if not file.exists() or file.read_bytes() != environment:
            replace(file, environment)
            made.append(str(file))
    except OSError as error:
        raise OpensvcError(f"{error.filename}: {error.strerror}") from error
    return made


def _linked(path: Path, program: Path) -> list[str]:
    if path.is_symlink():
        if path.readlink() == program:
            return []
        path.unlink()
    elif path.exists():
        raise OpensvcError(f"{path} is a program of another make: move it away, so that this one does not mix with it")
    path.symlink_to(program)
    return [str(path)]


def own_program() -> Path:
    """The program that runs, where it was installed; a link to it is not followed into a tree."""
    beside = Path(sys.executable).with_name("openha")
    return beside if beside.exists() else Path(sys.argv[0]).resolve()


def is_ours(script: str) -> bool:
    """Whether a service's script is the command of this agent, as `/etc/opensvc/SERVICE.cluster`; an older one has the same name."""
    command = Path(script).resolve()
    return command.name in ("svcmgr", "om") and command.parent == own_program().resolve().parent
