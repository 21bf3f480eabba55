"""Service files of real nodes: they come to whom they are for, newest by descent, and what was deleted stays away."""

from .conftest import SERVICE, wait_for
from .test_processes import pair


def text(house, name="svc1"):
    file = house.root / "etc" / f"{name}.conf"
    return file.read_text() if file.exists() else None


def test_an_edit_by_hand_comes_to_the_other_node(street):
    both = pair(street)
    changed = text(both["n1"]) + "tags = fast\n"
    both["n1"].write("svc1.conf", changed)
    wait_for(lambda: text(both["n2"]) == changed, both["n2"].told)
    digests = lambda document: {one["config"] for one in document["services"]["svc1"]["instances"].values()}  # noqa: E731 - one expression
    both["n2"].wait(lambda document: len(digests(document)) == 1, "both have the same")
    assert both["n1"].is_up()
    assert not both["n2"].is_up()


def test_a_service_made_on_one_node_comes_to_the_other_frozen_as_there(street):
    both = pair(street)
    (both["n1"].root / "var" / "svc" / "svc2").mkdir(parents=True)
    (both["n1"].root / "var" / "svc" / "svc2" / "frozen").touch()
    both.service(name="svc2", on=[both["n1"]])
    wait_for(lambda: text(both["n2"], "svc2") == text(both["n1"], "svc2"), both["n2"].told)
    both["n2"].wait(lambda document: document["services"]["svc2"]["instances"].get("n2", {}).get("avail") == "down", "n2 has looked")
    assert both["n2"].instance("svc2")["frozen"] is True


def test_edits_on_both_sides_of_a_cut_are_told_and_left_to_a_person(street):
    both = pair(street)
    both["n2"].stop()
    mine, theirs = text(both["n1"]) + "tags = mine\n", text(both["n2"]) + "tags = theirs\n"
    both["n1"].write("svc1.conf", mine)
    both["n2"].write("svc1.conf", theirs)
    wait_for(lambda: both["n1"].call("config_of", "svc1")[0] == mine, both["n1"].told)
    both["n2"].start()
    wait_for(lambda: "edited here and on n1, independently" in both["n2"].log(), both["n2"].told)
    assert (text(both["n1"]), text(both["n2"])) == (mine, theirs)
    assert any("independently" in line for line in both["n2"].instance()["messages"])


def test_a_deleted_service_is_gone_and_comes_back_when_it_is_made_anew(street):
    both = pair(street)
    before = text(both["n1"])
    assert both["n1"].asked("stop")["progress"] == "done"
    assert both["n2"].asked("delete")["progress"] == "done"
    wait_for(lambda: (text(both["n1"]), text(both["n2"])) == (None, None), both["n1"].told)
    for house in (both["n1"], both["n2"]):
        house.wait(lambda document: "svc1" not in document["services"], "nobody knows it any more")
    assert (text(both["n1"]), text(both["n2"])) == (None, None)
    both["n1"].write("svc1.conf", before)
    wait_for(lambda: text(both["n2"]) == before, both["n2"].told)


def test_a_file_that_leaves_out_the_node_where_it_is_up_is_taken_when_it_is_down(street):
    both = pair(street)
    before = text(both["n1"])
    both["n2"].write("svc1.conf", SERVICE.format(names="n2", more=""))
    wait_for(lambda: "leaves n1 out, where it is up" in both["n1"].log(), both["n1"].told)
    assert text(both["n1"]) == before
    assert both["n1"].is_up()
    both["n1"].command("om svc1 stop --local")
    wait_for(lambda: text(both["n1"]) == text(both["n2"]), both["n1"].told)
    both["n1"].wait(lambda document: "n1" not in document["services"]["svc1"]["instances"], "there is no instance on n1")


def test_a_change_of_the_cluster_comes_to_the_other_node_and_is_used_there(street):
    both = pair(street)
    changed = text(both["n1"], "cluster").replace("ready_period = 0.2", "ready_period = 0.3") + "\n[labels]\nroom = 7\n"
    both["n1"].write("cluster.conf", changed)
    wait_for(lambda: text(both["n2"], "cluster") == changed, both["n2"].told)
    both["n1"].wait(lambda document: document["nodes"]["n2"]["labels"] == {"room": "7"}, "n2 uses it")
    assert both["n1"].asked("switch", "n2")["progress"] == "done"


def deleted_while_away(street):
    """n2 has the file still of what was deleted on n1 while it was off, confirmed so, and taken out of its nodes; its text."""
    both = pair(street)
    before = text(both["n2"])
    both["n2"].stop()
    both["n1"].wait(lambda document: document["nodes"]["n2"]["reach"] == "silent", "n2 is off")
    both["n1"].call("confirm_down", "n2")
    both["n1"].write("svc1.conf", SERVICE.format(names="n1", more=""))
    both["n1"].wait(lambda document: document["services"]["svc1"]["nodes"] == ["n1"], "n2 is none of its nodes")
    assert both["n1"].asked("purge")["progress"] == "done"
    wait_for(lambda: text(both["n1"]) is None, both["n1"].told)
    both["n2"].start()
    both["n2"].wait(lambda document: "was deleted on n1" in str(document["services"]["svc1"]["instances"]["n2"]["messages"]), "it is told")
    return both, before


def test_what_was_deleted_while_a_node_was_away_is_not_started_there(street):
    both, before = deleted_while_away(street)
    both["n2"].wait(lambda document: document["nodes"]["n2"]["state"] == "idle", "n2 decides")
    codes = lambda document: [one["code"] for one in document["services"]["svc1"]["reasons"]]  # noqa: E731 - one expression
    both["n2"].wait(lambda document: codes(document) == ["service.disabled"], "it is left alone")
    assert not both["n2"].is_up()
    assert (text(both["n1"]), text(both["n2"])) == (None, before)


def test_what_was_deleted_elsewhere_comes_back_when_its_file_is_edited(street):
    both, before = deleted_while_away(street)
    both["n2"].write("svc1.conf", before + "tags = again\n")
    wait_for(lambda: text(both["n1"]) == before + "tags = again\n", both["n2"].told)
    wait_for(lambda: both["n1"].is_up() or both["n2"].is_up(), both["n2"].told)
