"""What commands ask of a daemon, and what they make of its answers."""

import json
import socket

import pytest

FLAG = "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n"
ASK = "/v1/services/svc1/requests"
NODE = {"reach": "beating", "state": "idle", "score": 70, "load": 0.0, "threads": {"listener": {"state": "running", "detail": ":1214"}}}


def document(**more):
    instances = {"n1": {"avail": "down", "overall": "down", "monitor": "idle"}, "n2": {"avail": "up", "overall": "up", "monitor": "idle"}}
    service = {
        "avail": "up",
        "overall": "up",
        "topology": "failover",
        "placement": "non-optimal",
        "nodes": ["n1", "n2"],
        "instances": instances,
    }
    found = {"version": 1, "me": "n1", "cluster": {"nodes": ["n1", "n2"]}, "nodes": {"n1": NODE, "n2": NODE}, "services": {"svc1": service}}
    return found | more


@pytest.fixture
def node(root, api):
    root.write("etc/svc1.conf", FLAG)
    api.answers["GET", "/v1/status"] = lambda _body, _parameters: document()
    api.answers["POST", ASK] = (202, {"id": "0123456789abcdef"})
    return root


def orders(api):
    return [(path, body) for method, path, body in api.asked if method == "POST"]


@pytest.mark.parametrize("verb", ["start", "stop", "restart", "provision", "unprovision", "shutdown", "freeze", "thaw", "delete"])
def test_an_action_is_an_order_to_the_cluster(node, api, verb):
    done = node(f"om svc1 {verb}")
    assert orders(api) == [(ASK, {"wish": verb, "to": []})]
    assert (done.stdout, done.stderr) == ("", "")
    assert not node.is_up("svc1", "fs#1")


@pytest.mark.parametrize("options", ["--local", "--rid fs#1", "--rid fs --local"])
def test_what_names_this_node_or_a_resource_is_done_here(node, api, options):
    node(f"om svc1 start {options}")
    assert orders(api) == []
    assert node.is_up("svc1", "fs#1")


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


def test_a_move_of_a_frozen_service_thaws_it_first(node, api):
    frozen = document()
    frozen["services"]["svc1"]["instances"]["n2"]["frozen"] = True
    api.answers["GET", "/v1/status"] = frozen
    api.answers["GET", "/v1/requests/0123456789abcdef"] = {"progress": "done"}
    node("om svc1 switch --to n1")
    assert [body["wish"] for _, body in orders(api)] == ["thaw", "switch"]


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
        assert "did not answer" in process.communicate(timeout=20)[0]
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


# -- what is shown


def test_print_status_shows_the_peers(node):
    lines = node("om svc1 print status").stdout.splitlines()
    assert lines[0].split() == ["svc1", "up", "non-optimal", "placement"]
    assert [line.split() for line in lines[2:4]] == [["|-", "n2", "up", "idle"], ["`-", "n1", "down", "idle"]]
    assert json.loads(node("om svc1 print status --format json").stdout)["peers"]["n2"]["avail"] == "up"
    assert node("svcmgr -s svc1 print status").stdout.splitlines()[0] == "svc1"


def test_a_refresh_has_the_daemon_look_anew(node, api):
    api.answers["POST", "/v1/refresh"] = {}
    node("om svc1 print status -r")
    assert orders(api) == [("/v1/refresh", {"services": ["svc1"]})]


def test_mon_and_svcmon(node):
    assert node("om mon").stdout.startswith("Threads                           n1  n2\n daemon    running               |\n")
    assert node("om mon").stdout.endswith(" svc1      up^             0/1   | X   O\n")
    assert node("svcmon").stdout.startswith("Threads")
    assert node("svcmon --service svc1").stdout.startswith("service ")
    assert json.loads(node("om mon --format json").stdout) == document()
    assert "\x1b[1mn1\x1b[0m" in node("om mon --color yes").stdout


def test_watching_shows_each_change(node, api):
    api.answers["GET", "/v1/events"] = [{"id": 1, "kind": "instance"}, {"id": 2, "kind": "instance"}]
    done = node("om mon --watch", code=1)
    assert done.stdout.count("Threads") == 3
    assert done.stderr == "om: the daemon has ended\n"


def test_logs_of_all_nodes_are_one_story(node, api):
    lines = {
        "n1": "2026-11-21T10:00:02.000000+00:00 INFO    n:n1 o:svc1 sc:n | starts here",
        "n2": "2026-11-21T10:00:01.000000+00:00 INFO    n:n2 o:svc1 sc:n | stopped there",
    }
    api.answers["GET", "/v1/services/svc1/log"] = lambda _body, asked: {"node": asked["node"], "line": lines[asked["node"]]}
    story = "@ n:n2 o:svc1 sc:n\n  stopped there\n@ n:n1 o:svc1 sc:n\n  starts here\n"
    assert node("om svc1 logs").stdout == story
    assert sorted(node("om svc1 logs -f").stdout.splitlines()) == sorted(story.splitlines())
    assert node("om svc1 logs --local").stdout == ""


def test_without_a_number_the_log_is_whole_on_each_node(node, api):
    api.answers["GET", "/v1/services/svc1/log"] = []
    node("om svc1 logs")
    assert {asked["lines"] for _, path, asked in api.asked if path.endswith("/log")} == {"10000"}


