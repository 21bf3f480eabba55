"""Notices: what is to be known of a service before something happens."""

import pytest

HEAD = "[DEFAULT]\nnodes = {n} n2\norchestrate = ha\n"


@pytest.mark.parametrize(
    ("text", "notices"),
    [
        ("[disk#1]\ntype = data\n", ("no guard",)),
        ("[disk#1]\ntype = data\nscsireserv = true\n", ()),
        ("guard = fence\n[disk#1]\ntype = data\n", ("no fencing of n2",)),
        ("guard = exclusive\n[disk#1]\ntype = data\n", ("no guard",)),
        ("[disk#1]\ntype = data\nscsireserv = true\n[disk#2]\ntype = data\n", ("no guard",)),
        ("guard = lease\n[disk#1]\ntype = data\n", ("no watchdog", "no arbitrator")),
        ("split_policy = accept\n[disk#1]\ntype = data\n", ()),
        ("[fs#1]\ntype = probe\n", ()),
    ],
)
def test_data_without_a_guard_is_noticed_from_the_first_day(lab, text, notices):
    service = lab.service(HEAD.replace("{n}", lab.node.name) + text)
    assert service.status().notices == notices


def test_what_is_started_by_people_only_needs_no_guard(lab):
    service = lab.service(f"[DEFAULT]\nnodes = {lab.node.name} n2\n[disk#1]\ntype = data\n")
    assert service.status().notices == ()


def test_fencing_that_is_configured_is_a_guard(lab):
    lab.node.paths.etc.mkdir(parents=True)
    (lab.node.paths.etc / "cluster.conf").write_text("[stonith#n2]\ncmd = /bin/true\n")
    assert lab.service(HEAD.replace("{n}", lab.node.name) + "[disk#1]\ntype = data\n").status().notices == ()


def test_a_notice_comes_with_the_lines_that_mend_it(lab):
    service = lab.service(HEAD.replace("{n}", lab.node.name) + "[disk#1]\ntype = data\n")
    assert service.status().offers == ("om svc1 set --kw split_policy=accept",)
    service.change(lambda document: document.set("DEFAULT", "split_policy", "accept"))
    assert (service.status().notices, service.status().offers) == ((), ())
