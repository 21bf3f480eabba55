"""The resource agent ocf:opensvc:service, called as Pacemaker calls it: a service's life, and what it says when it goes wrong."""

import shutil

import pytest

AGENT = "/usr/lib/ocf/resource.d/opensvc/service"
OK, FAILED, ARGS, UNIMPLEMENTED, RIGHTS, MISSING, CONFIGURED, DOWN = range(8)
WEB = "[fs#1]\ntype = flag\n[app#1]\ntype = simple\nstart = sleep 987\n"


@pytest.fixture(scope="module")
def installed(module_lab):
    """A node where the agent is installed."""
    node = module_lab["n1"]
    assert "wrote /usr/lib/ocf/resource.d/opensvc/service: ocf:opensvc:service" in node("om node install agent").stdout
    return node


@pytest.fixture
def node(installed):
    """The same, with the service web, which is stopped afterwards."""
    installed.write("/etc/opensvc/web.conf", WEB)
    yield installed
    installed("rm -f /etc/opensvc/web.conf.away")
    installed.write("/etc/opensvc/web.conf", WEB)
    installed("om web stop --local")
    installed("om '**' delete --force --local")


def does(node, action, code, *, service="web", interval="30000", **more):
    """Call the agent; what it gives as its reason."""
    given = {"OCF_ROOT": "/usr/lib/ocf", "OCF_RESOURCE_INSTANCE": "p_web", "OCF_RESKEY_CRM_meta_interval": interval}
    parameters = {f"OCF_RESKEY_{name}": value for name, value in {"service": service, **more}.items() if value is not None}
    done = node(f"{AGENT} {action}", code=code, **given, **parameters)
    said = [line.partition(":")[2] for line in done.stderr.splitlines() if line.startswith("ocf-exit-reason:")]
    return said[-1] if said else ""


def test_a_service_lives_as_a_resource(node):
    does(node, "validate-all", OK)
    does(node, "monitor", DOWN, interval="0")
    does(node, "start", OK)
    does(node, "monitor", OK)
    assert node("om web status").code == 0
    does(node, "start", OK)
    does(node, "stop", OK)
    does(node, "monitor", DOWN)
    assert node("pgrep -f '^sleep 987$'", code=1).stdout == ""
    does(node, "stop", OK)


def test_what_died_behind_its_back_is_a_failure_from_which_it_recovers(node):
    does(node, "start", OK)
    node("pkill -f '^sleep 987$'")
    node.wait_for(lambda: node("pgrep -f '^sleep 987$'", code=None).code == 1)
    assert "web is warn; '/" in does(node, "monitor", FAILED)
    does(node, "stop", OK)
    does(node, "start", OK)
    does(node, "monitor", OK)


def test_a_start_that_fails_leaves_nothing_up_and_says_where_to_look(node):
    node.write("/etc/opensvc/web.conf", f"{WEB}post_start = /bin/false\nblocking_post_start = /bin/false\n")
    assert "the start of web ended with 1; '/" in does(node, "start", FAILED)
    does(node, "monitor", DOWN)
    does(node, "stop", OK)


def test_what_is_optional_and_did_not_stop_is_no_success(node):
    """It holds its disk as the others do, and another node would use it too."""
    optional = "[fs#2]\ntype = flag\noptional = true\n"
    node.write("/etc/opensvc/web.conf", WEB + optional)
    does(node, "start", OK)
    node.write("/etc/opensvc/web.conf", f"{WEB}{optional}blocking_pre_stop = /bin/false\n")
    assert "something of web is still up, or not seen to be down: fs" in does(node, "stop", FAILED)
    node.write("/etc/opensvc/web.conf", WEB + optional)
    does(node, "stop", OK)


def test_a_stop_that_fails_is_no_success(node):
    does(node, "start", OK)
    node.write("/etc/opensvc/web.conf", f"{WEB}blocking_pre_stop = /bin/false\n")
    assert "and it is not down" in does(node, "stop", FAILED)
    does(node, "monitor", OK)


def test_a_service_that_was_disabled_while_it_was_up_is_not_taken_for_stopped(node):
    does(node, "start", OK)
    node.write("/etc/opensvc/web.conf", f"[DEFAULT]\ndisable = true\n{WEB}")
    assert "is it disabled?" in does(node, "monitor", FAILED)
    assert "the stop of web ended with 5" in does(node, "stop", FAILED)
    assert node("pgrep -f '^sleep 987$'").stdout


