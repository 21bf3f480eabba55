"""Older files and older words go on working."""

import os
import pty
import re
import subprocess

import pytest

OLDER = """\
[DEFAULT]
app = shop            # who pays
service_type = DEV    # not PRD
nodes = n1 n2
autostart_node = n1

[zpool#0]                # the disks
poolname = vgshop

[fs#1]                # the flag
type = flag
"""


def test_an_older_file_is_read_with_its_comments(root):
    root.write("etc/shop.env", OLDER)
    assert root("om shop get --kw app --kw nodes --kw zpool#0.poolname").stdout == "shop\nn1 n2\nvgshop\n"
    assert root("om shop print config").stdout == OLDER
    root("om shop set --kw app=market")
    assert (root / "etc/shop.env").read_text().replace("market", "shop") == OLDER


def test_an_unknown_driver_is_told_and_hides_nothing(root):
    root.write("etc/shop.env", OLDER)
    tree = root("om shop print status").stdout
    assert "zpool#0" in tree
    assert "undef" in tree
    assert "error: no installed plugin provides zpool" in tree
    assert "fs#1           ........ down       fs.flag" in tree
    assert "# no installed plugin provides zpool" in root("svcmgr -s shop print status").stdout
    done = root("om shop start --local", code=5)
    assert "zpool#0: no installed plugin provides zpool" in done.stderr
    assert not root.is_up("shop", "fs#1")
    root("om shop start --local --rid fs#1")
    assert root.is_up("shop", "fs#1")
    root("om shop stop --local --rid fs#1")


def test_older_spellings_are_understood(root):
    root("svcmgr -s web create --kw fs#1.type=flag")
    same = root("svcmgr -s web print status").stdout
    assert root("svcmgr -s web print_status").stdout == same
    assert root("svcmgr --service web print status").stdout == same
    assert root("om svc -s web print status").stdout.startswith("web ")
    assert root("om web json_status").stdout == root("om web print status --format json").stdout
    root("om web unfreeze")
    assert "frozen" not in root("om web print status").stdout
    root("om web push")
    root("svcmgr -s web set --param fs#1.tags --value 'a b'")
    root("svcmgr -s web set --param fs#1.tags --remove a")
    assert root("svcmgr -s web get --param fs#1.tags").stdout == "b\n"
    root("svcmgr -s web unset --param fs#1.tags")
    assert root("svcmgr -s web get --param fs#1.tags", code=1).stdout == ""
    assert root("svcmgr -s web start --dry-run --rid fs#1").stdout.startswith("fs#1: touch ")


def test_the_older_word_for_the_user_who_logs_in_is_understood_and_told(root):
    root.write("etc/node.conf", "[node]\nuser = osvc\n")
    assert root("om node get --kw node.ruser --eval").stdout == "osvc\n"
    assert "node.user = osvc: an older word; today 'ruser'" in root("om node validate config", code=3).stdout
    root("om node validate config --fix")
    assert (root / "etc/node.conf").read_text() == "[node]\nruser = osvc\n"


def test_a_file_written_by_hand_gets_its_command(root):
    root.write("etc/p26.example.com.env", "[fs#0]\ntype = flag\n")
    for first in ("svcmgr -s p26.example.com print status", "svcmon"):
        root(first)
        assert root("bin/p26.example.com print status").stdout.splitlines()[0] == "p26.example.com"
        for folder in ("etc", "bin"):
            (root / folder / "p26.example.com").unlink()


def test_what_has_the_name_of_a_command_already_is_left_alone(root):
    root.write("etc/p26.env", "[fs#0]\ntype = flag\n")
    (root / "etc/p26").write_text("mine")
    root("svcmgr -s p26 print status")
    assert (root / "etc/p26").read_text() == "mine"


def test_who_may_not_write_makes_no_command(root):
    root.write("etc/p26.env", "[fs#0]\ntype = flag\n")
    root.write("etc/p27.env", MANAGED)
    if os.geteuid() == 0:
        assert FIX not in root("svcmgr -s 'p2*' print status", as_ordinary=True).stdout
        assert not os.path.lexists(root / "etc/p26")
        assert not os.path.lexists(root / "etc/p27.cluster")


MANAGED = "[DEFAULT]\nnodes = n1 n2\n[fs#0]\ntype = flag\n[hb#0]\ntype = OpenHA\n"
FIX = "not regular file nor symlink. fix."
REFUSAL = (
    "this service is managed by a clusterware, thus direct service manipulation is disabled. "
    "the --cluster option circumvent this safety net."
)


def lines(text):
    """Log lines without their time of day."""
    return [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in text.splitlines()]


def repaired(root):
    return [f"INFO    P26.EXAMPLE.COM.HB#0    {root / 'etc/p26.example.com'}.{role}: {FIX}" for role in ("cluster", "stonith")]


def test_a_status_makes_the_links_of_a_cluster_manager_once(root):
    root.write("etc/p26.example.com.env", MANAGED)
    assert lines(root("svcmgr -s p26.example.com print status").stdout)[:3] == [*repaired(root), "p26.example.com"]
    for role in ("cluster", "stonith"):
        assert (root / f"etc/p26.example.com.{role}").readlink().as_posix() == "../bin/svcmgr"
    assert root("svcmgr -s p26.example.com print status").stdout.splitlines()[0] == "p26.example.com"
    assert FIX not in root("svcmon").stdout


