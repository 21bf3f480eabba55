"""How the conformance suite tries sync.rsync and sync.config: an environment variable names the nodes that can be copied to."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from opensvc_core.api import Node
from opensvc_core.testing.conformance import Bench
from opensvc_core.testing.nodes import end_all, make_node
from opensvc_core.testing.syncing import SyncCase, SyncConformance
from opensvc_driver_sync_rsync.driver import Rsync

NODES: Final = "OPENSVC_TEST_NODES"
_CONFIG: Final = """\
[DEFAULT]
nodes = n1 {nodes}

[fs#flag]
type = flag

[sync#data]
src = {source}
dst = {destination}
target = nodes

[sync#i0]
disable = true
"""
_LIST: Final = "cd {} && find . -mindepth 1 -printf '%P %y %m %U ' -exec sh -c 'cat \"$1\" 2>/dev/null; echo' sh {{}} ';' | sort"


_OWN: Final = """\
[DEFAULT]
nodes = n1 {nodes}

[fs#flag]
type = flag
"""


class _CopyPromises(SyncConformance):
    """What both drivers need."""

    top: Path

    def lacks(self) -> str:
        """The programs, and two nodes with this agent that are logged in to without a question."""
        if len(_targets()) < 2:
            return (
                f'two nodes to copy to are needed, with this agent, and logged in to as root by ssh with a key: {NODES}="n2 n3" names them'
            )
        silent = [node for node in _targets() if subprocess.run(["ssh", "-o", "BatchMode=yes", node, "true"], check=False).returncode]
        return Rsync.host_problem() or (f"no way to {' and '.join(silent)}: 'ssh NODE true' has to succeed" if silent else "")

    @pytest.fixture
    def node_below(self, _host: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
        """Below a folder that no other node has; it is removed there as well."""
        self.top = Path(tempfile.mkdtemp(prefix="opensvc-promises-"))
        node = make_node(self.top / "root")
        monkeypatch.setenv("OSVC_ROOT_PATH", str(self.top / "root"))
        monkeypatch.setenv("OSVC_NODENAME", node.name)
        try:
            yield node
        finally:
            end_all(node)
            for target in _targets():
                _there(target, f"rm -rf {self.top}")
            shutil.rmtree(self.top)


class Promises(_CopyPromises):
    """A folder, copied to other nodes."""

    driver = "sync.rsync"

    def fresh(self, node: Node, tmp_path: Path, name: str = "conformance") -> Bench:
        """The nodes know the service: its own files are not what is looked at here."""
        bench = super().fresh(node, tmp_path, name)
        file = shlex.quote(str(bench.service.file))
        for target in _targets():
            _there(target, f'mkdir -p "$(dirname {file})" && cat >{file}', bench.service.file.read_text())
        return bench

    def case(self, folder: Path) -> SyncCase:
        """Its name has blanks, and letters of any alphabet, here and there."""
        data, copy = folder / "data of żółć", self.top / "copy of żółć"
        data.mkdir()

        def change() -> None:
            """Another file, a longer one, and one less."""
            number = len((data / "a").read_text()) if (data / "a").exists() else 0
            (data / "a").write_text("x" * (number + 1))
            (data / f"b{number}").write_text("y")
            (data / f"b{number - 2}").unlink(missing_ok=True)

        return SyncCase(
            _CONFIG.format(nodes=" ".join(_targets()), source=shlex.quote(f"{data}/"), destination=copy),
            rid="sync#data",
            targets=_targets(),
            change=change,
            here=lambda: _run("sh", "-c", _listed(data)),
            there=lambda node: _there(node, f"mkdir -p {shlex.quote(str(copy))}; {_listed(copy)}"),
            broken=lambda node: _broken(node, copy),
        )


class ConfigurationPromises(_CopyPromises):
    """The configuration of a service and its launchers, copied to other nodes."""

    driver = "sync.config"
    incoming: Path

    def fresh(self, node: Node, tmp_path: Path, name: str = "conformance") -> Bench:
        """The nodes don't know the service."""
        bench = super().fresh(node, tmp_path, name)
        self.incoming = bench.resource.context.var_dir / "incoming"
        return bench

    def case(self, _folder: Path) -> SyncCase:
        """What is copied stands where configurations do."""
        etc = self.top / "root" / "etc"
        launchers = etc / "conformance.d"

        def change() -> None:
            """Another launcher, and one less; a newer configuration."""
            launchers.mkdir(exist_ok=True)
            number = sum(1 for _ in launchers.iterdir())
            (launchers / f"S{number}one").write_text("#!/bin/sh\n")
            (launchers / f"S{number - 2}one").unlink(missing_ok=True)
            with (etc / "conformance.conf").open("a") as file:
                file.write(f"# {number}\n")

        return SyncCase(
            _OWN.format(nodes=" ".join(_targets())),
            rid="sync#i0",
            targets=_targets(),
            change=change,
            here=lambda: _run("sh", "-c", _listed(etc)),
            there=lambda node: _there(node, f"mkdir -p {etc}; {_listed(etc)}"),
            broken=lambda node: _broken(node, self.incoming),
        )


@contextmanager
def _broken(node: str, copy: Path) -> Iterator[None]:
    """A file has the name of the folder."""
    place = shlex.quote(str(copy))
    _there(node, f'rm -rf {place} && mkdir -p "$(dirname {place})" && touch {place}')
    try:
        yield
    finally:
        _there(node, f"rm {place}")


def _targets() -> tuple[str, ...]:
    return tuple(os.environ.get(NODES, "").split())


def _listed(folder: Path) -> str:
    return _LIST.format(shlex.quote(str(folder)))


def _there(node: str, line: str, text: str = "") -> str:
    return _run("ssh", node, line, text=text)


def _run(*argv: str, text: str = "") -> str:
    return subprocess.run(argv, input=text, check=True, capture_output=True, text=True, timeout=120).stdout