def test_events_as_lines_and_as_data(node, api):
    data = {"avail": "stdby up", "to": ["n1", "n2"], "why": "", "request": {"wish": "start"}}
    event = {"id": 7, "kind": "instance", "at": 1.5, "node": "n2", "service": "svc1", "data": data}
    api.answers["GET", "/v1/events"] = [event]
    done = node("om events --kind instance --service svc1 --after 6", code=1, TZ="UTC")
    assert done.stdout == "7 00:00:01.500 instance n2 svc1 avail='stdby up' to=n1,n2\n"
    assert api.asked[-1][2] == {"after": "6", "kind": "instance", "service": "svc1"}
    assert json.loads(node("om events --format json", code=1).stdout) == event


def test_explain_tells_each_reason_once(node, api):
    reasons = [
        {"code": "node.frozen", "node": "n2", "text": "n2 is frozen: 'om node thaw' there"},
        {"code": "service.up", "node": "n1", "text": "it is up on n1"},
        {"code": "rejoin.complete", "node": "n2", "text": "all members are there"},
    ]
    api.answers["GET", "/v1/services/svc1/explain"] = {"reasons": [*reasons, *reasons]}
    assert node("om svc1 explain").stdout == "svc1\n  n2 is frozen: 'om node thaw' there\n  it is up on n1\n  n2: all members are there\n"
    assert json.loads(node("om svc1 explain --format json").stdout)["reasons"]["svc1"][0]["code"] == "node.frozen"
    api.answers["GET", "/v1/services/svc1/explain"] = {"reasons": []}
    assert node("om svc1 explain").stdout == "svc1\n  nothing is in the way, and nothing is to be done\n"


# -- nodes, the daemon itself


def test_nodes_are_frozen_and_drained_by_the_daemon(node, api):
    api.answers["POST", "/v1/node"] = {}
    node("om node freeze")
    node("om node thaw --node '*'")
    node("om node drain --node n2")
    node("om node drain --node n9", code=4)
    assert [body for _, body in orders(api)] == [
        {"do": "freeze", "node": "n1"},
        {"do": "thaw", "node": "n1"},
        {"do": "thaw", "node": "n2"},
        {"do": "drain", "node": "n2"},
    ]
    node("om node freeze --local")
    assert (node / "var/node/frozen").exists()


def test_a_drain_waits_until_the_node_is_empty(node, api):
    api.answers["POST", "/v1/node"] = {}
    answers = [document(), document(), document()]
    answers[-1]["services"]["svc1"]["instances"]["n2"]["avail"] = "down"
    api.answers["GET", "/v1/status"] = lambda _body, _parameters: answers.pop(0) if len(answers) > 1 else answers[0]
    node("om node drain --node n2 --wait")
    assert len(answers) == 1


def test_the_nodes_of_the_cluster_are_listed(node):
    assert node("om node ls").stdout == "n1\nn2\n"
    assert json.loads(node("om node ls --format json").stdout)["nodes"] == ["n1", "n2"]


def test_one_direction_of_a_heartbeat_is_stopped_and_started(node, api):
    api.answers["POST", "/v1/links/hb#1.rx"] = {}
    node("om daemon stop hb#1.rx")
    node("om daemon start hb#1.rx")
    assert [body for _, body in orders(api)] == [{"run": False}, {"run": True}]
    assert "is no direction of a heartbeat" in node("om daemon stop hb", code=4).stderr


def test_cron_has_nothing_to_do_where_a_daemon_schedules(node):
    assert node("om node schedule run").stdout == ""


def test_without_a_daemon_it_is_stopped_and_says_so(root):
    root("om daemon running", code=1)
    assert root("om daemon status", code=1).stdout == "the daemon does not run; 'om daemon start' starts it\n"
    assert json.loads(root("om daemon status --format json", code=1).stdout)["running"] is False
    assert root("om daemon stop").stderr == "the daemon does not run\n"


def test_who_is_not_root_starts_no_daemon(root):
    assert root("om daemon start", code=5, as_ordinary=True).stderr == "om: only root starts and stops the daemon\n"


def test_the_secret_of_a_join_may_come_from_the_input(root):
    assert "--secret - to read it from the input" in root("om daemon join --node n2 --secret -", code=2, stdin="\n").stderr
    assert "--node NAME names one of its members" in root("om daemon join --secret x", code=2).stderr
    assert root("om daemon join --node n2", code=2).stdout == ""


def test_a_node_that_has_left_is_told_to_stay_frozen(root):
    assert root("om daemon leave").stdout == "@ n:n1\n  freeze local node\n  local node stays frozen: 'om node thaw' ends that\n"


def test_a_time_limit_that_is_none_says_what_it_may_be(root):
    assert root("om svc1 switch --time abc", code=2).stderr == "om: --time 'abc': it has to be a duration such as 90, 5m or 1h30m\n"


def test_the_first_heartbeat_makes_a_secret_that_others_can_not_read(root):
    root("om cluster set --kw hb#1.type=unicast")
    secret = root("om cluster get --kw cluster.secret").stdout.strip()
    assert len(bytes.fromhex(secret)) == 16
    assert (root / "etc/cluster.conf").stat().st_mode & 0o077 == 0
    root("om cluster set --kw hb#1.interval=2")
    assert root("om cluster get --kw cluster.secret").stdout.strip() == secret


def test_the_older_command_for_a_heartbeat_makes_one_too(root):
    root("nodemgr set --param hb#1.type --value unicast")
    assert root("om cluster get --kw cluster.secret").stdout.strip()


def test_tokens_are_shown_once(root):
    token = root("om daemon token ci --role operator").stdout.strip()
    assert root("om daemon tokens").stdout == "ci operator\n"
    assert token not in (root / "etc/cluster.conf").read_text()
    root("om daemon token ci --revoke")
    assert root("om daemon tokens").stdout == ""
