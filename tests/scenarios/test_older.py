"""Older files and older words go on working."""

import os

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
    if os.geteuid() == 0:
        root("svcmgr -s p26 print status", as_ordinary=True)
        assert not os.path.lexists(root / "etc/p26")
