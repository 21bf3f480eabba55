"""print status, status and their kin: both layouts, for people and for machines."""

import json

import pytest

SERVICE = """\
[fs#1]
type = flag

[fs#2]
type = directory
path = {root}/data

[app#web]
type = forking
start = {root}/web start
stop = {root}/web stop
check = {root}/web status
tags = front
subset = s1
"""
LAUNCHER = """\
#!/bin/sh
case $1 in
start) touch {root}/web.up ;;
stop) rm -f {root}/web.up ;;
status) test -e {root}/web.up ;;
esac
"""


@pytest.fixture
def web(root):
    root.write("web", LAUNCHER, mode=0o755)
    return root.write("etc/web.conf", SERVICE)


def test_the_tree_and_the_classic_layout_tell_the_same(root, web):
    assert root("om web print status").stdout == (
        "web                              down\n"
        "`- instances\n"
        "   `- n1                         down       mix provisioned, no monitor\n"
        "      |- fs#1           ........ down       fs.flag\n"
        f"      |- fs#2           .....P.. down       directory {root.folder}/data\n"
        "      `- app:s1\n"
        "         `- app#web     ...../.. down       forking: web\n"
    )
    root("om web start --local")
    assert root("svcmgr -s web print status").stdout == (
        "web\n"
        "overall                   up\n"
        "|- avail                  up\n"
        "|  |- fs#1           .... up       fs.flag\n"
        f"|  |- fs#2           .... n/a      {root.folder}/data\n"
        "|  '- app#web        .... up       forking: web\n"
        "|- sync                   n/a\n"
        "'- hb                     n/a\n"
    )
    for words in ("print status", "print_status", "print status -r", "print status --refresh"):
        assert root(f"om web {words}").stdout.startswith("web                              up\n")


def test_a_frozen_instance_that_is_down_is_a_warning_and_the_head_line_is_not(root, web):
    root("om web freeze")
    lines = root("om web print status").stdout.splitlines()
    assert lines[0].split() == ["web", "down"]
    assert lines[2].split() == ["`-", "n1", "warn", "warn,", "frozen,", "mix", "provisioned,", "no", "monitor"]
    root("om web start --local")
    assert root("om web print status").stdout.splitlines()[2].split() == ["`-", "n1", "up", "frozen,", "no", "monitor"]
    root("om web thaw")
    assert root("om web print status").stdout.splitlines()[2].split() == ["`-", "n1", "up", "no", "monitor"]
    root("om node freeze")
    assert root("om web print status").stdout.splitlines()[2].split() == ["`-", "n1", "up", "node", "frozen,", "no", "monitor"]
    root("nodemgr thaw")
    assert root("om web print status").stdout.splitlines()[2].split() == ["`-", "n1", "up", "no", "monitor"]


def test_machines_get_the_same_data(root, web):
    data = json.loads(root("om web print status --format json").stdout)
    assert data == json.loads(root("svcmgr -s web json status").stdout)
    assert (data["avail"], data["frozen"], data["provisioned"]) == ("down", False, "mixed")
    assert data["resources"]["app#web"]["tags"] == ["front"]
    root.write("etc/db.conf", "[fs#1]\ntype = flag\n")
    assert sorted(json.loads(root("om '*' print status --format json").stdout)) == ["db", "web"]


def test_colours_come_when_asked_for(root, web):
    assert "\x1b[" not in root("om web print status").stdout
    assert "\x1b[" in root("om web print status --color yes").stdout
    assert "\x1b[" not in root("om web print status --color no").stdout


def test_the_exit_code_of_status_is_the_status(root):
    root.write("etc/down.conf", "[fs#1]\ntype = flag\n")
    root.write("etc/none.conf", "[DEFAULT]\napp = a\n")
    root.write("etc/lost.conf", "[fs#1]\ntype = unheard\n")
    root.write("etc/standby.conf", "[fs#1]\ntype = flag\nstandby = true\n")
    assert root("om down status", code=1) == (1, "", "")
    root("om none status", code=3)
    root("om lost status", code=2)
    root("om standby status", code=7)
    root("om '*' start --local", code=None)
    root("om down status", code=0)
    root("om standby status", code=6)
    root("om 'down,standby' status", code=6)
    assert "did you mean 'down'" in root("om dwn status", code=4).stderr


def test_disabled_resources_take_no_part_and_come_back(root, web):
    before = web.read_text()
    root("om web disable --rid fs#1")
    assert "fs#1           ..D..... n/a" in root("om web print status").stdout
    root("om web start --local")
    assert not root.is_up("web", "fs#1")
    root("om web enable --rid fs#1")
    assert web.read_text() == before
    root("om web disable")
    assert "enable" in root("om web start --local", code=5).stderr
    root("om web enable")
    assert "disable" not in web.read_text()


def test_a_reservation_is_disabled_with_its_resource_or_alone(root):
    file = root.write("etc/kept.conf", "[fs#1]\ntype = flag\nscsireserv = true\n")
    before = file.read_text()
    root("om kept disable --rid fs#1")
    assert file.read_text() == before + "disable = true\n"
    assert "fs#1pr         ..D..... n/a" in root("om kept print status").stdout
    root("om kept enable --rid fs#1")
    root("om kept disable --rid fs#1pr")
    shown = root("om kept print status").stdout
    assert "fs#1           ........ down" in shown
    assert "fs#1pr         ..D..... n/a" in shown
    root("om kept validate config")
    root("om kept enable --rid fs#1")
    assert "fs#1pr         ..D" not in root("om kept print status").stdout


def test_what_is_provisioned_is_noted(root, web):
    assert "fs#2           .....P.." in root("om web print status").stdout
    root("om web provision --local")
    assert "P" not in root("om web print status").stdout.split("directory")[0]
    root("om web unprovision --local")
    assert "fs#2           .....P.." in root("om web print status").stdout
    root("om web set provisioned --rid fs#1")
    assert "no resource matches" in root("om web set unprovisioned --rid fs#9", code=2).stderr


def test_devices_and_facts_are_printed(root, web):
    root("om web print devs")
    assert json.loads(root("om web print devs --format json").stdout) == {"version": 1, "services": {"web": {}}}
    root("om web push resinfo")
    assert "web" in json.loads(root("om web print resinfo --format json").stdout)["services"]


def test_the_table_of_services_has_a_line_for_each(root, web):
    root.write("etc/db.conf", "[fs#1]\ntype = flag\n")
    root.write("etc/broken.conf", "nonsense\n")
    done = root("svcmon", code=7)
    assert [line.split()[0] for line in done.stdout.splitlines()[3:]] == ["db", "web"]
    assert "broken.conf:1" in done.stderr
    root("svcmon --service=db,web")
    assert root("svcmon --updatedb --service db").stdout == ""


def test_reading_changes_nothing(root, web):
    root("om web print status")
    before = sorted(path for path in root.folder.rglob("*"))
    for words in ("print status", "status", "get --kw fs#1.type", "ls", "print config", "start --plan", "logs", "validate config"):
        root(f"om web {words}", code=None)
    assert sorted(path for path in root.folder.rglob("*")) == before
