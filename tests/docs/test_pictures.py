"""The pictures of the architecture are of the code."""

import pytest
from pages import start
from pages.graph import flowchart, imports, reduced
from pages.installed import NotInstalled


def test_rooms_import_what_their_files_do_but_for_types(tmp_path):
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "__init__.py").write_text("")
    (tmp_path / "top" / "one.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.low\n\ndef late():\n    from house import middle\n"
    )
    (tmp_path / "middle.py").write_text("import house.low\nimport os\n")
    (tmp_path / "low.py").write_text("")
    assert imports("house", tmp_path) == {"low": frozenset(), "middle": {"low"}, "top": {"middle"}}


def test_an_arrow_that_others_imply_is_left_out():
    graph = {"a": frozenset("bcd"), "b": frozenset("d"), "c": frozenset("d"), "d": frozenset()}
    assert reduced(graph) == {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}
    assert flowchart({"x-y": ["z"], "z": []}).splitlines()[2:-1] == ['    x_y["x-y"]', '    z["z"]', "    x_y --> z"]


def test_the_calls_of_a_start_stand_in_their_order():
    found = start.calls()
    names = [call.name.rpartition(".")[2] for call in found]
    assert names.index("acquire") < names.index("follow") < names.index("execute") < names.index("observed") < names.index("release")
    assert all(callable(call.function) for call in found)
    assert {call.name for call in found if call.is_repeated} >= {"Walk.follow", "Flag.start"}


def test_a_call_that_no_start_makes_any_more_is_told(monkeypatch):
    monkeypatch.setattr(start, "_SHOWN", (*start._SHOWN, "plan.ordering.sync_order"))
    with pytest.raises(NotInstalled, match=r"nothing calls plan\.ordering\.sync_order"):
        start.calls()
