"""The commands `om`, `svcmgr`, `svcmon` and `nodemgr`: read the command line, run one verb, say what went wrong in one line."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from opensvc_core import __version__
from opensvc_core.cli import cluster
from opensvc_core.cli.reader import PROGRAMS, Invocation, Page, read
from opensvc_core.cli.session import Session
from opensvc_core.cli.table import Table, commands
from opensvc_core.errors import OpensvcError, UnknownCommand, UsageError
from opensvc_core.model.names import ServicePath
from opensvc_core.system.host import nodename
from opensvc_core.system.paths import Paths

if TYPE_CHECKING:
    from opensvc_core.instance.node import Node

INTERRUPTED: Final = 130
# What changes node.conf or cluster.conf.
_CHANGES: Final = ("set", "unset", "update", "edit config")
BROKEN_PIPE: Final = 141
_COMPLETION_FLAGS: Final = ("--show-completion", "--install-completion")
_USAGE: Final = {
    "om": "usage: om SERVICE COMMAND [OPTIONS]\n       om node|cluster COMMAND [OPTIONS]\n       om help [COMMAND]",
    "svcmgr": "usage: svcmgr -s SERVICE COMMAND [OPTIONS]\n       svcmgr help [COMMAND]",
    "nodemgr": "usage: nodemgr COMMAND [OPTIONS]\n       nodemgr help [COMMAND]",
}
_LINK_USAGE: Final = "usage: {0} COMMAND [OPTIONS]\n       {0} help [COMMAND]"


def om() -> int:
    """The newer dialect, `om SERVICE COMMAND`."""
    return main("om")


def svcmgr() -> int:
    """The older dialect, `svcmgr -s SERVICE COMMAND`, and the links named after services."""
    return main("svcmgr")


def svcmon() -> int:
    """The monitor."""
    return main("svcmon")


def nodemgr() -> int:
    """The commands on the node."""
    return main("nodemgr")


def allservices() -> int:
    """A command on all services."""
    return main("allservices")


def allupservices() -> int:
    """A command on the services that are up here."""
    return main("allupservices")


def alldownservices() -> int:
    """A command on the services that are down here."""
    return main("alldownservices")


def main(entry: str) -> int:
    """Run the command of this process, and return its exit code: the catch-all of the process is here."""
    gc.disable()  # a command is over before it would pay
    program = called_as(entry, sys.argv[0])
    stdout, stderr = _stream(sys.stdout), _stream(sys.stderr)
    try:
        code = run(program, sys.argv[1:], os.environ, stdout, stderr)
        stdout.flush()
        return code
    except OpensvcError as exc:
        return _ended(program, str(exc), exc.exit_code, stdout, stderr)
    except KeyboardInterrupt:
        return _ended(program, "", INTERRUPTED, stdout, stderr)
    except OSError as exc:
        if exc.errno == errno.EPIPE:
            return _ended(program, "", BROKEN_PIPE, stdout, stderr)
        place = f"{exc.filename}: " if exc.filename is not None else ""
        return _ended(program, f"{place}{exc.strerror or exc}", 1, stdout, stderr)
    except Exception as exc:  # noqa: BLE001 - the one catch-all
        return _ended(program, _internal_error(exc, os.environ), 1, stdout, stderr)
    finally:
        gc.freeze()  # the interpreter would go through all that is left once more: 10 ms after a status, 50 after a start


def _stream(stream: TextIO | None) -> TextIO:
    """A stream that may be written to, whatever its encoding has no letters for; the caller may have closed it."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def called_as(entry: str, argv0: str) -> str:
    """The program that was meant: `entry`, a sibling of that name, or the service whose link to `svcmgr` was called."""
    name = argv0.rpartition("/")[2]
    if name in PROGRAMS or entry != "svcmgr":
        return name if name in PROGRAMS else entry
    try:
        ServicePath.parse(name)
    except UsageError:
        return entry
    return name


def run(program: str, argv: Sequence[str], environ: Mapping[str, str], stdout: TextIO, stderr: TextIO) -> int:
    """Carry out one command line."""
    table = _with_plugins(environ) if _is_of_daemon(program, argv) else commands()
    paths = Paths.from_environment(environ)
    variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
    if variable in environ or (argv and argv[0] in _COMPLETION_FLAGS):
        return _complete(program, argv, paths, environ, variable if variable in environ else "")
    managed, role = _managed(paths, program)
    if role == "stonith" and list(argv) != ["start"]:  # what fences is not to be called by a mistake
        raise UsageError(f"it is for the cluster manager, which calls it as '{program} start'")
    asked, table = _understood(managed or program, argv, table, paths, environ)
    if isinstance(asked, Page):
        return _show(asked, _with_plugins(environ) if asked.kind == "help" else table, stdout, stderr)
    if role == "cluster":
        asked = asked._replace(arguments=asked.arguments._replace(cluster=True))
    session = Session(
        program=program,
        scope=asked.scope,
        verb=role if role == "stonith" else asked.verb.name,
        selector=asked.selector,
        root=environ.get("OSVC_ROOT_PATH") or None,
        nodename=nodename(environ),
        stdout=stdout,
        stderr=stderr,
    )
    if role == "stonith":
        from opensvc_core.cli.verbs import stonith  # noqa: PLC0415 - no command of its own: it is only called by its link

        return stonith.run(session)
    return _do(asked, session)


