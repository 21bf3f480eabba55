"""A service's configuration as one node reads it: scopes, inheritance, references, older words."""

import pytest

from opensvc_core.config.converters import boolean, duration, integer, text, words
from opensvc_core.config.document import Document
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.sections import Section
from opensvc_core.config.service import ServiceConfig, World
from opensvc_core.errors import ConfigError, DriverUnavailable
from opensvc_core.model.names import ServicePath


class Program(Declares):
    """A driver's words, for these tests."""

    start = Keyword(text, scopable=True, text="")
    stop = Keyword(text, default="False", scopable=True, text="")
    check = Keyword(text, scopable=True, text="")
    timeout = Keyword(duration, scopable=True, text="", aliases=("time_limit",))
    ports = Keyword(words, default=[], text="")
    level = Keyword(text, candidates=("low", "high"), text="")
    interval = Keyword(duration, default=1.0, inherit="app_interval", text="")


class Device(Declares):
    """Another one."""

    name = Keyword(text, required=True, text="")
    dev = Keyword(text, scopable=True, text="")


DRIVERS = {"app.program": Program, "app": Program, "disk.vg": Device, "vg": Device, "fs.ext4": Device, "fs.xfs": Device}


def driver(name):
    if name not in DRIVERS:
        raise DriverUnavailable(f"no installed plugin provides {name}")
    return DRIVERS[name]


def config(source, *, node="n1", path="svc1", older=False, resolve=lambda _rid, _name: None, **world):
    facts = {"cluster": "clu1", "cluster_nodes": ("n1", "n2", "n3"), "cluster_drpnodes": ("d1",), **world}
    return ServiceConfig(
        Document.parse(source, older=older, path="svc1.conf"), World(node=node, path=ServicePath.parse(path), **facts), driver, resolve
    )


HEAD = "[DEFAULT]\nnodes = n1 n2\ndrpnodes = d1 d2\nencapnodes = e1\nflex_primary = n2\n"
EVERY = (
    "start = G\nstart@nodes = N\nstart@drpnodes = D\nstart@encapnodes = E\n"
    "start@flex_primary = F\nstart@drp_flex_primary = P\nstart@n1 = 1\n"
)
NODES = ("n1", "n2", "d1", "d2", "e1", "other")


@pytest.mark.parametrize(
    ("section", "key", "seen"),
    [
        (f"[app#1]\ntype = program\n{EVERY}", "start", ["1", "N", "D", "D", "E", "G"]),
        ("[app#1]\ntype = program\nstop@nodes = N\n", "stop", ["N", "N", "False", "False", "False", "False"]),
        ("[app#1]\ntype = program\ncheck = G\ncheck@flex_primary = F\n", "check", ["G", "F", "G", "G", "G", "G"]),
    ],
    ids=["every scope", "a scope alone", "flex primary"],
)
def test_the_most_specific_scope_that_applies_wins(section, key, seen):
    for node, value in zip(NODES, seen, strict=True):
        found = config(HEAD + section, node=node)
        keyword = Program.keywords()[key]
        assert found.value("app#1", keyword) == value, node


def test_keys_of_the_environment_have_scopes_too():
    source = f"{HEAD}[env]\nfoo@nodes = N\nfoo@drpnodes = D\n[app#1]\ntype = program\nstart = {{env.foo}}\n"
    found = [config(source, node=node).text("app#1", "start") for node in NODES]
    assert found == ["N", "N", "D", "D", "{env.foo}", "{env.foo}"]


def test_the_driver_itself_may_depend_on_the_node():
    source = f"{HEAD}[fs#1]\ntype = ext4\ntype@drpnodes = xfs\n"
    assert [section.driver for section in config(source, node="n1").resources()] == ["fs.ext4"]
    assert [section.driver for section in config(source, node="d1").resources()] == ["fs.xfs"]


def test_what_the_section_does_not_say_default_says_where_it_is_inherited():
    found = config(
        "[DEFAULT]\nrestart = 1\nrestart@n1 = 2\ndisable = true\nsubset = s\ntimeout = 5m\n"
        "[app#1]\ntype = program\n[app#2]\ntype = program\nrestart = 9\n"
    )
    assert (found.policy("app#1").restart, found.policy("app#2").restart) == (2, 9)
    assert (found.policy("app#1").disable, found.policy("app#1").subset) == (False, "")
    assert Program(found.values("app#1", Program)).timeout == 300


