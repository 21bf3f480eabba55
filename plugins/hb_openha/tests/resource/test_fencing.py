"""What `validate` says of a service whose takeover waits for a fence."""

import pytest

SERVICE = "[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n[hb#0]\ntype = OpenHA\n"
FENCED = "[cluster]\nnodes = n1 n2\n[stonith#n2]\ncmd = /root/fence\n"
STONITH = "/etc/opensvc/web.stonith"


@pytest.fixture
def warned(root, cluster):
    """What is said of fencing where the cluster calls a check script, with a text of cluster.conf."""

    def ask(check, text="[cluster]\nnodes = n1 n2\n", service=SERVICE, **declared):
        cluster.declare(check=check, **declared)
        root.write("etc/web.env", service)
        root.write("etc/cluster.conf", text)
        return [line for line in root("svcmgr -s web validate config", code=None).stdout.splitlines() if "fence" in line]

    return ask


def test_a_takeover_that_nobody_can_fence_for_is_told(warned):
    (line,) = warned(STONITH)
    assert "web.env:5: warning: hb#0: when n2 is silent, the cluster asks /etc/opensvc/web.stonith to fence it, and nothing" in line
    assert "say how in [stonith#n2] of cluster.conf: 'om cluster set --kw stonith#n2.cmd=COMMAND'" in line


def test_the_service_may_have_another_name_in_the_cluster(warned):
    assert len(warned(STONITH, service=SERVICE + "name = registry\n", name="registry")) == 1
    assert warned(STONITH, service=SERVICE + "name = registry\n", name="web") == []


@pytest.mark.parametrize(
    ("check", "text", "declared"),
    [
        pytest.param(STONITH, FENCED, {}, id="fenced"),
        pytest.param("/bin/true", "[cluster]\nnodes = n1 n2\n", {}, id="asks-nobody"),
        pytest.param("/usr/local/sbin/check", "[cluster]\nnodes = n1 n2\n", {}, id="asks-somebody-else"),
        pytest.param(STONITH, "[cluster]\nnodes = n1 n2\n", {"nodes": "n2 n3"}, id="elsewhere"),
        pytest.param(STONITH, "[cluster]\nnodes = n1 n2\n", {"name": "other"}, id="not-in-the-cluster"),
    ],
)
def test_nothing_is_said_where_no_fence_is_missing(warned, check, text, declared):
    assert warned(check, text, **declared) == []