def _understood(
    program: str, argv: Sequence[str], table: Table, paths: Paths, environ: Mapping[str, str]
) -> tuple[Invocation | Page, Table]:
    """What a command line asks for, and the commands that there are; plugins are asked where the core has none of that name."""
    is_known = partial(is_service, paths)
    if not _is_of_daemon(program, argv):
        try:
            return read(program, argv, table, is_known), table
        except UnknownCommand:
            table = _with_plugins(environ)
    from opensvc_core.plugins.bundled import missing_command  # noqa: PLC0415 - only a command that the core has not needs it

    words = [word for word in argv if not word.startswith("-") and not is_known(word)]
    missing = missing_command(words, [verb.name for verb in table])
    if missing and _is_of_daemon(program, argv):
        raise UnknownCommand(missing)
    try:
        return read(program, argv, table, is_known), table
    except UnknownCommand as error:
        raise UnknownCommand(missing or str(error)) from error


def _is_of_daemon(program: str, argv: Sequence[str]) -> bool:
    """What stands behind this word is a plugin's: read without it, it would name a service."""
    return program == "om" and argv[:1] == ["daemon"]


def _managed(paths: Paths, program: str) -> tuple[str, str]:
    """The service whose link for its cluster manager was called, and which of the two; empty texts for any other name."""
    name, mark, role = program.rpartition(".")
    if not mark or role not in ("cluster", "stonith") or is_service(paths, program) or not is_service(paths, name):
        return "", ""
    return name, role


def _with_plugins(environ: Mapping[str, str]) -> Table:
    """The commands of the core and of the plugins that are installed."""
    return commands(_node(environ).registry.commands())


def _node(environ: Mapping[str, str]) -> Node:
    from opensvc_core.instance.node import Node  # noqa: PLC0415 - a command of the core is spared their import

    return Node(environ.get("OSVC_ROOT_PATH") or None, nodename=nodename(environ))


def _do(asked: Invocation, session: Session) -> int:
    taken = cluster.take(session, asked.arguments)
    if taken is not None:
        return taken
    code: int = importlib.import_module(asked.verb.module).run(session, asked.arguments)
    if code == 0 and asked.verb.name in _CHANGES and session.scope in ("node", "cluster"):
        cluster.done(session)
    return code


def is_service(paths: Paths, name: str) -> bool:
    """A service of this name is configured here."""
    try:
        place = paths.etc / ServicePath.parse(name).config_path
    except UsageError:
        return False
    return any(os.path.isfile(f"{place}{suffix}") for suffix in (".conf", ".env"))  # noqa: PTH113 - a Path raises without the right


def _complete(program: str, argv: Sequence[str], paths: Paths, environ: Mapping[str, str], variable: str) -> int:
    from opensvc_core.cli import completion  # noqa: PLC0415 - imports Typer

    node = _node(environ)
    table = commands(node.registry.commands())
    if variable:
        completion.answer(program, variable, table, completion.names_in(paths, node))
    else:
        completion.script(program, argv, table)
    return 0


def _show(page: Page, table: Table, stdout: TextIO, stderr: TextIO) -> int:
    if page.kind == "version":
        print(f"opensvc {__version__}", file=stdout)
        return 0
    if page.kind == "usage":
        print(_USAGE.get(page.program) or _LINK_USAGE.format(page.program), file=stderr)
        return UsageError.exit_code
    from opensvc_core.cli import help as pages  # noqa: PLC0415 - imports Typer

    pages.show(page, table)
    return 0


def _ended(program: str, text: str, code: int, stdout: TextIO, stderr: TextIO) -> int:
    """Say in one line why a command ended; output that can't be written any more is dropped."""
    try:
        stdout.flush()
    except (OSError, ValueError):
        # Python would try again at its exit, and complain
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
    if text:
        with suppress(OSError, ValueError):
            print(f"{program}: {' '.join(text.splitlines())}", file=stderr, flush=True)
    return code


def _internal_error(exc: Exception, environ: Mapping[str, str]) -> str:
    """Keep the traceback of a defect for its report, and tell where it is."""
    import traceback  # noqa: PLC0415 - only a defect needs it

    from opensvc_core.system import logfile  # noqa: PLC0415

    lines = "".join(traceback.format_exception(exc))
    summary = f"internal error: {type(exc).__name__}: {exc}"
    if environ.get("OSVC_DEBUG") == "1":
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(lines)
        return summary
    file = Paths.from_environment(environ).log / "errors.log"
    try:
        logfile.append(file, time.strftime("%Y-%m-%dT%H:%M:%SZ ", time.gmtime()) + lines)
    except OSError:
        return f"{summary}; OSVC_DEBUG=1 shows the traceback"
    return f"{summary}; the traceback is in {file}"
