"""Services that are made and removed by real daemons: on one node at a time, and by what is there."""

import pytest

MADE = """
[DEFAULT]
nodes = n1 n2 n3
orchestrate = no
guard = {guard}
post_provision = ls {folder}/*/run/svc/svc1/*.flag | wc -l >> {folder}/active
[fs#1]
type = flag
[fs#2]
type = directory
path = {folder}/made
path@n1 = {folder}/n1/made
path@n2 = {folder}/n2/made
path@n3 = {folder}/n3/made
"""


def three(street, folder, guard):
    """Three nodes with a service of which a part is there: a flag needs nothing."""
    made = street("n1", "n2", "n3")
    for house in made.houses.values():
        text = (house.root / "etc" / "cluster.conf").read_text()
        house.write("cluster.conf", text.replace("name = loop", "name = loop\nlease = 10\nlease_renewal = 0.3\nlease_stop_limit = 3"))
    made.service(text=MADE.replace("{guard}", guard).replace("{folder}", str(folder)))
    made.start()
    return made


def up(cluster):
    return [name for name, house in cluster.houses.items() if house.is_up()]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("guard", ["none", "lease", "exclusive"])
def test_a_service_is_provisioned_on_one_node_at_a_time_and_then_started(street, tmp_path, guard):
    nodes = three(street, tmp_path, guard)
    assert nodes["n2"].asked("provision")["progress"] == "done"
    assert all((tmp_path / name / "made").is_dir() for name in nodes.houses)
    assert (tmp_path / "active").read_text().split() == ["1", "1", "1"]
    assert up(nodes) == ["n1"]
    assert "requested: provision; n1 is the best of n1 n2 n3" in nodes["n1"].log()


@pytest.mark.timeout(400)
def test_what_is_added_is_made_where_it_is_up_and_it_stays_up(street, tmp_path):
    nodes = three(street, tmp_path, "none")
    nodes["n1"].wait(lambda document: document["services"].get("svc1", {}).get("avail") == "down", "it is known")
    assert nodes["n1"].asked("start")["progress"] == "done"
    (tmp_path / "n1" / "made").rmdir()
    nodes["n1"].command("om svc1 print status -r")
    assert nodes["n2"].asked("provision")["progress"] == "done"
    assert (tmp_path / "n1" / "made").is_dir()
    assert up(nodes) == ["n1"]


@pytest.mark.timeout(400)
def test_an_unprovision_ends_though_a_part_is_never_removed(street, tmp_path):
    nodes = three(street, tmp_path, "none")
    nodes["n1"].wait(lambda document: len(document["services"].get("svc1", {}).get("instances", {})) == 3, "all know it")
    assert nodes["n1"].asked("unprovision")["progress"] == "done"
    shown = nodes["n2"].wait(
        lambda document: {one["provisioned"] for one in document["services"]["svc1"]["instances"].values()} == {False},
        "none is provisioned",
    )
    assert shown
    assert [house.log().count("unprovision done") for house in nodes.houses.values()] == [1, 1, 1]
