"""The tree, and what is started from it knowing which one."""

import os

import pytest
from opensvc_openha.install import is_ours, own_program
from opensvc_openha.main import run
from opensvc_openha.states import State
from opensvc_openha.store import Store
from opensvc_openha.tree import DEFAULT, Tree

from opensvc_core.errors import OpensvcError

NODE = os.uname().nodename


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="the-usual-one"),
        pytest.param({"EZ": "/srv/cluster"}, id="elsewhere"),
        pytest.param({"EZ": "/srv/cluster", "EZ_BIN": "/opt/bin", "EZ_LOG": "/var/log/ez", "EZ_MONITOR": "/etc/ez/monitor"}, id="all-over"),
        pytest.param({"EZ": "/srv/cluster", "EZ_VAR": "/var/lib/openha"}, id="with-a-place-for-states"),
    ],
)
def test_a_tree_is_found_again_by_the_variables_that_name_it(environment):
    tree = Tree.of(environment)
    assert Tree.of(tree.environment()) == tree


def test_the_usual_tree_is_named_as_env_sh_names_it():
    assert Tree.below(DEFAULT).environment() == {
        "EZ": f"{DEFAULT}",
        "EZ_BIN": f"{DEFAULT}/bin",
        "EZ_NODES": f"{DEFAULT}/conf/nodes",
        "EZ_MONITOR": f"{DEFAULT}/conf/monitor",
        "EZ_SERVICES": f"{DEFAULT}/conf/services",
        "EZ_LOG": f"{DEFAULT}/log",
    }


def test_later_layouts_are_found_by_the_resource_as_well(tmp_path):
    tree = Tree.by_hierarchy(tmp_path)
    found = Tree.of(tree.environment())
    assert (found.services, found.monitor, found.states, found.proc) == (tree.services, tree.monitor, tree.states, tree.proc)


def test_a_script_that_is_called_from_a_tree_knows_which(ez, monkeypatch):
    """The tree is found by the path that the command was called by, as through a link of rc3.d: nobody has set EZ."""
    for name in [name for name in os.environ if name.startswith("EZ")]:
        monkeypatch.delenv(name)
    script = ez / "svc.cluster"
    script.write_text(f'#!/bin/sh\necho "$1 $EZ $EZ_SERVICES" >>{ez}/calls\n')
    (ez / "conf/services").write_text(f"svc {script} {NODE} peer /bin/true\n")
    Store(Tree.below(ez)).record("svc", NODE, State.STARTED)
    assert run([str(ez / "ezha"), "stop"], {}) == 0
    assert (ez / "calls").read_text() == f"stop {ez} {ez}/conf/services\n"


def test_our_own_command_is_asked_about_the_service_of_this_tree(ez, monkeypatch):
    monkeypatch.delenv("EZ", raising=False)
    svcmgr = ez / "svcmgr"
    svcmgr.write_text(f"#!/bin/sh\necho $1 $EZ >>{ez}/calls\nexit 1\n")
    svcmgr.chmod(0o755)
    (ez / "conf/services").write_text(f"svc {svcmgr} {NODE} peer /bin/true\n")
    (ez / "conf/monitor").write_text(f"{NODE} net lo 239.1.1.1 5000 10\npeer net lo 239.1.1.2 5001 10\n")
    Store(Tree.below(ez)).record("svc", NODE, State.STOPPED)
    with pytest.raises(OpensvcError, match="nmond was not started"):  # the programs of this tree are not there
        run([str(ez / "ezha"), "start"], {})
    assert (ez / "calls").read_text() == f"status {ez}\n"


@pytest.mark.parametrize(("name", "expected"), [("svcmgr", True), ("om", True), ("openha", False)])
def test_a_script_of_this_agent_is_told_from_that_of_an_older_one(tmp_path, name, expected):
    (tmp_path / "web.cluster").symlink_to(own_program().with_name(name))
    assert is_ours(str(tmp_path / "web.cluster")) is expected
    (tmp_path / name).write_text("")
    assert not is_ours(str(tmp_path / name))
