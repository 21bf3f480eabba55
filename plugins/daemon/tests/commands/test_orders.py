"""Orders: what commands ask of a daemon for services, and when it is done."""

import socket

import pytest

from opensvc_core import Node

from .conftest import ASK, FLAG, NODE, document, orders


@pytest.mark.parametrize("verb", ["start", "stop", "restart", "provision", "unprovision", "shutdown", "freeze", "thaw", "delete"])
def test_an_action_is_an_order_to_the_cluster(node, api, verb):
    found = document()
    found["services"]["svc1"]["instances"]["n2"] |= {"avail": "down"}
    api.answers["GET", "/v1/status"] = found
    done = node(f"om svc1 {verb}")
    assert orders(api) == [(ASK, {"wish": verb, "to": []})]
    assert (done.stdout, done.stderr) == ("", "")
    assert not node.is_up("svc1", "fs#1")


@pytest.mark.parametrize("avail", ["up", "warn", "stdby up"])
def test_what_is_up_somewhere_is_deleted_by_force_alone(node, api, avail):
    found = document()
    found["services"]["svc1"]["instances"]["n2"] |= {"avail": avail}
    api.answers["GET", "/v1/status"] = found
    refused = "om: svc1: it is up on n2; 'om svc1 shutdown' first (--force deletes it and leaves what is up without an owner)\n"
    assert node("om svc1 delete", code=5).stderr == refused
    assert orders(api) == []
    node("om svc1 delete --force")
    assert orders(api) == [(ASK, {"wish": "delete", "to": []})]
    assert "--force is for an action on this node alone" in node("om svc1 stop --force", code=2).stderr


@pytest.mark.parametrize("verb", ["start", "stop", "switch"])
def test_what_a_cluster_manager_has_is_no_order_to_this_cluster(node, api, verb):
    node.write("etc/svc1.conf", f"{FLAG}[hb#0]\ntype = OpenHA\n")
    assert "svc1: this service is managed by a clusterware" in node(f"om svc1 {verb}", code=1).stderr
    assert orders(api) == []


def test_what_a_cluster_manager_asks_for_is_done_here(node, api):
    node.write("etc/svc1.conf", f"{FLAG}[hb#0]\ntype = OpenHA\n")
    node("om svc1 start --cluster")
    assert node.is_up("svc1", "fs#1")
    node("svcmgr -s svc1 print status")
    node("etc/svc1.cluster stop")
    assert not node.is_up("svc1", "fs#1")
    assert orders(api) == []


@pytest.mark.parametrize("options", ["--local", "--rid fs#1", "--rid fs --local"])
def test_what_names_this_node_or_a_resource_is_done_here(node, api, options):
    node(f"om svc1 start {options}")
    assert orders(api) == []
    assert node.is_up("svc1", "fs#1")


def is_frozen_here(root, service):
    return Node(root.folder, nodename="n1").service(service).state.is_frozen()


@pytest.mark.parametrize(
    ("line", "orchestrate", "is_frozen"),
    [
        ("svc1 stop --local", "ha", True),
        ("svc1 stop --local", "start", True),
        ("svc1 stop --local", "no", False),
        ("svc1 stop --local --plan", "ha", False),
        ("svc1 stop --local --rid fs#1", "ha", False),
        ("svc1 start --local", "ha", False),
    ],
)
def test_what_a_person_stops_here_is_frozen_so_that_the_daemon_does_not_start_it_again(root, api, line, orchestrate, is_frozen):
    root.write("etc/svc1.conf", FLAG.replace("[fs#1]", f"orchestrate = {orchestrate}\n[fs#1]"))
    root(f"om {line}")
    assert is_frozen_here(root, "svc1") is is_frozen
    assert orders(api) == []


def test_what_is_not_up_is_not_frozen_by_a_stop_of_all_that_is_up(root, api):
    text = FLAG.replace("[fs#1]", "orchestrate = ha\n[fs#1]")
    for name in ("svc1", "svc2"):
        root.write(f"etc/{name}.conf", text)
    root("om svc1 start --local")
    root("allupservices stop --local")
    assert [name for name in ("svc1", "svc2") if is_frozen_here(root, name)] == ["svc1"]