def test_resources_that_are_disabled_are_left_as_they_are(node):
    node.write("/etc/opensvc/web.conf", "[fs#1]\ntype = flag\ndisable = true\n")
    does(node, "monitor", DOWN, interval="0")
    does(node, "stop", OK)


def test_a_service_whose_file_went_while_it_was_up_is_not_taken_for_stopped(node):
    does(node, "start", OK)
    node("mv /etc/opensvc/web.conf /etc/opensvc/web.conf.away")
    assert "may be up here" in does(node, "stop", FAILED)
    assert "web is not configured on this node" in does(node, "monitor", MISSING, interval="0")


def test_where_the_service_never_was_nothing_runs(node):
    does(node, "monitor", DOWN, service="other", interval="0")
    does(node, "monitor", MISSING, service="other")
    assert "other is not configured on this node" in does(node, "start", MISSING, service="other")
    does(node, "stop", OK, service="other")
    does(node, "monitor", DOWN, service="other", interval="0", om="/nowhere/om")
    does(node, "start", MISSING, service="other", om="/nowhere/om")


def test_without_the_command_what_may_be_up_is_not_taken_for_stopped(node):
    does(node, "start", OK)
    assert "om=/nowhere/om: there is no such command" in does(node, "stop", FAILED, om="/nowhere/om")
    does(node, "monitor", OK)


@pytest.mark.parametrize(
    ("service", "text", "code", "said"),
    [
        (None, WEB, CONFIGURED, "the parameter 'service' is missing"),
        ("*", WEB, CONFIGURED, "service=* is no name of a service"),
        ("web,db", WEB, CONFIGURED, "is no name of a service"),
        ("-h", WEB, CONFIGURED, "is no name of a service"),
        ("web", f"[DEFAULT]\norchestrate = ha\n{WEB}", CONFIGURED, "orchestrate = ha, so another one starts it too"),
        ("web", f"[DEFAULT]\norchestrate = start\n{WEB}", CONFIGURED, "orchestrate = start"),
        ("web", f"{WEB}[fs#2]\ntype = nosuch\n", ARGS, "can't be used as it is configured"),
    ],
)
def test_what_can_not_be_run_is_told_before(node, service, text, code, said):
    node.write("/etc/opensvc/web.conf", text)
    assert said in does(node, "validate-all", code, service=service)
    assert said in does(node, "start", code, service=service)


def test_a_namespace_may_be_named(node):
    node.write("/etc/opensvc/namespaces/prod/svc/db.conf", "[fs#1]\ntype = flag\n")
    does(node, "start", OK, service="prod/svc/db")
    does(node, "monitor", OK, service="prod/svc/db")
    does(node, "stop", OK, service="prod/svc/db")


def test_an_unknown_action_is_not_implemented(node):
    does(node, "promote", UNIMPLEMENTED)
    does(node, "usage", OK, service=None)


def test_our_own_driver_reads_what_it_says_of_itself(node):
    told = node("om keywords app.ocf ocf:opensvc:service").stdout
    assert "service (required" in told and "The service, by its name on this node" in told


@pytest.mark.skipif(not shutil.which("ocf-tester"), reason="ocf-tester is missing; 'apt-get install resource-agents' brings it")
def test_the_tester_of_the_resource_agents_is_content(node):
    node("mkdir -p /run/resource-agents")
    if not shutil.which("xmllint"):  # the rest is tried all the same
        node.write("/usr/local/bin/xmllint", "#!/bin/sh\nexec cat >/dev/null\n", 0o755)
    done = node(f"ocf-tester -n p_web -o service=web {AGENT}", code=None, timeout=240)
    assert "passed all tests" in done.stdout, done


def test_an_edited_agent_is_kept(installed):
    text = installed.read(AGENT)
    assert "is in /usr/lib/ocf/resource.d/opensvc/service already" in installed("om node install agent").stdout
    installed.write(AGENT, text + "# mine\n", 0o755)
    assert "--force gives it up" in installed("om node install agent", code=5).stderr
    assert "--force gives it up" in installed("om node uninstall agent", code=5).stderr
    installed("om node install agent --force")
    assert installed.read(AGENT) == text
    installed("om node uninstall agent")
    assert not installed.exists(AGENT)
    assert "there is no /usr/lib/ocf" in installed("om node uninstall agent").stdout
    installed("om node install agent")
