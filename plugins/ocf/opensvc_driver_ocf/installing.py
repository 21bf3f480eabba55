"""om node install agent, uninstall agent: the resource agent by which a cluster manager runs services, and its place."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from opensvc_core.api import ActionRefused
from opensvc_driver_ocf.agents import AgentName

NAME: Final = AgentName("opensvc", "service")
SOURCE: Final = Path(__file__).with_name("agent") / "service"
_MARK: Final = "# Written by 'om node install agent' ({}).\n"
_MARKED: Final = re.compile(re.escape(_MARK).replace(r"\{\}", "([0-9a-f]{12})"))
_COMMAND: Final = "om_default=om\n"


def run(session: Any, arguments: Any) -> int:
    """Write, or remove, the resource agent `ocf:opensvc:service` below `/usr/lib/ocf/resource.d` (or below OCF_ROOT).

    It calls the command of this installation. A file that was edited is kept, unless --force is given. No service is started or stopped.
    """
    if os.geteuid():
        raise ActionRefused(f"only root writes to {NAME.file.parent}")
    act = install if session.verb == "install agent" else uninstall
    print(act(is_forced=bool(arguments.force)), file=session.stdout)
    return 0


def install(*, is_forced: bool) -> str:
    """Write the agent; what was done. Raises ActionRefused for a file that is somebody else's."""
    file, text = NAME.file, made(_om())
    if not file.is_symlink() and _text(file) == text:
        return f"the agent is in {file} already"
    _refuse_foreign(file, is_forced=is_forced)
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", errors="surrogateescape")
        beside.chmod(0o755)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return f"wrote {file}: {NAME}"


def uninstall(*, is_forced: bool) -> str:
    """Remove the agent; what was done. Raises ActionRefused for a file that is somebody else's."""
    if not os.path.lexists(NAME.file):
        return f"there is no {NAME.file}"
    _refuse_foreign(NAME.file, is_forced=is_forced)
    NAME.file.unlink()
    return f"removed {NAME.file}"


def made(om: Path) -> str:
    """The agent that calls this command."""
    first, _, rest = SOURCE.read_text("utf-8").partition("\n")
    rest = rest.replace(_COMMAND, f"om_default={shlex.quote(str(om))}\n", 1)
    return f"{first}\n{_MARK.format(_digest(rest))}{rest}"


def _refuse_foreign(file: Path, *, is_forced: bool) -> None:
    if is_forced or not os.path.lexists(file):
        return
    _, _, text = _text(file).partition("\n")
    found = _MARKED.match(text)
    if file.is_symlink() or found is None or _digest(text[found.end() :]) != found[1]:
        raise ActionRefused(f"{file} was not written by this command, or edited since; --force gives it up")


def _text(file: Path) -> str:
    return file.read_text("utf-8", errors="surrogateescape") if file.is_file() else ""


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _om() -> Path:
    """The command `om` of this installation."""
    found = shutil.which("om", path=str(Path(sys.argv[0]).absolute().parent)) or shutil.which("om")
    if found is None:
        raise ActionRefused(f"there is no command 'om' beside {sys.argv[0]} nor in PATH")
    return Path(found).absolute()