@pytest.mark.parametrize("option", ["--force", "--disable-rollback", "--waitlock 3"])
def test_an_order_refuses_what_it_can_not_carry(node, api, option):
    done = node(f"om svc1 start {option}", code=2)
    assert done.stderr == f"om: {option.split()[0]} is for an action on this node alone: add --local\n"
    assert orders(api) == []


def test_a_plan_is_this_node_s(node, api):
    assert "fs#1" in node("om svc1 start --plan").stdout
    assert orders(api) == []


def test_an_older_command_and_a_link_are_orders_too(node, api):
    node("svcmgr -s svc1 start")
    assert [body["wish"] for _, body in orders(api)] == ["start"]


def test_nodes_that_are_known_to_be_down_go_with_the_order(node, api):
    node("om svc1 start --confirm-down N2")
    assert orders(api) == [(ASK, {"wish": "start", "to": [], "confirmed_down": ["n2"]})]


@pytest.mark.parametrize("options", ["--local", "--rid fs#1", "--local --plan"])
@pytest.mark.parametrize("reach", ["beating", "heard"])
def test_nothing_is_taken_here_from_a_node_that_the_daemon_hears(node, api, options, reach):
    api.answers["GET", "/v1/status"] = document(nodes={"n1": NODE, "n2": NODE | {"reach": reach}})
    done = node(f"om svc1 start {options} --confirm-down N2", code=5)
    way_out = "stop the service there; --force takes what it holds all the same"
    assert done.stderr == f"om: --confirm-down n2: n2 is heard, it is not down; {way_out}\n"
    assert not node.is_up("svc1", "fs#1")


@pytest.mark.parametrize(
    ("reach", "options"),
    [("silent", "--local"), ("unseen", "--rid fs#1"), ("gone", "--local"), ("beating", "--local --force"), ("heard", "--rid fs#1 --force")],
)
def test_a_silent_node_is_believed_to_be_down_here_and_force_asks_no_daemon(node, api, reach, options):
    api.answers["GET", "/v1/status"] = document(nodes={"n1": NODE, "n2": NODE | {"reach": reach}})
    node(f"om svc1 start {options} --confirm-down n2")
    assert node.is_up("svc1", "fs#1")


def test_a_daemon_that_can_not_tell_whether_a_node_is_down_is_not_passed_by(node, api):
    api.answers["GET", "/v1/status"] = (502, {"error": "the monitor does not answer"})
    done = node("om svc1 start --local --confirm-down n2", code=5)
    assert "--confirm-down n2: whether that is so, the daemon does not tell; --force does not ask it" in done.stderr
    assert not node.is_up("svc1", "fs#1")
    node("om svc1 start --local --confirm-down n2 --force")
    assert node.is_up("svc1", "fs#1")


@pytest.mark.parametrize(
    ("line", "to"),
    [
        ("switch --to n1", ["n1"]),
        ("takeover --to n1", ["n1"]),
        ("takeover", ["n1"]),
        ("takeover --to n2", ["n2"]),
        ("giveback", []),
        ("abort", []),
        ("clear", []),
    ],
)
def test_what_only_a_cluster_can_do(node, api, line, to):
    node(f"om svc1 {line}")
    assert orders(api) == [(ASK, {"wish": line.split()[0], "to": to})]


def test_a_switch_without_a_node_goes_to_one_that_has_it_not_up(node, api):
    node("om svc1 switch")
    assert orders(api) == [(ASK, {"wish": "switch", "to": ["n1"]})]


def test_a_switch_with_nowhere_to_go_says_so(node, api):
    api.answers["GET", "/v1/status"] = document(nodes={"n1": NODE | {"reach": "gone"}, "n2": NODE})
    done = node("om svc1 switch", code=5)
    assert done.stderr == "om: svc1: there is no node to switch to: no other of its nodes answers and has it down\n"
    assert orders(api) == []


def test_a_wait_ends_with_the_request(node, api):
    api.answers["GET", "/v1/requests/0123456789abcdef"] = {"progress": "done"}
    node("om svc1 start --wait")
    assert api.asked[-1][2] == {"wait": "30.0"}


