"""Resources that a fact implies, and no section describes: the launchers of a service."""

import pytest

from opensvc_core.api import ActionRefused, Keyword, ServiceFacts, ServicePath, Status, text
from opensvc_core.config.sections import Section
from opensvc_core.instance.build import Builder
from opensvc_core.instance.implied import IMPLIED, implied
from opensvc_core.instance.node import Node
from opensvc_core.plan.selection import Selection
from opensvc_core.registry import DRIVERS, Registry
from opensvc_core.system.entrypoints import EntryPoint
from tests.instance.conftest import PROBES, Probe

CONFIG = "[fs#1]\ntype = probe\n\n[app#1]\ntype = probe\n"
NAME = IMPLIED[0].section.driver


class Links(Probe):
    """In the place of the driver of launchers."""

    id = "app.links"
    older_sections = (NAME,)
    colour = Keyword(text, default="", text="A keyword of its own.")
    mark = Keyword(text, default="", inherit="", text="One that is not inherited.")


@pytest.fixture
def launching(labs, plugin):
    return labs(plugin("opensvc_links", group=DRIVERS, point=NAME, opensvc_register_drivers=lambda: [Links]))


def folder_of(node, name="svc1"):
    return node.service(name).instance().facts.launchers


def furnish(folder):
    """Make the folder, with a launcher in it."""
    folder.mkdir(parents=True)
    (folder / "S10web").touch()


def resource(service):
    return service.instance().part("app").resource


@pytest.mark.parametrize("kind", ["a folder", "a link", "a link into what is not mounted"])
def test_a_folder_of_launchers_implies_a_resource(launching, tmp_path, kind):
    service = launching.service(CONFIG)
    folder = folder_of(launching.node)
    if kind == "a folder":
        furnish(folder)
    else:
        (tmp_path / "there").mkdir()
        folder.symlink_to(tmp_path / ("there" if kind == "a link" else "nowhere"))
    assert launching.seen(service) == {"fs#1": "down", "app": "down", "app#1": "down"}
    part = service.instance().part("app")
    assert (part.group, part.item.driver, part.problem) == ("app", "app.links", "")


def test_a_folder_of_scripts_that_sections_name_implies_nothing_in_a_newer_service(launching):
    service = launching.service(CONFIG)
    folder_of(launching.node).mkdir()
    (folder_of(launching.node) / "weblauncher").touch()
    assert "app" not in launching.seen(service)
    file = service.file.rename(service.file.with_suffix(".env"))
    assert "app" in launching.seen(service), file


def test_without_the_folder_nothing_more_is_there_or_loaded(labs):
    lab = labs(EntryPoint(DRIVERS, NAME, "there_is_no_such_module", "opensvc-broken"))
    service = lab.service(CONFIG)
    assert lab.seen(service) == {"fs#1": "down", "app#1": "down"}
    assert lab.node.registry.failures() == {}
    furnish(folder_of(lab.node))
    assert lab.seen(service)["app"] == "undef"
    assert lab.node.registry.failures() != {}


def test_services_have_folders_of_their_own(launching):
    for name in ("svc1", "prod/svc/svc1"):
        launching.service(CONFIG, name)
    folder = folder_of(launching.node, "prod/svc/svc1")
    furnish(folder)
    assert folder == launching.node.paths.etc / "namespaces/prod/svc/svc1.d"
    assert "app" in launching.seen(launching.node.service("prod/svc/svc1"))
    assert "app" not in launching.seen(launching.node.service("svc1"))


def test_without_its_driver_it_is_undef_and_never_dropped(tmp_path):
    node = Node(tmp_path, nodename="n1", registry=Registry({}, entry_points=tuple(PROBES)))
    service = node.create("svc1", CONFIG)
    furnish(folder_of(node))
    seen = next(one for one in service.status().local.resources if one.rid == "app")
    assert seen.status is Status.UNDEF
    assert [message.text for message in seen.messages] == [
        f"no installed plugin provides {NAME}; 'pip install opensvc-driver-app-launchers' brings it"
    ]
    with pytest.raises(ActionRefused, match=f"app: no installed plugin provides {NAME}.*--rid leaves it out"):
        service.plan("start")
    assert [one.rid for one in service.plan("start", Selection(rids=("app#1",))).operations] == ["app#1"]


