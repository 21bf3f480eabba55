import os
import subprocess
import sys

import pytest

from opensvc_core.errors import ActionFailed
from opensvc_core.model.operations import Setting
from opensvc_core.system.launch import Identity, identity_of, launch_argv, why_not_started

ENTER = 'while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs" || exit 126; shift; done; shift; exec "$@"'


def test_a_plain_command_stays_as_it_is():
    assert launch_argv(Setting(cwd="/", umask=0o77, environment={"A": "1"}), ["ls", "-l"]) == ["ls", "-l"]


def test_the_group_is_entered_first_and_the_user_changed_last():
    setting = Setting(user="app", limits={"nofile": 64, "as": -1}, cgroup="a/b")

    argv = launch_argv(setting, ["run", "--", "it's"], cgroup_dirs=["/c/a b"], identity=Identity(7, 8))

    assert argv == [
        *("/bin/sh", "-c", ENTER, "sh", "/c/a b", "--"),
        *("/usr/bin/prlimit", "--nofile=64", "--as=unlimited", "--"),
        *("/usr/bin/setpriv", "--reuid=7", "--regid=8", "--init-groups", "--"),
        *("run", "--", "it's"),
    ]


def test_a_user_that_is_only_a_number_has_no_more_groups():
    argv = launch_argv(Setting(user="7"), ["id"], identity=Identity(7, 7, is_known=False))

    assert "--clear-groups" in argv
    assert "--init-groups" not in argv


def test_an_unknown_limit_is_named():
    with pytest.raises(ActionFailed, match="limit nofiles: there is none of this name; limits are as, core,"):
        launch_argv(Setting(limits={"nofiles": 1}), ["true"])


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        (Setting(user="nobody-here"), "user nobody-here: there is none on this node"),
        (Setting(group="nobody-here"), "group nobody-here: there is none on this node"),
    ],
)
def test_unknown_names_are_a_failure(setting, text):
    with pytest.raises(ActionFailed, match=text):
        identity_of(setting)


@pytest.mark.skipif(os.geteuid() != 0, reason="looks from the view of root")
@pytest.mark.parametrize(
    ("setting", "identity"),
    [
        (Setting(), None),
        (Setting(user="root"), None),
        (Setting(user="0", group="0"), None),
        (Setting(user="nobody", group="root"), Identity(65534, 0)),
        (Setting(group="12"), Identity(0, 12)),
        (Setting(user="4000123"), Identity(4000123, 4000123, is_known=False)),
    ],
)
def test_only_another_user_or_group_is_an_identity(setting, identity):
    assert identity_of(setting) == identity


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its rights")
def test_without_root_another_user_is_refused():
    code = """
import os, pwd, grp
from opensvc_core.errors import ActionRefused
from opensvc_core.model.operations import Setting
from opensvc_core.system.launch import identity_of
os.setgid(65534); os.setuid(65534)
assert identity_of(Setting(user="nobody")) is None
try: identity_of(Setting(user="root"))
except ActionRefused as exc: print(exc)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "only root runs commands as root; this is uid 65534\n"


def test_a_program_is_looked_for_where_its_environment_says(tmp_path):
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\n")

    assert why_not_started("tool", {"PATH": str(tmp_path)}, "") == (126, "tool: not executable")
    program.chmod(0o755)
    assert why_not_started("tool", {"PATH": str(tmp_path)}, "") is None
    assert why_not_started("./tool", {}, str(tmp_path)) is None
    assert why_not_started("tool", {"PATH": "/bin"}, "") == (127, "tool: not found")
    assert why_not_started("/tmp", {}, "") == (126, "/tmp: is a directory")
