"""Resources that one look at the host tells the status of."""

from typing import ClassVar

import pytest

from opensvc_core.api import Resource, SeenTogether, Status
from opensvc_core.config.vocabulary import ResourceKeywords
from opensvc_core.instance.evaluate import Evaluation
from opensvc_core.instance.part import Part
from opensvc_core.instance.state import State
from opensvc_core.model.names import Rid
from opensvc_core.plan.item import Item
from opensvc_core.testing.fakes import context_for


class Herd(Resource, SeenTogether):
    id = "container.herd"
    looks: ClassVar[list[list[str]]] = []

    def status(self):
        return Status.WARN

    @classmethod
    def statuses(cls, resources):
        cls.looks.append([one.rid for one in resources])
        return {one.rid: Status.UP for one in resources if one.rid != "container#9"}


class Failing(Herd):
    id = "container.failing"

    @classmethod
    def statuses(cls, resources):
        raise OSError("nobody answers")


@pytest.fixture(autouse=True)
def _forget():
    Herd.looks.clear()


def part(folder, rid, cls=Herd, **policy):
    item = Item(Rid(rid), "container", cls.id, "", frozenset(), frozenset(), "", 0)
    return Part(Rid(rid), item, ResourceKeywords(policy), cls(context_for(rid, folder), {}))


def seen(folder, *parts):
    evaluation = Evaluation(parts, State(folder / "state"))
    return [str(evaluation.observe(one).status) for one in parts]


def test_one_look_is_enough_for_all(tmp_path):
    assert seen(tmp_path, *(part(tmp_path, f"container#{n}") for n in (1, 2, 3))) == ["up", "up", "up"]
    assert Herd.looks == [["container#1", "container#2", "container#3"]]


def test_what_is_left_alone_is_not_looked_at(tmp_path):
    parts = [part(tmp_path, "container#1", disable=True), part(tmp_path, "container#2"), part(tmp_path, "container#3", tags={"nostatus"})]
    assert seen(tmp_path, *parts) == ["n/a", "up", "n/a"]
    assert Herd.looks == [["container#2"]]


def test_what_the_look_does_not_tell_is_looked_at_alone(tmp_path):
    assert seen(tmp_path, part(tmp_path, "container#1"), part(tmp_path, "container#9")) == ["up", "warn"]


def test_a_look_that_fails_leaves_each_to_its_own(tmp_path):
    assert seen(tmp_path, part(tmp_path, "container#1", Failing)) == ["warn"]
