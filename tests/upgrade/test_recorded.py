"""What earlier versions have kept on disk is read by this one: each has its record beside this file."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

RECORDS = sorted(path.parent for path in Path(__file__).parent.glob("*/var"))


@pytest.fixture(params=RECORDS, ids=lambda record: record.name)
def upgraded(request, root):
    """A node that has what a version has left."""
    shutil.copytree(request.param, root.folder, symlinks=True, dirs_exist_ok=True)
    if os.geteuid() == 0:
        for path in (root.folder, *root.folder.rglob("*")):
            os.chown(path, 0, 0, follow_symlinks=False)
    return root


def status(node, service):
    return json.loads(node(f"om {service} print status --format json").stdout)


def test_there_is_a_record():
    assert RECORDS


def test_what_is_frozen_and_provisioned_is_known(upgraded):
    assert "frozen" in upgraded("om node print status").stdout
    found = status(upgraded, "db")
    assert found["frozen"] is True
    assert {rid: one["provisioned"]["state"] for rid, one in found["resources"].items() if rid != "sync#i0"} == {
        "fs#1": True,
        "fs#2": False,
    }
    assert status(upgraded, "web")["frozen"] is False


def test_when_something_was_done_is_known(upgraded):
    last = {one["action"]: one["last_run"] for one in json.loads(upgraded("om job print schedule --format json").stdout)}
    assert last["run"] == pytest.approx(last["push_resinfo"], abs=120)
    assert "run done in" in upgraded("om job logs").stdout


def test_where_files_have_come_from_is_known(upgraded):
    from opensvc_core import Node

    node = Node(upgraded.folder, nodename="n1")
    service = node.service("db")
    assert dict(node.store.descent(service.file).generations) == {"n1": 2}


def test_a_daemon_goes_on_where_the_other_one_ended(upgraded):
    # a record of decisions is for its own version; one of another is counted, and harms nothing
    assert re.search(r"^\d+ decisions, ", upgraded("om daemon replay", code=None).stdout, re.MULTILINE)
    upgraded("om daemon start")
    try:
        upgraded.wait_for(lambda: ", idle" in upgraded("om daemon status").stdout)
        seen = json.loads(upgraded("om mon --format json").stdout)
        assert set(seen["services"]) == {"web", "db", "job"}
        assert seen["nodes"]["n1"]["frozen"] is True
        upgraded("om node thaw")
        # it was up, and its node was restarted: it is started again
        upgraded.wait_for(lambda: upgraded.is_up("web", "fs#1"))
    finally:
        upgraded("om daemon stop")
