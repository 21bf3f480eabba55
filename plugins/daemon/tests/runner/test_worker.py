"""A worker: what it keeps from one round of looks to the next, and what it looks for anew."""

import sys
from functools import partial

import pytest
from opensvc_daemon.runner.worker import Progress, Worker

from opensvc_core.api import Node

DRIVER = """
from opensvc_core.api import Status, Resource

from opensvc_core.hookspecs import hookimpl


class Late(Resource):
    \"\"\"What is installed while the daemon runs.\"\"\"

    id = "fs.latecomer"

    def label(self):
        return "late"

    def status(self):
        return Status.UP


@hookimpl
def opensvc_register_drivers():
    return [Late]
"""


@pytest.fixture
def worker(tmp_path):
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "svc1.conf").write_text("[DEFAULT]\nnodes = n1\n[fs#1]\ntype = latecomer\n[fs#2]\ntype = flag\n")
    return Worker(partial(Node, root, nodename="n1"), Progress())


def look(worker, number):
    answer = worker.answer({"do": "status", "service": "svc1", "round": number})
    return {rid: one["status"] for rid, one in answer["status"]["resources"].items()}


def test_a_driver_that_is_installed_meanwhile_is_found_in_the_next_round(worker, tmp_path, monkeypatch):
    place = tmp_path / "installed"
    place.mkdir()
    monkeypatch.syspath_prepend(place)
    assert look(worker, 1) == {"fs#1": "undef", "fs#2": "down"}
    (place / "late_driver.py").write_text(DRIVER)
    about = place / "late_driver-1.0.dist-info"
    about.mkdir()
    (about / "entry_points.txt").write_text("[opensvc.drivers]\nfs.latecomer = late_driver\n")
    try:
        assert look(worker, 2) == {"fs#1": "up", "fs#2": "down"}
    finally:
        sys.modules.pop("late_driver", None)


def test_plugins_are_loaded_once_while_nothing_is_installed(worker):
    look(worker, 1)
    loaded = worker._node.registry
    look(worker, 2)
    assert worker._node.registry is loaded
