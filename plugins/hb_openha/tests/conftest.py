"""A tree to try commands in, and processes below it."""

import os

import pytest
from opensvc_openha.install import install
from opensvc_openha.main import run


@pytest.fixture
def ez(tmp_path):
    """A tree with two nodes, of which this host is the first."""
    install(tmp_path, tmp_path / "no-program")
    (tmp_path / "conf/nodes").write_text(f"{os.uname().nodename}\npeer\n")
    script = tmp_path / "svc.cluster"
    script.write_text(f"#!/bin/sh\necho $1 >>{tmp_path}/calls\ntest ! -e {tmp_path}/fails\n")
    script.chmod(0o755)
    return tmp_path


@pytest.fixture
def command(ez):
    """Run a command line of the tree; its exit code."""
    return lambda line: run(line.split(), {"EZ": str(ez)})
