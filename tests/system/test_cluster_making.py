"""What a service needs is made on the nodes of a cluster: on one after the other, and it is up on one of them alone."""

import pytest
from cluster import Cluster
from cluster.services import Trial

# without a file system of the disk's own: what is made is each node's own, and nothing is at stake
TRIAL = Trial(more="orchestrate = no\n[fs#1]\ntype = directory\npath = /srv/svc1")


@pytest.mark.timeout(300)
def test_a_provision_makes_it_on_both_nodes_and_starts_it_on_one(lab):
    cluster = Cluster(lab)
    n1, n2 = cluster.nodes
    cluster.start()
    for node in cluster.nodes:
        node.write("/etc/opensvc/svc1.conf", TRIAL.text.replace("orchestrate = ha\n", ""))
    told = {"n1": False, "n2": False}
    cluster.wait(lambda: {name: one["provisioned"] for name, one in cluster.instances(n2).items()} == told, "n2 knows both")
    n2("om svc1 provision --wait --time 100")
    cluster.wait_told("svc1", "n1")
    assert {name: one["provisioned"] for name, one in cluster.instances(n2).items()} == {"n1": True, "n2": True}
    assert n2("om svc1 print status -r").stdout.count("not provisioned") == 0
    cluster.stays("n1", seconds=0.5)
    # a provision of what is made already is a start
    n1("om svc1 stop --wait --time 60")
    n1("om svc1 provision --wait --time 60")
    cluster.wait_told("svc1", "n1")
    cluster.audit()