def test_on_a_terminal_they_are_told_below_the_name(root):
    root.write("etc/p26.example.com.env", MANAGED)
    reader, terminal = pty.openpty()
    with os.fdopen(reader, encoding="utf-8") as shown:
        command = subprocess.Popen(["svcmgr", "-s", "p26.example.com", "print", "status"], stdout=terminal, env=root.environment())
        os.close(terminal)
        seen = [shown.readline().rstrip("\r\n") for _ in range(4)]
        assert command.wait(timeout=60) == 0
    assert lines("\n".join(seen))[:3] == ["p26.example.com", *repaired(root)]
    assert seen[3].startswith("overall ")


def test_svcmon_makes_them_too_and_is_silent_when_it_only_stores(root):
    root.write("etc/p26.example.com.env", MANAGED)
    assert lines(root("svcmon").stdout)[:2] == repaired(root)
    (root / "etc/p26.example.com.stonith").unlink()
    assert root("svcmon --updatedb").stdout == ""
    assert (root / "etc/p26.example.com.stonith").is_symlink()


def test_only_the_older_layout_and_only_what_is_missing(root):
    root.write("etc/p26.example.com.env", MANAGED)
    root.write("etc/p27.env", "[fs#0]\ntype = flag\n")
    (root / "etc/p26.example.com.cluster").write_text("mine")
    (root / "etc/p26.example.com.stonith").symlink_to("/nowhere")
    for line in ("om '*' print status", "om mon", "svcmgr -s p26.example.com print status --format json", "svcmgr -s 'p2*' print status"):
        assert FIX not in root(line, code=None).stdout
    assert (root / "etc/p26.example.com.cluster").read_text() == "mine"
    assert not list((root / "etc").glob("p27.[a-df-z]*"))


def test_launchers_get_their_link_where_their_folder_is_there(root):
    root.write("etc/p26.env", "[fs#0]\ntype = flag\n")
    root.write("etc/p26.dir/S10web", "#!/bin/sh\ntrue\n", mode=0o755)
    assert lines(root("svcmgr -s p26 print status").stdout)[:2] == [f"INFO    P26                     {root / 'etc/p26.d'}: {FIX}", "p26"]
    assert (root / "etc/p26.d").readlink().as_posix() == "p26.dir"
    (root / "etc/p26.d").unlink()
    (root / "etc/p26.d").symlink_to("/srv/not-mounted/init.d")
    assert FIX not in root("svcmgr -s p26 print status").stdout
    assert (root / "etc/p26.d").readlink().as_posix() == "/srv/not-mounted/init.d"


def test_the_links_go_with_the_service(root):
    root.write("etc/p26.env", MANAGED)
    root("svcmgr -s p26 print status")
    root("svcmgr -s p26 delete --local")
    assert list((root / "etc").iterdir()) == []


def test_a_service_of_a_cluster_manager_is_started_through_its_link(root):
    root.write("etc/p26.env", MANAGED)
    root("svcmgr -s p26 print status")
    for line in ("etc/p26 start", "svcmgr -s p26 start", "svcmgr -s p26 stop", "allservices restart"):
        assert lines(root(line, code=1).stdout) == [f"INFO    P26                     {REFUSAL}"]
    assert REFUSAL in root("om p26 start --local", code=1).stdout
    assert REFUSAL in root("svcmgr -s p26 start --plan", code=1).stderr
    assert not root.is_up("p26", "fs#0")
    root("etc/p26.cluster start")
    assert root.is_up("p26", "fs#0")
    root("svcmgr -s p26 stop --rid fs#0")
    root("svcmgr -s p26 start --cluster")
    assert root.is_up("p26", "fs#0")
    root("etc/p26.cluster stop")
    assert not root.is_up("p26", "fs#0")


def test_a_cluster_manager_that_asks_is_told_of_the_service_alone(root):
    root.write("etc/p26.env", MANAGED)
    root("svcmgr -s p26 print status")
    root("svcmgr -s p26 status", code=2)  # the manager does not run
    root("etc/p26.cluster status", code=1)
    root("etc/p26.cluster start")
    root("svcmgr -s p26 status", code=2)
    root("etc/p26.cluster status", code=0)


def test_a_takeover_does_not_go_on_where_no_cluster_manager_runs(root):
    root.write("etc/p26.env", MANAGED)
    root("svcmgr -s p26 print status")
    assert "open-ha daemons are not running" in root("etc/p26.stonith start", code=5, EZ="{root}/none").stderr


@pytest.mark.parametrize("words", ["", "stop", "start --plan", "start now", "print status"])
def test_what_fences_is_called_in_one_way_only(root, words):
    root.write("etc/p26.env", MANAGED)
    root("svcmgr -s p26 print status")
    assert "'p26.stonith start'" in root(f"etc/p26.stonith {words}", code=2).stderr


def test_a_service_may_have_the_name_of_such_a_link(root):
    root.write("etc/p26.env", MANAGED)
    root.write("etc/p26.cluster.env", "[fs#9]\ntype = flag\n")
    root("svcmgr -s p26.cluster print status")
    root("etc/p26.cluster start")
    assert root.is_up("p26.cluster", "fs#9")
    root("etc/p26.cluster stop")