def test_a_keyword_may_inherit_under_another_name():
    found = config("[DEFAULT]\napp_interval = 7\ninterval = 5\n[app#1]\ntype = program\n")
    assert Program(found.values("app#1", Program)).interval == 7


def test_what_default_says_under_an_older_name_is_inherited_too():
    class Docker(Declares):
        data = Keyword(text, inherit="docker_data_dir", text="")
        same = Keyword(text, inherit="container_data_dir", text="")
        scsireserv = Keyword(boolean, default=False, aliases=("scsi_reserve",), text="")

    for word in ("docker_data_dir", "container_data_dir"):
        found = Docker(config(f"[DEFAULT]\n{word} = /d\nscsi_reserve = true\n[container#1]\ntype = docker\n").values("container#1", Docker))
        assert (found.data, found.same, found.scsireserv) == ("/d", "/d", True)


def test_triggers_are_not_inherited():
    assert config("[DEFAULT]\npre_start = x\n[app#1]\ntype = program\n").policy("app#1").command("pre", "start") == ""


def test_an_older_word_gives_the_keyword_its_value():
    found = config("[app#1]\ntype = program\ntime_limit = 1m30s\n")
    assert Program(found.values("app#1", Program)).timeout == 90
    assert config("[DEFAULT]\nservice_type = DEV\n").service.env == "DEV"


def test_older_sections_are_resources_of_the_group_disk():
    assert list(config("[vg#0]\nvgname=v # comment\n").resources()) == [Section("vg#0", "disk", "vg")]
    assert list(config("[vg#0]\nname=v\n", older=True).resources()) == [Section("vg#0", "disk", "vg")]


def test_subsets_are_known_by_group_or_driver():
    found = config("[subset#app]\nparallel = true\n[subset#container.docker:01]\nparallel = true\n[subset#fs:x]\n")
    assert found.subsets() == {"app": True, "container.docker:01": True, "fs:x": False}


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("{nodename} {svcname} {path} {namespace} {kind}", "n1 svc1 svc1 root svc"),
        ("{fqdn} {domain}", "svc1.root.svc.clu1 root.svc.clu1"),
        ("{clusternodes[1]} {#clusternodes} {clusterdrpnodes}", "n2 3 d1"),
        ("{rid} {rindex}", "app#1 1"),
        ("{env.a}{env.b}", "foofoobar"),
        ("{upper:env.a}", "FOO"),
        ("{app} {DEFAULT.app} {orchestrate} {priority}", "myapp myapp no 100"),
        ("{nodes[1]} {#nodes}", "n2 2"),
        ("{app#2.timeout}", "{app#2.timeout}"),
        ("{app#2.restart} {app#2.disable}", "0 false"),
        ("{fs#1.name}", "data"),
        ("<fs#1.name> <tt>", "data <tt>"),
        ("{env.sc} {env.sc@n2}", "v1 v2"),
        ("{encapnodes}|", "|"),
        ("{etc} {initd}", "/etc/opensvc /etc/opensvc/svc1.d"),
        ("{1...8} {a,b} ${var}", "{1...8} {a,b} ${var}"),
    ],
)
def test_references_stand_for(value, seen):
    source = (
        "[DEFAULT]\napp = myapp\nnodes = n1 n2\n[env]\na = foo\nb = {a}bar\nsc = def\nsc@n1 = v1\nsc@n2 = v2\n"
        f"[app#1]\ntype = program\nstart = {value}\n[app#2]\ntype = program\n[fs#1]\ntype = ext4\nname = data\n"
    )
    folders = {"etc": "/etc/opensvc", "initd": "/etc/opensvc/svc1.d"}
    assert config(source, folders=folders).text("app#1", "start") == seen


def test_the_environment_of_the_process_serves_only_where_the_section_is_silent():
    source = "[env]\na = section\n[app#1]\ntype = program\nstart = {env.a} {env.b}\n"
    assert config(source, environ={"A": "process", "B": "process"}).text("app#1", "start") == "section process"


