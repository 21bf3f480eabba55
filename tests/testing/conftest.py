"""Benches for drivers that only tests have."""

import pytest

from opensvc_core.testing.bench import Bench
from opensvc_core.testing.conformance import Case
from opensvc_core.testing.nodes import end_all, entry_point, make_node


def text_of(cls, folder, more=""):
    """A service with a driver of these tests, which is given a folder."""
    group, _, kind = cls.id.partition(".")
    return f"[{group}#1]\ntype = {kind}\nfolder = {folder}\n{more}"


@pytest.fixture
def node_with(tmp_path, monkeypatch):
    """Makes a node that has one of these drivers; what one leaves where it is run goes with the test."""
    nodes = []
    monkeypatch.chdir(tmp_path)

    def make(cls):
        nodes.append(make_node(tmp_path / "root", more=[entry_point(cls)]))
        return nodes[-1]

    yield make
    for node in nodes:
        end_all(node)


@pytest.fixture
def made(node_with, tmp_path):
    """Makes a bench for one of these drivers; `lines` are more of its section, and `hangs` what that is for the start that hangs."""

    def make(cls, *, lines="", hangs=None, **more):
        folder = tmp_path / "host"
        folder.mkdir()
        node = node_with(cls)
        case = {"rid": f"{cls.id.partition('.')[0]}#1", "remove": lambda _service: (folder / "b").unlink(), "settle": 0.05, **more}
        hanging = "" if hangs is None else text_of(cls, folder, hangs)
        return Bench(node, Case(text_of(cls, folder, lines), hanging=hanging, **case), folder)

    return make


@pytest.fixture
def tried(node_with, tmp_path):
    """Tries a promise of a suite with one of these drivers, each case of which has a folder of its own."""

    def perform(suite, test, cls):
        rid = f"{cls.id.partition('.')[0]}#1"
        suite.case = lambda folder: Case(text_of(cls, folder), rid=rid, settle=0.05)
        test(suite, suite.fresh(node_with(cls), tmp_path))

    return perform
