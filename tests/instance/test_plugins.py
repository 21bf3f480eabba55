"""Plugins around actions, and nodes beside each other."""

import pytest

from opensvc_core.api import Declares, Finding, Keyword, Resource, Severity, Status, integer, text
from opensvc_core.errors import ActionFailed, ActionRefused, ConfigError
from opensvc_core.registry import DRIVERS

ONE = "[fs#1]\ntype = probe\n"


def test_a_plugin_refuses_an_action_before_anything_is_done(labs, plugin):
    def opensvc_before_action(service, action, rids):
        raise ActionRefused(f"no {action} of {service} ({', '.join(rids)}) on Fridays")

    lab = labs(plugin(opensvc_before_action=opensvc_before_action))
    service = lab.service(ONE)
    with pytest.raises(ActionRefused, match=r"start refused by opensvc-a-plugin: no start of svc1 \(fs#1\) on Fridays"):
        lab.do(service, "start")
    assert lab.seen(service) == {"fs#1": "down"}
    assert len(service.plan("start").operations) == 1


def test_a_guard_that_fails_refuses(labs, plugin):
    lab = labs(plugin(opensvc_before_action=lambda service: {}[service]))
    with pytest.raises(ActionRefused, match="opensvc-a-plugin, which guards actions, failed: KeyError: 'svc1'"):
        lab.do(lab.service(ONE), "start")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [(ONE, "done"), (ONE + "fails = start\n", "failed"), (ONE + "fails = refuse\n", "refused")],
    ids=lambda value: value,
)
def test_plugins_are_told_how_an_action_ended(labs, plugin, text, outcome):
    told = []

    def opensvc_before_action(service):
        if outcome == "refused":
            raise ActionRefused("no")

    def opensvc_after_action(service, action, outcome, seconds):
        told.append((service, action, outcome, seconds >= 0))

    lab = labs(plugin(opensvc_after_action=opensvc_after_action, opensvc_before_action=opensvc_before_action))
    service = lab.service(text)
    try:
        lab.do(service, "start")
    except (ActionFailed, ActionRefused):
        assert outcome != "done"
    assert told == [("svc1", "start", outcome, True)]


def test_a_plugin_that_fails_is_logged_and_the_others_are_told(labs, plugin):
    told = []

    def opensvc_after_action(outcome):
        told.append(outcome)

    lab = labs(
        plugin("opensvc_bad", opensvc_after_action=lambda outcome: {}[outcome]),
        plugin("opensvc_good", opensvc_after_action=opensvc_after_action),
    )
    assert lab.do(lab.service(ONE), "start") == ["up fs#1"]
    assert told == ["done"]
    assert "plugin opensvc-bad: opensvc_after_action failed: KeyError: 'done'" in lab.lines()


def test_plugins_find_what_is_wrong_in_the_files_of_the_node(labs, plugin):
    def opensvc_validate_host(config):
        if config.document.get("labels", "az") == "bad":
            yield Finding(Severity.ERROR, "no-zone", "there is no such zone", section="labels", key="az", hint="ask")

    bad = plugin("opensvc_bad", opensvc_validate_host=lambda config: {}[config.world.node])
    node = labs(bad, plugin("opensvc_good", opensvc_validate_host=opensvc_validate_host)).node
    with pytest.raises(ConfigError, match=r"node\.conf.*labels\.az = bad: there is no such zone; ask"):
        node.change("node", lambda document: document.set("labels", "az", "bad"))
    assert not (node.paths.etc / "node.conf").exists()
    node.paths.etc.mkdir(parents=True, exist_ok=True)
    (node.paths.etc / "node.conf").write_text("[env]\na = b\n[labels]\naz = bad\n")
    failed, found = node.validate("node")
    assert (failed.code, failed.severity, failed.text) == (
        "plugin-failed",
        Severity.WARNING,
        f"opensvc-bad failed: KeyError: '{node.name}'",
    )
    assert (found.code, found.line, found.value) == ("no-zone", 4, "bad")


def test_drivers_find_what_is_wrong_in_the_file_of_a_service(labs, plugin):
    def opensvc_validate_service(config):
        if config.text("DEFAULT", "app") == "bad":
            yield Finding(Severity.ERROR, "no-app", f"{config.world.path} is of no known application", section="DEFAULT", key="app")

    def driver(name):
        return type(name, (Resource,), {"id": f"fs.{name}", "status": lambda self: Status.DOWN})

    def brings(name, **hooks):
        return plugin(f"opensvc_{name}", DRIVERS, f"fs.{name}", opensvc_register_drivers=lambda: [driver(name)], **hooks)

    lab = labs(
        brings("bad", opensvc_validate_service=lambda config: {}[config.world.node]),
        brings("good", opensvc_validate_service=opensvc_validate_service),
        brings("other", opensvc_validate_service=lambda config: {}["never"]),
        plugin("opensvc_plugin", opensvc_validate_service=lambda config: {}["never"]),
    )
    service = lab.service(ONE + "[fs#2]\ntype = bad\n[fs#3]\ntype = good\n")
    with pytest.raises(ConfigError, match=r"DEFAULT\.app = bad: svc1 is of no known application"):
        service.change(lambda document: document.set("DEFAULT", "app", "bad"))
    assert [(one.code, one.severity, one.text) for one in service.validate()] == [
        ("plugin-failed", Severity.WARNING, f"opensvc-bad failed: KeyError: '{lab.node.name}'")
    ]