def test_node_values_are_asked_for():
    assert config("[env]\na = {node.loc_city}\n", node_values={"loc_city": "Paris"}).text("env", "a") == "Paris"


def test_another_node_can_be_impersonated():
    assert config("[env]\na@n2 = two\na = one\n", node="n2").text("env", "a") == "two"


def test_a_circular_reference_is_named_in_one_line():
    with pytest.raises(ConfigError, match=r"svc1.conf:2: env.a: circular reference: env.a → env.b → env.a"):
        config("[env]\na = {env.b}\nb = {env.a}\n").text("env", "a")


def test_a_value_that_can_not_be_converted_is_told_with_its_place():
    with pytest.raises(ConfigError, match=r"svc1.conf:3: app#1.timeout: "):
        config("[app#1]\ntype = program\ntimeout = 5 lightyears\n").values("app#1", Program)
    with pytest.raises(ConfigError, match=r"'middle' is none of low, high"):
        config("[app#1]\ntype = program\nlevel = middle\n").values("app#1", Program)


def test_what_only_a_device_can_tell_is_asked_when_it_is_needed_and_each_time_anew():
    asked = []

    def resolve(rid, name):
        asked.append((rid, name))
        return ["/dev/vg/app", f"/dev/{len(asked)}"]

    found = config("[disk#1]\ntype = vg\nname = v\n[fs#1]\ntype = ext4\nname = x\ndev = {disk#1.exposed_devs[1]}\n", resolve=resolve)
    section = Device(found.values("fs#1", Device))
    assert asked == []
    assert (section.dev, section.dev) == ("/dev/1", "/dev/2")
    assert asked == [("disk#1", "exposed_devs")] * 2


def test_a_trigger_that_is_no_expression_is_for_its_shell():
    assert config("[app#1]\ntype = program\npre_start = log $(date +%s)\n").policy("app#1").command("pre", "start") == "log $(date +%s)"


def test_what_a_section_refers_to_is_known():
    found = config(
        "[fs#1]\ntype = ext4\nname = {disk#1.name} <disk#2.name>\n[disk#1]\ntype = vg\n[disk#2]\ntype = vg\n[disk#11]\ntype = vg\n"
    )
    assert found.refers_to("fs#1") == {"disk#1", "disk#2"}


def test_types_follow_the_declarations():
    class Typed(Declares):
        number = Keyword(integer, default=3, text="")
        flag = Keyword(boolean, default=False, text="")

    assert (Typed({}).number, Typed({"number": 4}).number, Typed({}).flag) == (3, 4, False)
    assert Typed.number.text == ""


# -- references that name nothing


@pytest.mark.parametrize("name", ["env.nosuch", "fs#9.mnt", "disk#9.exposed_devs[0]", "app#1.check"])
def test_a_text_with_a_reference_to_nothing_is_not_used(name):
    found = config(f"[env]\n[app#1]\ntype = program\nstart = rm -rf {{{name}}}/tmp\n")
    with pytest.raises(ConfigError, match=r"svc1.conf:4: app#1.start: the reference \{.*\} can't be replaced"):
        found.values("app#1", Program)


@pytest.mark.parametrize("text", ["x {nosuch}", "awk '{print}'", "{1...8}", "${env.nosuch}", "cat <in >out"])
def test_a_text_that_may_be_meant_as_it_is_is_used(text):
    assert Program(config(f"[app#1]\ntype = program\nstart = {text}\n").values("app#1", Program)).start == text


def test_a_note_may_hold_any_text():
    assert config("[env]\n[app#1]\ntype = program\ncomment = {env.nosuch}\n").policy("app#1").comment == "{env.nosuch}"


def test_a_trigger_of_the_service_is_refused_when_it_would_run():
    found = config("[DEFAULT]\napp = {env.nosuch}\npre_start = rm {env.nosuch}\n[env]\n")
    assert found.service.app == "{env.nosuch}"
    with pytest.raises(ConfigError, match=r"DEFAULT.pre_start: the reference \{env.nosuch\}"):
        found.service.command("pre", "start")