@pytest.mark.parametrize(
    ("progress", "code", "text"),
    [("failed", 1, "failed: it failed on n2"), ("aborted", 1, "aborted: it failed on n2"), ("refused", 5, "refused: it failed on n2")],
)
def test_a_wait_tells_why_it_was_not_done(node, api, progress, code, text):
    api.answers["GET", "/v1/requests/0123456789abcdef"] = {"progress": progress, "why": "it failed on n2"}
    assert node("om svc1 start --wait", code=code).stderr == f"om: svc1: start {text}\n"


def test_a_wait_that_is_over_leaves_the_order(node, api):
    api.answers["GET", "/v1/requests/0123456789abcdef"] = {"progress": "active"}
    done = node("om svc1 start --time 0", code=1)
    assert (
        done.stderr
        == "om: svc1: start is not done yet; it goes on (request 0123456789abcdef): 'om svc1 explain' tells why, 'om svc1 abort' ends it\n"
    )


def test_of_several_services_one_that_is_refused_stops_no_other(node, api):
    node.write("etc/web.conf", FLAG)
    both = document()
    both["services"]["web"] = both["services"]["svc1"]
    api.answers["GET", "/v1/status"] = both
    api.answers["POST", ASK] = (409, {"error": "an action is under way"})
    api.answers["POST", "/v1/services/web/requests"] = (202, {"id": "1"})
    done = node("om '*' start", code=5)
    assert done.stderr == "om: svc1: an action is under way\n"
    assert [path for path, _ in orders(api)] == [ASK, "/v1/services/web/requests"]


def test_a_service_that_was_just_made_is_waited_for(node, api):
    answers = [document(services={}), document(services={}), document()]
    api.answers["GET", "/v1/status"] = lambda _body, _parameters: answers.pop(0) if len(answers) > 1 else answers[0]
    node("om svc1 start")
    assert (len(answers), orders(api)) == (1, [(ASK, {"wish": "start", "to": []})])


def test_a_service_of_other_nodes_can_be_ordered_from_here(node, api):
    (node / "etc/svc1.conf").unlink()
    node("om svc1 start")
    assert orders(api) == [(ASK, {"wish": "start", "to": []})]
    node("om nosuch start", code=4)


def test_a_daemon_that_has_gone_is_no_daemon(root):
    root.write("etc/svc1.conf", FLAG)
    (root / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(root / "run/api.sock"))
    assert "no daemon answers: acting on this node only" in root("om svc1 start").stderr
    assert root.is_up("svc1", "fs#1")


def test_a_daemon_that_does_not_answer_is_not_passed_by(root):
    root.write("etc/svc1.conf", FLAG)
    (root / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(root / "run/api.sock"))
        silent.listen()
        process = root.begin("om svc1 start")
        connection, _ = silent.accept()  # who looks whether somebody listens
        connection.close()
        connection, _ = silent.accept()
        connection.close()
        assert "did not answer" in process.communicate(timeout=60)[0]
        assert process.returncode == 1
    assert not root.is_up("svc1", "fs#1")


@pytest.mark.parametrize(
    "line", ["svc1 switch", "svc1 explain", "events", "events --after 3", "node drain", "node events", "daemon reload"]
)
def test_what_needs_a_daemon_says_how_to_start_it(root, line):
    root.write("etc/svc1.conf", FLAG)
    done = root(f"om {line}", code=5)
    assert done.stderr.startswith("om: no daemon answers on this node; 'om daemon start' starts it")


@pytest.mark.parametrize("line", ["svc1 start --time 3", "svc1 print status --node n2", "mon --watch", "node freeze --node n2"])
def test_options_that_need_a_daemon_are_refused_without_one(root, line):
    root.write("etc/svc1.conf", FLAG)
    assert "no daemon answers on this node" in root(f"om {line}", code=5).stderr


def test_a_time_limit_does_not_go_with_a_local_action(node):
    assert "not with --local" in node("om svc1 start --local --time 3", code=5).stderr
