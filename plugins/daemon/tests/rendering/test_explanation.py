"""The page of an explanation, made of what the decision itself tells."""

import jsonschema
from opensvc_daemon.listener.schemas import EXPLANATION
from opensvc_daemon.orchestration.explain import explain
from opensvc_daemon.orchestration.view import InstanceView, NodeView, ServiceView, View
from opensvc_daemon.rendering.explanation import explanation

from opensvc_core.api import Status


def data(service, nodes):
    found = explain(View("n1", {node.name: node for node in nodes}, {"web": service}), 100.0, "web").as_data()
    return {"reasons": [*found["excluded"], *(reason for order in found["orders"] for reason in order["reasons"])], **found}


def web(**instances):
    return ServiceView("web", ("n1", "n2", "n3"), instances, placement="load avg")


def test_a_page_has_the_reasons_the_ranking_and_every_rule():
    up, frozen = InstanceView(avail=Status.UP), InstanceView(is_frozen=True)
    found = data(web(n1=up, n2=frozen), (NodeView("n1", load=1.5), NodeView("n2"), NodeView("n3", is_frozen=True, load=0.25)))
    assert explanation("web", found).splitlines() == [
        "web",
        "  the instance on n2 is frozen: 'thaw' there",
        "  n3 is frozen: 'om node thaw' there",
        "  n3 has no instance",
        "  as n1 sees it",
        "    may run it: n1 (placement 'load avg': n1 1.5, n2 0, n3 0.25)",
        "    n1 does: nothing",
        "    rule              n1  n2  n3",
        "    node.frozen       -   -   X",
        "    instance.missing  -   -   X",
        "    instance.frozen   -   X",
        "    rules that exclude no node: node.deaf, node.silent, node.unseen, node.gone, node.init, node.state,",
        "      node.overloaded, node.version, instance.foreign, instance.unprovisioned, instance.failed,",
        "      instance.n/a, instance.constraints, affinity.hard, anti-affinity.hard",
    ]
    jsonschema.validate(found, EXPLANATION)


def test_a_page_says_what_the_node_is_about_to_do():
    page = explanation("web", data(web(n1=InstanceView(), n2=InstanceView()), (NodeView("n1"), NodeView("n2"), NodeView("n3"))))
    assert "  no node that is heard has it up\n" in page
    assert "    may run it: n1, n2 (" in page
    assert "    n1 does: announce ready\n" in page


def test_where_no_node_may_run_it_the_page_says_so():
    page = explanation("web", data(web(), (NodeView("n1"), NodeView("n2"), NodeView("n3"))))
    assert "    may run it: no node (" in page
    assert "    n1 does: nothing\n" in page


def test_of_an_older_member_the_reasons_are_all_there_is():
    reasons = [{"code": "rejoin.complete", "node": "n2", "text": "all members are there"}]
    assert explanation("web", {"reasons": reasons}) == "web\n  n2: all members are there\n"