class Bell(Declares):
    """`[bell#…]`."""

    rings = Keyword(integer, required=True, scopable=True, text="How often.", example="3")
    tone = Keyword(text, default="c", candidates=("c", "g"), text="Which.")


def test_a_plugin_has_sections_in_the_files_of_the_node(labs, plugin):
    told = {}

    def opensvc_configure(settings):
        told.update(settings)

    good = plugin("opensvc_good", opensvc_host_sections=lambda: {"bell": Bell, "node": Bell}, opensvc_configure=opensvc_configure)
    node = labs(plugin("opensvc_bad", opensvc_host_sections=lambda: {}["never"]), good).node
    node.paths.etc.mkdir(parents=True, exist_ok=True)
    file = node.paths.etc / "node.conf"
    file.write_text("[bell#1]\nrings = often\ntone = h\ntune = x\n[bell#2]\n[bel#3]\n[node]\nenv = PRD\n")
    assert [(one.code, one.line, one.hint) for one in node.validate("node")] == [
        ("bad-value", 2, ""),
        ("bad-value", 3, ""),
        ("unknown-keyword", 4, "did you mean 'tone'?"),
        ("missing-keyword", 5, "How often, such as rings = 3"),
        ("unknown-section", 6, "did you mean 'bell'?"),
    ]
    with pytest.raises(ConfigError, match=r"node\.conf.*bell#1\.rings"):
        told["node_sections"]("bell", Bell)
    file.write_text(f"[bell#1]\nrings = 2\nrings@{node.name} = 3\n[bell#2]\nrings@n9 = 1\n[bell#3]\ntone = g\n")
    with pytest.raises(ConfigError, match=f"bell#3: rings is required on {node.name}"):
        told["node_sections"]("bell", Bell)
    file.write_text(f"[cluster]\nnodes = {node.name} n9\n[bell#1]\nrings = 2\nrings@{node.name} = 3\n[bell#2]\nrings@n9 = 1\n")
    assert {name: (bell.rings, bell.tone) for name, bell in told["node_sections"]("bell", Bell).items()} == {"bell#1": (3, "c")}


def test_plugins_see_the_files_as_each_node_that_reads_other_values(labs, plugin):
    def opensvc_validate_host(config):
        yield Finding(Severity.WARNING, "zone", config.text("labels", "az"), section="labels")

    node = labs(plugin(opensvc_validate_host=opensvc_validate_host)).node
    node.paths.etc.mkdir(parents=True, exist_ok=True)
    (node.paths.etc / "cluster.conf").write_text(f"[cluster]\nnodes = {node.name} n7 n8\n[labels]\naz = a\naz@n7 = b\n")
    assert [one.text for one in node.validate("cluster") if one.code == "zone"] == ["a", "b"]


def test_a_plugin_that_can_not_be_imported_stops_nothing(labs, plugin):
    broken = plugin("opensvc_gone")._replace(module="opensvc_gone.nowhere")
    lab = labs(broken)
    assert lab.do(lab.service(ONE), "start") == ["up fs#1"]
    assert "opensvc_gone.nowhere" in lab.node.registry.failures()


def test_plugins_are_told_of_another_overall_status_once(labs, plugin):
    told = []
    lab = labs(plugin(opensvc_status_changed=lambda service, before, after: told.append((service, before, after))))
    service = lab.service(ONE)
    service.tell_status(service.status())
    service.tell_status(service.status())
    lab.do(service, "start")
    service.tell_status(service.status())
    assert told == [("svc1", "", "down"), ("svc1", "down", "up")]


def test_a_driver_plugin_that_fails_makes_only_its_own_resources_undef(labs, plugin):
    def opensvc_register_drivers():
        raise OSError("no library")

    lab = labs(plugin("opensvc_bad_driver", DRIVERS, "fs.bad", opensvc_register_drivers=opensvc_register_drivers))
    service = lab.write(ONE + "[fs#2]\ntype = bad\n")
    assert lab.seen(service) == {"fs#1": "down", "fs#2": "undef"}
    messages = [message.text for one in service.status().local.resources for message in one.messages]
    assert messages == ["opensvc-bad-driver failed: OSError: no library"]


def test_plugins_are_told_the_settings_of_their_node(labs, plugin):
    told = []

    def opensvc_configure(settings):
        told.append(settings)

    lab = labs(plugin(opensvc_configure=opensvc_configure))
    lab.do(lab.service(ONE), "start")
    assert told[0]["nodename"] == lab.node.name and told[0]["paths"]["etc"] == str(lab.node.paths.etc)


def test_two_nodes_below_two_folders_do_not_disturb_each_other(labs, elsewhere):
    one, other = labs(root="one"), labs(root="other")
    first, second = one.service(ONE), other.service(ONE)
    one.do(first, "start")
    assert (one.seen(first), other.seen(second)) == ({"fs#1": "up"}, {"fs#1": "down"})
    assert one.node.cgroup != other.node.cgroup
    with elsewhere(lambda wait: one.do(first, "stop", watch=lambda _noted, is_done: None if is_done else wait())):
        other.do(second, "start", wait_lock=0.1)
    assert (one.seen(first), other.seen(second)) == ({"fs#1": "down"}, {"fs#1": "up"})
    other.do(second, "stop")
    second.delete()
    assert [str(service.path) for service in one.node.services()] == ["svc1"] and other.node.services() == []


def test_the_log_of_a_service_has_what_was_done(lab):
    service = lab.service(ONE)
    lab.do(service, "start")
    text = lab.node.paths.log_file(service.path).read_text()
    assert "o:svc1 r:fs#1 sc:n | up fs#1" in text
