"""What commands show of the answers of a daemon, and have its nodes and heartbeats do."""

import json

from .conftest import FLAG, document, orders


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


def test_a_log_that_some_node_refuses_is_shown_without_it_and_one_that_all_refuse_fails(node, api):
    line = {"node": "n2", "line": "2026-11-21T10:00:01.000000+00:00 INFO    n:n2 o:svc1 sc:n | stopped there"}
    refusing = {"n1"}
    api.answers["GET", "/v1/services/svc1/log"] = lambda _, asked: (403, {"error": "not for you"}) if asked["node"] in refusing else line
    for options in ("", "-f"):
        done = node(f"om svc1 logs {options}")
        assert (done.stdout, done.stderr) == ("@ n:n2 o:svc1 sc:n\n  stopped there\n", "om: the log of n1: not for you\n")
    refusing.add("n2")
    done = node("om svc1 logs", code=5)
    assert (done.stdout, done.stderr) == ("", "om: not for you\n")
    done = node("om svc1 logs -f", code=5)
    assert (done.stdout, done.stderr.splitlines()[-1]) == ("", "om: not for you")


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


def test_events_of_what_is_not_there_yet_are_waited_for_and_that_is_told(node, api):
    api.answers["GET", "/v1/events"] = []
    done = node("om events --service svc9", code=1)
    assert "svc9" in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[0].endswith("its events are shown once it is there")
    assert api.asked[-1][2] == {"service": "svc9"}
    assert node("om events --service 'svc*'", code=1).stderr == "om: the daemon has ended\n"
    assert api.asked[-1][2] == {"service": "svc1"}
    node("om events --service 'svc9,svc*'", code=1)
    assert api.asked[-1][2] == {"service": "svc9,svc1"}
    api.asked.clear()
    assert node("om events --service 'web*'", code=4).stderr == "om: no service matches 'web*'\n"
    assert api.asked == []


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


def test_explain_asks_another_node_also_about_a_service_that_is_not_here(node, api):
    rules = {"n2": {"node.frozen": {"code": "node.frozen", "node": "n2", "facts": [], "text": "n2 is frozen"}, "node.deaf": None}}
    whole = {"reasons": [], "node": "n2", "placement": "spread", "measured": {}, "candidates": [], "rules": rules, "orders": []}
    api.answers["GET", "/v1/services/web/explain"] = whole
    api.answers["GET", "/v1/status"] = lambda _body, asked: document(services={"web": {}} if asked == {"node": "n2"} else {})
    assert "    node.frozen  X\n" in node("om web explain --node N2").stdout
    assert api.asked[-1][2] == {"node": "n2"}
    assert json.loads(node("om web explain --node n2 --format json").stdout)["explanations"]["web"] == whole
    node("om web explain", code=4)


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


def test_the_monitor_without_a_daemon_says_so(root):
    done = root("om mon", code=1)
    assert (done.stdout, done.stderr.count("no daemon answers on this node, 'om daemon start' starts it")) == ("", 1)
    root.write("etc/svc1.conf", FLAG)
    assert "svc1" in root("om mon", code=1).stdout
    assert "svc1" in root("svcmon").stdout


def test_without_a_daemon_it_is_stopped_and_says_so(root):
    root("om daemon running", code=1)
    assert root("om daemon status", code=1).stdout == "the daemon does not run; 'om daemon start' starts it\n"
    assert json.loads(root("om daemon status --format json", code=1).stdout)["running"] is False
    assert root("om daemon stop").stderr == "the daemon does not run\n"


def test_who_is_not_root_starts_no_daemon_but_below_a_folder_of_their_own(root):
    refused = "om: only root starts and stops the daemon of the host; with OSVC_ROOT_PATH you have one below a folder of yours\n"
    for action in ("start", "stop", "restart"):
        assert root(f"om daemon {action}", code=5, as_ordinary=True, OSVC_ROOT_PATH="").stderr == refused
    assert root("om daemon start", code=5, as_ordinary=True).stderr.startswith(f"om: no right to write below {root.folder}")
    root.folder.chmod(0o777)
    assert root("om daemon stop", as_ordinary=True).stderr == "the daemon does not run\n"


def test_who_is_not_root_makes_no_token_of_the_host(root):
    root.write("etc/cluster.conf", "[cluster]\nsecret = 0123456789abcdef0123456789abcdef\n")
    for place in ("etc", "."):
        (root / place).chmod(0o755)
    refused = f"om: no right to change {root / 'etc/cluster.conf'}, which has the cluster's secret; do it as root, or by sudo\n"
    assert root("om daemon token monitoring", code=5, as_ordinary=True).stderr == refused