def test_what_a_device_can_not_tell_yet_is_text_that_no_start_uses():
    told = []
    source = "[disk#1]\ntype = vg\nname = v\n[fs#1]\ntype = ext4\nname = x\ndev = {disk#1.exposed_devs[0]}\n"
    section = Device(config(source, resolve=lambda _rid, _name: told).values("fs#1", Device))
    assert section.dev == "{disk#1.exposed_devs[0]}"
    with pytest.raises(ConfigError, match=r"fs#1.dev: .* is it started\?"):
        section.refuse_untold()
    told.append("/dev/v/a")
    section.refuse_untold()
    assert section.dev == "/dev/v/a"


# -- nodes


def test_the_words_of_a_slice():
    found = config("[env]\na = {short_name} {scaler_name} {scaler_short_name} {name}\n", path="3.web.app", cluster_id="c1")
    assert found.text("env", "a") == "3 web.app web 3.web.app"
    assert config("[env]\na = {scaler_name} {clusterid}|{collector_api}\n", cluster_id="c1").text("env", "a") == "svc1 c1|"


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("n1 n9", "n1 n9"),
        ("n9", "n9"),
        ("N1", "n1"),
        ("*", "n1 n2 n3"),
        ("n*", "n1 n2 n3"),
        ("n[12]", "n1 n2"),
        ("n3,n1", "n3 n1"),
        ("n1 x*", "n1"),
        ("!n2", "n1 n3"),
        ("n*+!n2", "n1 n3"),
        ("az=fr1", "n1 n3"),
        ("az:", "n1 n2 n3"),
        ("ssd:", "n2"),
        ("az=fr1+!n1", "n3"),
        ("az=fr1,ssd:", "n1 n3 n2"),
        ("{env.all}", "n1 n2 n3"),
        ("", ""),
    ],
)
def test_nodes_are_names_or_chosen_from_the_cluster(text, nodes):
    labels = {"n1": {"az": "fr1"}, "n2": {"az": "fr2", "ssd": ""}, "n3": {"az": "fr1"}}
    found = config(f"[DEFAULT]\nnodes = {text}\n[env]\nall = *\n", node_labels=lambda: labels)
    assert found.service.nodes == nodes.split()
    assert found.text("DEFAULT", "nodes").lower().split() == nodes.split()


def test_a_reference_to_chosen_nodes_gives_their_names():
    assert config("[DEFAULT]\nnodes = n*\n[env]\na = {nodes[1]} {#nodes} {DEFAULT.nodes}\n").text("env", "a") == "n2 3 n1 n2 n3"


def test_a_scope_counts_chosen_nodes():
    found = config("[DEFAULT]\nnodes = !n3\n[env]\na = other\na@nodes = member\n", node="n2")
    assert found.text("env", "a") == "member"
    assert config(found.document.text(), node="n3").text("env", "a") == "other"


def test_a_type_or_a_node_that_only_a_device_could_tell_is_text():
    found = config("[DEFAULT]\nnodes = {disk#1.exposed_devs}\n[disk#1]\ntype = vg\nname = v\n[fs#1]\ntype = {disk#1.exposed_devs[0]}\n")
    assert found.text("DEFAULT", "nodes") == "{disk#1.exposed_devs}"
    assert [section.driver for section in found.resources()] == ["disk.vg", "fs.{disk#1.exposed_devs[0]}"]


def test_nodes_that_depend_on_scoped_keys_end():
    found = config("[DEFAULT]\nnodes = {env.n}\n[env]\nn = n1 n2\nn@nodes = n9\nn@n2 = n2\n", node="n1")
    assert found.service.nodes == ["n9"]
    assert found.text("env", "n") == "n9"
    assert config(found.document.text(), node="n2").service.nodes == ["n2"]


@pytest.mark.parametrize("word", ["env", "service_type"])
@pytest.mark.parametrize("asked", ["env", "service_type"])
def test_a_reference_may_use_either_name_of_a_keyword(word, asked):
    found = config(
        f"[DEFAULT]\n{word} = DEV\n[env]\na = {{DEFAULT.{asked}}}\n[app#1]\ntype = program\ntime_limit = 5m\nstart = {{timeout}}\n"
    )
    assert found.text("env", "a") == "DEV"
    assert found.text("DEFAULT", asked) == "DEV"
    assert found.text("app#1", "start") == "5m"
    assert config("[env]\na = {app#1.time_limit}\n[app#1]\ntype = program\ntimeout = 5m\n").text("env", "a") == "5m"