def test_it_inherits_from_default(launching):
    service = launching.write("[DEFAULT]\ncolour = red\nmark = x\noptional = true\n")
    furnish(folder_of(launching.node))
    found = resource(service)
    assert (found.colour, found.mark) == ("red", "")
    assert service.instance().part("app").is_optional


def test_a_section_of_its_name_gives_it_values_and_does_not_make_it(launching):
    service = launching.write("[DEFAULT]\ncolour = red\n\n[app]\ncolour = blue\nmark = y\nmonitor = true\n")
    assert launching.seen(service) == {}
    assert ("unknown-section", "app") in [(finding.code, finding.section) for finding in service.validate()]
    furnish(folder_of(launching.node))
    found = resource(service)
    assert (found.colour, found.mark, service.instance().part("app").policy.monitor) == ("blue", "y", True)
    assert service.validate() == []


def test_a_wrong_word_in_its_section_is_found(launching):
    service = launching.write("[app]\ncolor = blue\nmonitor = perhaps\n")
    furnish(folder_of(launching.node))
    assert [finding.code for finding in service.validate()] == ["unknown-keyword", "bad-value"]


def test_a_value_that_can_not_be_converted_is_told_with_its_place(launching):
    service = launching.write("[DEFAULT]\nrestart = often\n")
    furnish(folder_of(launching.node))
    part = service.instance().part("app")
    assert part.resource is None
    assert "svc1.conf:2" in part.problem and "restart" in part.problem


def test_it_is_started_before_the_other_applications_and_stopped_after_them(launching):
    service = launching.service(CONFIG)
    furnish(folder_of(launching.node))
    assert launching.do(service, "start") == ["up fs#1", "up app", "up app#1"]
    assert launching.do(service, "stop") == ["down app#1", "down app", "down fs#1"]


@pytest.mark.parametrize(
    ("selection", "rids"),
    [
        (Selection(rids=("app",)), ["app", "app#1"]),
        (Selection(rids=("app.links",)), ["app"]),
        (Selection(rids=("app#1",)), ["app#1"]),
        (Selection(upto="fs"), ["fs#1"]),
    ],
    ids=str,
)
def test_selections(launching, selection, rids):
    service = launching.service(CONFIG)
    furnish(folder_of(launching.node))
    assert [one.rid for one in service.plan("start", selection).operations] == rids


def test_tags_and_subsets_leave_it_out(launching):
    service = launching.service("[app#1]\ntype = probe\ntags = a\nsubset = s\n")
    furnish(folder_of(launching.node))
    for selection in (Selection(tags=("a",)), Selection(subsets=("s",))):
        assert [one.rid for one in service.plan("start", selection).operations] == ["app#1"]


def test_its_keywords_in_default_are_known_to_validation_where_it_is(launching):
    service = launching.write("[DEFAULT]\ncolour = red\n")
    assert [finding.code for finding in service.validate()] == ["unknown-keyword"]
    furnish(folder_of(launching.node))
    assert service.validate() == []


def test_its_folder_changes_nothing_in_the_file(launching):
    service = launching.service(CONFIG)
    before = service.document().text()
    furnish(folder_of(launching.node))
    assert service.document().text() == before
    assert [section.rid for section in service.config().resources()] == ["fs#1", "app#1"]


def test_a_resource_that_the_file_describes_is_the_file_s(launching):
    service = launching.service(CONFIG)
    instance = service.instance()
    context = instance.part("fs#1").resource.context
    builder = Builder(service.config(), launching.node.registry.driver, lambda _section, _policy: context, [Section("fs#1", "fs", NAME)])
    assert [(part.rid, part.item.driver) for part in builder.parts()] == [("fs#1", "fs.probe"), ("app#1", "app.probe")]


def test_what_is_implied_is_a_decision_about_facts(tmp_path):
    facts = ServiceFacts(ServicePath("svc1"), launchers=tmp_path / "svc1.d")
    assert implied(facts) == []
    furnish(facts.launchers)
    assert implied(facts) == [Section("app", "app", NAME)]
