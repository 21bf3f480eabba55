"""create, ls, delete, and the command named after a service."""

import json
import os
import stat
from pathlib import Path

import pytest


def test_a_new_service_is_frozen_and_has_an_identity(root):
    root("om web create --kw fs#1.type=flag --kw app=shop --env colour=red")
    text = (root / "etc/web.conf").read_text()
    assert text.startswith("[DEFAULT]\n")
    assert "app = shop\n" in text
    assert "[env]\ncolour = red\n" in text
    assert root("om web get --kw id").stdout.count("-") == 4
    assert stat.S_IMODE((root / "etc/web.conf").stat().st_mode) == 0o644
    assert "warn, frozen," in root("om web print status").stdout


def test_an_existing_service_is_not_overwritten(root):
    root("om web create --kw app=first")
    before = (root / "etc/web.conf").read_bytes()
    done = root("om web create --kw app=second", code=5)
    assert "--force" in done.stderr
    assert (root / "etc/web.conf").read_bytes() == before
    root("om web create --force --kw app=second")
    assert root("om web get --kw app").stdout == "second\n"


def test_a_copy_has_an_identity_of_its_own(root):
    root("om web create --kw fs#1.type=flag")
    root("om copy create --config web --kw app=copy")
    root.write("other/plain.conf", "# mine\n[DEFAULT]\napp = plain\n")
    root("om plain create --config other/plain.conf")
    ids = {root(f"om {name} get --kw id").stdout for name in ("web", "copy", "plain")}
    assert len(ids) == 3
    assert root("om copy get --kw fs#1.type").stdout == "flag\n"
    assert (root / "etc/plain.conf").read_text().startswith("# mine\n")
    assert "neither" in root("om lost create --config nowhere", code=4).stderr


def test_a_copy_of_an_older_file_speaks_the_newer_dialect(root):
    root.write("etc/old.env", "[DEFAULT]\napp = shop # which one\n\n[fs#1] # first\ntype = flag\n")
    root("om new create --config old")
    assert root("om new get --kw app --kw fs#1.type").stdout == "shop\nflag\n"


def test_json_from_the_input_makes_a_service(root):
    root("om web create --config -", stdin='{"DEFAULT": {"nodes": ["n1", "n2"]}, "fs#1": {"type": "flag", "optional": true}}')
    assert root("om web get --kw nodes --kw fs#1.optional").stdout == "n1 n2\ntrue\n"
    printed = root("om web print config --format json").stdout
    root("om twin create --config -", stdin=printed)
    assert root("om twin get --kw fs#1.type").stdout == "flag\n"
    assert "SECTION" in root("om bad create --config -", stdin="[1]", code=2).stderr
    assert not (root / "etc/bad.conf").exists()


def test_questions_are_answered_through_a_pipe(root):
    root("om web create -i", stdin="shop\nn1 n2\nfs#1\ndirectory\n/srv/web\n\n")
    assert root("om web get --kw app --kw nodes --kw fs#1.path").stdout == "shop\nn1 n2\n/srv/web\n"
    done = root("svcmgr create -i", stdin="db\nshop\n", code=2)
    assert "nothing is made" in done.stderr
    assert not (root / "etc/db.conf").exists()


def test_a_text_with_errors_makes_nothing(root):
    done = root("om web create --kw fs#1.type=flagg", code=7)
    assert "fs.flagg" in done.stderr
    assert not (root / "etc/web.conf").exists()
    assert root("om ls").stdout == ""


@pytest.mark.parametrize("name", ["../x", "a/../b", "svc", "node", "1", "a_b", "x/y/z/w", "prod/svc/.."])
def test_names_that_leave_the_folder_are_refused(root, name):
    before = sorted(root.folder.rglob("*"))
    root(f"om {name} create --kw app=x", code=2)
    assert sorted(root.folder.rglob("*")) == before


def test_services_are_listed_by_selectors(root):
    for name, text in {
        "web1": "[DEFAULT]\napp = a1\n[fs#1]\ntype = flag\n",
        "web2": "[DEFAULT]\napp = a2\n",
        "db1": "[DEFAULT]\napp = a1\n",
        "namespaces/prod/svc/web1": "[DEFAULT]\napp = b\n",
        "broken": "no section\n",
    }.items():
        root.write(f"etc/{name}.conf", text)
    root.write("etc/web1.conf.before", "not a service")
    listed = {
        "ls": "broken db1 web1 web2 prod/svc/web1",
        "'web*' ls": "web1 web2",
        "'web*,db1' ls": "web1 web2 db1",
        "'web*+*1' ls": "web1",
        "'fs:' ls": "web1",
        "'app=a1' ls": "db1 web1",
        "'prod/svc/*' ls": "prod/svc/web1",
        "'*/svc/web1' ls": "web1 prod/svc/web1",
        "'nothing*' ls": "",
    }
    assert {words: " ".join(root(f"om {words}").stdout.split()) for words in listed} == listed
    assert json.loads(root("om 'db*' ls --format json").stdout)["services"] == ["db1"]
    assert "did you mean 'web1'" in root("om webb1 ls", code=4).stderr


def test_delete_waits_until_nothing_is_up(root):
    root("om web create --kw fs#1.type=flag --kw fs#2.type=flag")
    root("om web start --local")
    assert "stop it first" in root("om web delete", code=5).stderr
    assert "fs#1" in root("om web delete --rid fs#1", code=5).stderr
    root("om web stop --local")
    root("om web delete --rid fs#1")
    assert "[fs#1]" not in (root / "etc/web.conf").read_text()
    assert "fs#1" in root("om web delete --rid fs#1", code=4).stderr
    root("om web delete")
    assert root("om ls").stdout == ""
    assert not (root / "var/svc/web").exists()
    assert not (root / "log/web.log").exists()
    assert not os.path.lexists(root / "bin/web")
    assert "no service 'web'" in root("om web delete", code=4).stderr


def test_force_deletes_and_leaves_what_is_up(root):
    root("om web create --kw fs#1.type=flag")
    root("om web start --local")
    root("om web delete --force")
    assert root.is_up("web", "fs#1")


def test_a_service_is_a_command_by_its_link(root):
    root("om web create --kw fs#1.type=flag")
    assert (root / "etc/web").readlink() == Path("../bin/svcmgr")
    by_selector = root("svcmgr -s web print status").stdout
    assert root("etc/web print status").stdout == by_selector
    assert root("bin/web print status").stdout == by_selector
    root("bin/web start")
    assert root.is_up("web", "fs#1")


def test_a_file_with_the_name_of_the_link_stays(root):
    mine = root.write("etc/web", "mine")
    root("om web create")
    root("om web delete")
    assert mine.read_text() == "mine"
