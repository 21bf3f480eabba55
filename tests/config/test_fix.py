"""`validate config --fix`: older names replaced, all else kept, through the commands."""

import json

OLDER = "[DEFAULT]  # the service\nservice_type = DEV   # what\nnodes = n1\n\n[fs#1]\ntype = flag  # a flag\nscsi_reserve = false\n"


def test_older_names_are_replaced_in_the_file_and_told(root):
    file = root.write("etc/web.env", OLDER)
    assert root("om web validate config", code=3).stdout.count("an older word") == 2
    done = root("om web validate config --fix")
    assert done.stdout.splitlines() == [
        f"{file}:2: fixed: DEFAULT.service_type is env now",
        f"{file}:7: fixed: fs#1.scsi_reserve is scsireserv now",
    ]
    assert file.read_text() == OLDER.replace("service_type", "env").replace("scsi_reserve", "scsireserv")
    assert root("om web validate config --fix").stdout == ""


def test_machines_read_what_was_fixed_and_what_is_left(root):
    file = root.write("etc/web.conf", "[DEFAULT]\ncluster_type = flex\nnodess = n1\n")
    told = json.loads(root("om web validate config --fix --format json", code=3).stdout)
    assert told["fixed"] == [{"path": str(file), "line": 2, "section": "DEFAULT", "key": "cluster_type", "name": "topology"}]
    assert [(one["code"], one["severity"], one["line"], one["hint"]) for one in told["findings"]] == [
        ("unknown-keyword", "warning", 3, "did you mean 'nodes'?")
    ]


def test_a_file_that_can_not_be_read_is_left_alone(root):
    file = root.write("etc/web.conf", "[DEFAULT]\nservice_type = DEV\nnonsense\n")
    assert "web.conf:3" in root("om web validate config --fix", code=7).stdout
    assert "service_type" in file.read_text()


def test_without_fix_nothing_is_written(root):
    file = root.write("etc/web.env", OLDER)
    before = file.stat()
    root("om web validate config", code=3)
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_action_refuses_a_text_with_a_reference_to_nothing(root):
    root.write("etc/web.conf", "[env]\n[fs#1]\ntype = flag\n[fs#2]\ntype = directory\npath = {root}/data/{env.nosuch}\n")
    done = root("om web start --local", code=5)
    assert "fs#2.path: the reference {env.nosuch} can't be replaced: it names nothing" in done.stderr
    assert not (root / "data").exists()
    assert not root.is_up("web", "fs#1")
    assert "undef" in root("om web print status").stdout
