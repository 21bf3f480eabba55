"""A takeover that a fence allows, and one that it does not, with real processes."""

import subprocess
import sys

from .conftest import wait_for

FENCED = """
[DEFAULT]
nodes = n1 n2
orchestrate = ha
guard = fence
[fs#1]
type = flag
"""
AGENT = """
[stonith#n1]
cmd = {command}
[stonith#n2]
cmd = /bin/true
"""


def pair(street, command, *, dropping=False):
    """Two nodes, of which n1 has it up and ends all of a sudden; the file may not name it any more by then."""
    both = street("n1", "n2")
    both.service(text=FENCED)
    for house in both.houses.values():
        with (house.root / "etc" / "cluster.conf").open("a") as file:
            file.write(AGENT.format(command=command) + "[node]\nfence_delay = 0.2\nfence_retry = 0.5\n")
    both.start()
    both["n1"].wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    both["n2"].wait(lambda document: document["services"]["svc1"]["instances"].get("n1", {}).get("monitor") == "idle", "n2 sees it")
    if dropping:
        both.service(text=FENCED.replace("n1 n2", "n2"))
        both["n2"].wait(lambda document: document["services"]["svc1"]["instances"].keys() == {"n1", "n2"}, "n1 has it still")
        digests = lambda document: {one["config"] for one in document["services"]["svc1"]["instances"].values()}  # noqa: E731
        both["n2"].wait(lambda document: len(digests(document)) == 1, "both have the file")
    both["n1"].kill()
    return both


def test_a_confirmed_fence_lets_the_peer_start(street, tmp_path):
    both = pair(street, f"touch {tmp_path}/fenced")
    both["n2"].wait(lambda document: document["services"]["svc1"]["instances"]["n2"]["avail"] == "up", "n2 has it")
    assert (tmp_path / "fenced").exists()
    wait_for(lambda: "start done after" in both["n2"].log(), both["n2"].told)
    story = both["n2"].log()
    assert story.index("n1 is silent") < story.index("n1 is confirmed to be down") < story.index("start begins")
    assert both["n2"].node_of("n1")["reach"] == "gone"


def test_a_fence_that_fails_blocks_the_start_and_says_so(street, tmp_path):
    both = pair(street, f"test -e {tmp_path}/works")
    wait_for(lambda: "n1 could not be fenced" in both["n2"].log(), both["n2"].told)
    codes = lambda document: [reason["code"] for reason in document["services"]["svc1"]["reasons"]]  # noqa: E731 - one expression
    both["n2"].wait(lambda document: "fence.failed" in codes(document), "it is said")
    assert not both["n2"].is_up()
    (tmp_path / "works").touch()
    both["n2"].wait(lambda document: document["services"]["svc1"]["instances"]["n2"]["avail"] == "up", "it is tried again")


def test_who_has_it_up_and_is_not_named_any_more_is_remembered_by_a_daemon_that_begins_anew(street, tmp_path):
    both = pair(street, f"test -e {tmp_path}/works", dropping=True)
    both["n2"].kill()
    both["n2"].write("cluster.conf", (both["n2"].root / "etc" / "cluster.conf").read_text().replace("= 120", "= 2"))
    both["n2"].start()
    codes = lambda document: [reason["code"] for reason in document["services"]["svc1"]["reasons"]]  # noqa: E731 - one expression
    both["n2"].wait(lambda document: "fence.failed" in codes(document), "it is said")
    assert both["n2"].node_of("n1")["reach"] == "unseen"
    assert not both["n2"].is_up()
    (tmp_path / "works").touch()
    both["n2"].wait(lambda document: document["services"]["svc1"]["instances"]["n2"]["avail"] == "up", "once n1 is fenced")


def test_a_lease_lets_one_of_three_nodes_have_it(street):
    three = street("n1", "n2", "n3")
    three.service(text=LEASED)
    for house in three.houses.values():
        text = (house.root / "etc" / "cluster.conf").read_text()
        house.write("cluster.conf", text.replace("name = loop", "name = loop\nlease = 10\nlease_renewal = 0.3\nlease_stop_limit = 3"))
    three.start()
    three["n1"].wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    assert [house.is_up() for house in three.houses.values()] == [True, False, False]
    for house in three.houses.values():
        standby = house.root / "run" / "svc" / "svc1" / "fs#2.flag"
        wait_for(standby.exists, house.told)
    three["n3"].wait(lambda document: document["services"]["svc1"]["instances"].get("n1", {}).get("monitor") == "idle", "n3 sees it")
    three["n1"].kill()
    three["n3"].wait(lambda document: document["services"]["svc1"]["instances"]["n2"]["avail"] == "up", "n2 has it")
    assert not three["n3"].is_up()
    story = three["n2"].log()
    assert "the lease is held" in story
    assert three["n3"].asked("switch", "n3")["progress"] == "done"
    assert [house.is_up() for house in three.houses.values()][1:] == [False, True]


def arbitrator(folder, port=0):
    """An arbitrator as a process of its own, and its port."""
    (folder / "secret").write_text("00112233445566778899aabbccddeeff")
    argv = [sys.executable, "-m", "opensvc_daemon.guards.arbitrator", "--name", "arb", "--secret-file", str(folder / "secret")]
    argv += ["--state", str(folder / "state"), "--listen", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline().rpartition(":")[2])


def test_a_node_without_its_peer_keeps_what_is_up_as_long_as_the_arbitrator_votes_for_it(street, tmp_path):
    process, port = arbitrator(tmp_path)
    try:
        both = street("n1", "n2")
        both.service()
        for house in both.houses.values():
            text = (house.root / "etc" / "cluster.conf").read_text().replace("name = loop", "name = loop\nquorum = true")
            # a vote that is late is none, and n1 would stop for a moment: a busy machine has time for it
            text = text.replace("ready_period = 0.2", "ready_period = 6")
            house.write("cluster.conf", f"{text}\n[arbitrator#arb]\nuri = tcp://127.0.0.1:{port}\ntimeout = 5s\n")
        both.start()
        both["n1"].wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
        both["n1"].wait(lambda document: document["nodes"]["n1"]["arbitrators"]["arb"]["answering"], "it votes")
        both["n2"].wait(lambda document: document["services"]["svc1"]["instances"].get("n1", {}).get("avail") == "up", "n2 sees it")
        both["n2"].kill()
        both["n1"].wait(lambda document: document["nodes"]["n2"]["reach"] == "silent", "n2 is silent")
        assert both["n1"].is_up()
        assert "stop: " not in both["n1"].log()
    finally:
        process.kill()
        process.communicate(timeout=60)
    both["n1"].wait(lambda document: document["services"]["svc1"]["instances"]["n1"]["avail"] == "down", "it leaves the game: it stops")
    assert not both["n1"].is_up()
    assert "stop: this part of the cluster has 1 of 3 votes" in both["n1"].log()


def test_a_node_that_can_not_end_itself_stops_what_is_up_when_the_quorum_is_lost(street):
    both = street("n1", "n2")
    both.service()
    for house in both.houses.values():
        text = (house.root / "etc" / "cluster.conf").read_text().replace("name = loop", "name = loop\nquorum = true")
        house.write("cluster.conf", text.replace("[node]", "[node]\nsplit_action = crash"))
    both.start()
    both["n1"].wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    both["n2"].kill()
    both["n1"].wait(lambda document: document["services"]["svc1"]["instances"]["n1"]["avail"] == "down", "it stops")
    assert not both["n1"].is_up()
    assert "leave the game crash: this part of the cluster has 1 of 2 votes" in both["n1"].log("node")
    assert "crash: this node lives below a folder" in both["n1"].log("node")


LEASED = """
[DEFAULT]
nodes = {names}
orchestrate = ha
guard = lease
[fs#1]
type = flag
[fs#2]
type = flag
standby = true
"""
