"""What `validate` finds beyond single words: things used twice, covered, needed in vain, left alone."""

import pytest

from opensvc_core.config.converters import words
from opensvc_core.config.document import Document
from opensvc_core.config.findings import Severity, refuse_errors
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.sections import Section
from opensvc_core.config.service import ServiceConfig, World
from opensvc_core.config.validation import fixed, validate, validate_node
from opensvc_core.errors import ConfigError
from opensvc_core.model.names import ServicePath

SEED = (  # the file of the first tutorial
    "[DEFAULT]\napp = MyApp\nnodes = demo1 demo2\nid = d74cc963-8f18-4c73-9691-9a833dba2a22\n\n[ip#0]\nipname = demosvc.opensvc.com\n"
    "ipdev = br-prd\n\n[disk#0]\ntype = vg\nname = vgsc1\n\n[disk#1]\ntype = lv\nname = app\nvg = {disk#0.name}\n\n[disk#2]\ntype = lv\n"
    "name = data\nvg = {disk#0.name}\n\n[fs#app]\ntype = ext4\ndev = {disk#1.exposed_devs[0]}\nmnt = /{name}/{disk#1.name}\n\n"
    "[fs#data]\ntype = ext4\ndev = {disk#1.exposed_devs[0]}\nmnt = /{name}/{disk#2.name}\n"
)


def fs(rid, dev, mnt, more=""):
    return f"[{rid}]\ntype = ext4\ndev = {dev}\nmnt = {mnt}\n{more}"


def test_the_first_tutorials_file_has_one_finding_a_device_used_twice(loaded):
    (finding,) = validate(loaded(SEED, node="demo1"))
    assert (finding.code, finding.severity, finding.section, finding.key, finding.line) == (
        "used-twice",
        Severity.WARNING,
        "fs#data",
        "dev",
        31,
    )
    assert str(finding) == (
        "svc1.conf:31: warning: fs#data.dev = {disk#1.exposed_devs[0]}: the device is used by fs#app as well (line 26); "
        "give fs#data another dev, or disable one of the two"
    )


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        (fs("fs#1", "/dev/vg/a", "/a") + fs("fs#2", "/dev/vg/a", "/b"), ["used-twice fs#2.dev"]),
        (fs("fs#1", "/dev/vg/a", "/a") + fs("fs#2", "/dev//vg/a", "/b"), ["used-twice fs#2.dev"]),
        (fs("fs#1", "/dev/vg--x/a", "/a") + fs("fs#2", "/dev/mapper/vg--x-a", "/b"), []),
        (fs("fs#1", "/dev/vg-x/a", "/a") + fs("fs#2", "/dev/mapper/vg--x-a", "/b"), ["used-twice fs#2.dev"]),
        (fs("fs#1", "UUID=1", "/a") + fs("fs#2", "UUID=1", "/b"), ["used-twice fs#2.dev"]),
        (fs("fs#1", "{env.d}", "/a") + fs("fs#2", "/dev/d", "/b") + "[env]\nd = /dev/d\n", ["used-twice fs#2.dev"]),
        (fs("fs#1", "/dev/a", "/a") + fs("fs#2", "/dev/b", "/a/"), ["used-twice fs#2.mnt"]),
        (fs("fs#1", "/dev/a", "/a") + fs("fs#2", "/dev/a", "/a"), ["used-twice fs#2.dev", "used-twice fs#2.mnt"]),
        (
            fs("fs#1", "/dev/a", "/a") + fs("fs#2", "/dev/a", "/b") + fs("fs#3", "/dev/a", "/c"),
            ["used-twice fs#2.dev", "used-twice fs#3.dev"],
        ),
        (fs("fs#1", "/dev/a", "/a") + fs("fs#2", "/dev/a", "/b", "disable = true\n"), []),
        (fs("fs#1", "/dev/a", "/a", "encap = true\n") + fs("fs#2", "/dev/b", "/a"), []),
        (fs("fs#1", "srv:/x", "/a") + fs("fs#2", "srv:/x", "/b"), []),
        (fs("fs#1", "/dev/a", "/a", "mnt_opt = subvol=x\n") + fs("fs#2", "/dev/a", "/b", "mnt_opt = subvol=y\n"), []),
        (fs("fs#1", "tmpfs", "/a") + fs("fs#2", "tmpfs", "/b"), []),
        ("[disk#1]\ntype = loop\nfile = /i\n[disk#2]\ntype = loop\nfile = /i\n", ["used-twice disk#2.file"]),
        ("[disk#1]\ntype = raw\ndevs = /dev/a /dev/b\n" + fs("fs#2", "/dev/b", "/b"), ["used-twice fs#2.dev"]),
        (
            "[disk#1]\ntype = vg\nname = v\n" + fs("fs#1", "{disk#1.exposed_devs[0]}", "/a") + fs("fs#2", "{disk#1.exposed_devs[1]}", "/b"),
            [],
        ),
        ("[ip#1]\nipname = 10.0.0.1\nipdev = eth0\n[ip#2]\nipname = 10.0.0.1\nipdev = eth1\n", ["used-twice ip#2.ipname"]),
        ("[ip#1]\nipname = fe80::1\nipdev = eth0\n[ip#2]\nipname = FE80:0::1\nipdev = eth1\n", ["used-twice ip#2.ipname"]),
        ("[ip#1]\nipname = Web\nipdev = eth0\n[ip#2]\nipname = web\nipdev = eth1\n", ["used-twice ip#2.ipname"]),
        (
            "[ip#1]\ntype = netns\nipname = 10.0.0.1\nipdev = eth0\nnetns = container#1\n"
            "[ip#2]\ntype = netns\nipname = 10.0.0.1\nipdev = eth0\nnetns = container#2\n",
            [],
        ),
        (
            "[DEFAULT]\nnodes = n1 n2\n"
            + fs("fs#1", "/dev/a", "/a", "dev@n2 = /dev/b\n")
            + fs("fs#2", "/dev/c", "/b", "dev@n2 = /dev/b\n"),
            ["used-twice fs#2.dev@n2"],
        ),
        (
            "[DEFAULT]\nnodes = n1 n2\n"
            + fs("fs#1", "/dev/a", "/a", "disable@n1 = true\n")
            + fs("fs#2", "/dev/a", "/a", "disable@n2 = true\n"),
            [],
        ),
    ],
)
def test_a_thing_is_for_one_resource(found, source, finding):
    assert found(source) == finding


def test_a_device_that_is_not_known_yet_counts_whatever_the_driver_makes_of_the_text():
    def path(value):
        if not value.startswith("/"):
            raise ValueError(value)
        return value

    class Raw(Declares):
        dev = Keyword(path, claims="device", text="")
        devs = Keyword(words, claims="device", text="")

    source = "[disk#1]\n[disk#2]\ndev = {disk#1.exposed_devs[1]}\n[disk#3]\ndevs = {disk#1.exposed_devs}\n"
    config = ServiceConfig(Document.parse(source), World(node="n1", path=ServicePath("svc1")), lambda _name: Raw)
    assert [(one.code, one.section, one.key) for one in validate(config)] == [("used-twice", "disk#3", "devs")]


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        (fs("fs#1", "/dev/a", "/a/b") + fs("fs#2", "/dev/b", "/a"), []),
        (fs("fs#1", "/dev/a", "/a/b", "subset = a\n") + fs("fs#2", "/dev/b", "/a", "subset = b\n"), []),
        (fs("fs#1", "/dev/a", "/a/b", "standby = true\n") + fs("fs#2", "/dev/b", "/a"), ["mounted-later fs#1.mnt"]),
        (fs("fs#1", "/dev/a", "/a/b", "standby = true\n") + fs("fs#2", "/dev/b", "/a", "standby = true\n"), []),
        (fs("fs#1", "/dev/a", "/ab", "standby = true\n") + fs("fs#2", "/dev/b", "/a"), []),
        ("[disk#1]\ntype = loop\nfile = /a/image\n" + fs("fs#2", "/dev/b", "/a"), ["mounted-later disk#1.file"]),
        ("[disk#1]\ntype = loop\nfile = /images/a\n" + fs("fs#2", "/dev/b", "/a"), []),
    ],
)
def test_a_mount_covers_what_was_there_before(found, source, finding):
    assert found(source) == finding


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("[app#1]\nstart_requires = app#2\n[app#2]\n", []),
        ("[app#1]\nstart_requires = fs#2(down) impossible\n", ["unknown-rid app#1.start_requires"]),
        ("[app#1]\nstop_requires@n1 = app#22\n[app#2]\n", ["unknown-rid app#1.stop_requires@n1"]),
        ("[DEFAULT]\nrun_requires = app#7\n[app#1]\n", ["unknown-rid DEFAULT.run_requires"]),
        ("[app#1]\nstart_requires = (\n", ["bad-value app#1.start_requires"]),
        ("[app#1]\nstart = {app#2.stop}\n[app#2]\nstop = x\nstart = {app#1.script}\n[app#3]\nscript = x\n", ["circular-need app#1"]),
        (fs("fs#1", "/dev/a", "/a/b") + fs("fs#2", "/dev/{fs#1.mnt_opt}", "/a") + "[DEFAULT]\nmnt_opt = rw\n", ["circular-need fs#1"]),
    ],
)
def test_needs_can_be_met(found, source, finding):
    assert [one for one in found(source) if not one.startswith("dangling")] == finding


def test_a_type_that_goes_on_in_another_line_is_told_in_one(loaded):
    (finding,) = validate(loaded("[fs#1]\ntype = no\n\tsuch\n"))
    assert (finding.code, finding.text) == ("unknown-driver", "no installed plugin provides fs.no such")


@pytest.mark.parametrize(("rid", "finding"), [("fs#1pr", []), ("fs#2pr", ["unknown-rid"])])
def test_what_is_there_without_a_section_may_be_needed(loaded, rid, finding):
    implied = [Section("fs#1pr", "fs", "disk.raw", beside="fs#1")]
    source = fs("fs#1", "/dev/a", "/a") + f"[app#1]\nstart_requires = {rid}\n"
    found = validate(loaded(source), implied)
    assert [one.code for one in found] == finding
    assert all("fs#1pr" in one.hint for one in found)


def test_a_circle_of_references_is_found_once_and_named_in_one_line(loaded):
    source = "[app#1]\nstart = {env.a}\n[env]\na = {env.b}\nb = <env.c>\nc = {a}\n"
    (finding,) = validate(loaded(source))
    assert (finding.code, finding.line, finding.text) == ("circular-reference", 4, "circular reference: env.a → env.b → env.c → env.a")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{env.porrt}", "did you mean 'env.port'?"),
        ("{fs#daata.mnt}", "did you mean 'fs#data.mnt'?"),
        ("{nodname}", "did you mean 'nodename'?"),
        ("{env.port[3]}", "{env.port} has no word 3; the first is 0"),
        ("{safe://x}", "no installed plugin answers for safe://"),
        ("{volume#1.mnt}", "volumes are brought by a plugin"),
        ("{dnsuxsock}", "this agent has no name server"),
    ],
)
def test_a_reference_to_nothing_has_a_way_out(loaded, text, hint):
    source = "[env]\nport = 80\n[app#1]\nstart = " + text + "\n" + fs("fs#data", "/dev/a", "/a")
    (finding,) = validate(loaded(source))
    assert finding.code == "dangling-reference"
    assert finding.hint.startswith(hint)


def test_what_depends_on_who_calls_is_told(loaded):
    (finding,) = validate(loaded("[env]\na = {env.home}\nb = {env.a}\n", environ={"HOME": "/root", "A": "x"}))
    assert (finding.code, finding.key, finding.hint) == ("depends-on-environment", "a", "set home in [env]")


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("[DEFAULT]\nnodes = n1\n[hb#0]\ntype = OpenHA\n", ["no-peer hb#0"]),
        ("[hb#0]\ntype = OpenHA\n", ["no-peer hb#0"]),
        ("[DEFAULT]\nnodes = n1 n2\n[hb#0]\ntype = OpenHA\n", []),
        ("[DEFAULT]\nnodes = n1\ndrpnodes = d1\n[hb#0]\ntype = openha\n", []),
        (
            "[DEFAULT]\nnodes = n1 n2\nautostart_node = n1\n[hb#0]\ntype = OpenHA\n",
            ["deprecated-keyword DEFAULT.autostart_node", "ignored-keyword DEFAULT.autostart_node"],
        ),
    ],
)
def test_a_heartbeat_of_a_service_has_a_peer(found, source, finding):
    assert found(source) == finding


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ("monitor_action = freezestop", []),
        ("monitor_action = none", []),
        ("monitor_action = reboot", ["ignored-keyword DEFAULT.monitor_action"]),
        ("monitor_action@n1 = freezestop crash", ["ignored-keyword DEFAULT.monitor_action@n1"]),
        ("monitor_schedule = @5", []),
    ],
)
def test_what_follows_under_a_cluster_manager_is_a_freeze_stop_or_nothing(found, words, finding):
    assert found(f"[DEFAULT]\nnodes = n1 n2\n{words}\n[hb#0]\ntype = OpenHA\n") == finding


def test_without_a_cluster_manager_there_is_no_schedule_for_monitored_resources(found):
    assert found("[DEFAULT]\nnodes = n1 n2\nmonitor_schedule = @5\nmonitor_action = reboot\n") == ["no-effect DEFAULT.monitor_schedule"]


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("[hb#1]\ntype = unicast\n", []),
        ("[cluster]\nnodes = n1\n[hb#1]\ntype = unicast\n", []),
        ("[cluster]\nnodes = n1 n2\n[hb#1]\ntype = unicast\nnodes = n1\n", ["no-peer"]),
        ("[cluster]\nnodes = n1 n2\n[hb#1]\ntype = unicast\nnodes = n1 n3\n", ["unknown-node"]),
        ("[cluster]\nnodes = n1 n2\n[hb#1]\ntype = unicast\nnodes = n1 n2\n", []),
    ],
)
def test_a_heartbeat_of_the_cluster_has_a_peer(loaded, source, finding):
    assert [one.code for one in validate_node(loaded(source))] == finding


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("type = unicast\nporrt = 1\n", ("unknown-keyword", "error", "porrt", "did you mean 'port'?")),
        ("type = unicast\nport = many\n", ("bad-value", "error", "port", "many")),
        ("type = unicast\ninterval = often\n", ("bad-value", "error", "interval", "often")),
        ("type = unicast\nport@n1 = 5\n", ("not-scopable", "error", "port@n1", "same on all nodes")),
        ("type = unicat\naddr = x\n", ("unknown-driver", "error", "type", "hb.unicat")),
        ("type = disk\n", ("missing-keyword", "error", "", "dev is required")),
        ("addr = 10.0.0.1\n", ("missing-keyword", "warning", "", "type is required")),
    ],
)
def test_a_heartbeat_of_the_cluster_has_the_words_of_its_driver(loaded, source, finding):
    code, severity, key, says = finding
    (found,) = validate_node(loaded(f"[cluster]\nnodes = n1 n2\n[hb#1]\n{source}"))
    assert (found.code, found.severity.value, found.section, found.key) == (code, severity, "hb#1", key)
    assert says in str(found)


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("[stonith#n2]\ncmd = /bin/off\n", None),
        ("[stonith#n2]\ncmd = /bin/off\ntimout = 3\n", ("unknown-keyword", "error", "timout", "did you mean 'timeout'?")),
        ("[stonith#n2]\ncmd = /bin/off\ntimeout = soon\n", ("bad-value", "error", "timeout", "soon")),
        ("[stonith#n2]\ntype = commnad\n", ("unknown-driver", "error", "type", "stonith.commnad")),
        ("[stonith#n9]\ncmd = /bin/off\n", ("unknown-node", "warning", "", "'n9' is no member")),
        ("[stonith#n2]\ntype = fence_agents\nagent = ipmilan\nlanplus = 1\n", None),
        ("[arbitrator#a]\nuri = tcp://10.0.0.9:1216\n", None),
        ("[arbitrator#a]\nuri = 10.0.0.9\nwieght = 2\n", ("unknown-keyword", "warning", "wieght", "did you mean 'weight'?")),
        ("[arbitrator#a]\nweight = 2\n", ("bad-value", "error", "", "uri is required")),
        ("[arbitrator#a]\nuri = udp://10.0.0.9\n", ("bad-value", "error", "uri", "udp:// is not spoken here")),
        ("[arbitrator#a]\nuri = tcp://10.0.0.9:many\n", ("bad-value", "error", "uri", "many")),
        ("[arbitrator#a]\nuri = a\ntimeout = 5\n[node]\nready_period = 5\n", ("bad-value", "error", "timeout", "less than ready_period")),
        ("[arbitrator#a]\nuri = a\ntimeout = 50\n", ("bad-value", "warning", "timeout", "less than ready_period")),
        ("[arbitrator#a]\nuri = a\nweight = 0\n", ("bad-value", "error", "weight", "1 or more")),
        ("[arbitrator#a]\nuri = a\nsecret = short\n", ("weak-secret", "error", "secret", "fewer than 16 characters")),
    ],
)
def test_what_guards_a_cluster_has_words_that_are_known(loaded, source, finding):
    found = [(one.code, one.severity.value, one.key) for one in validate_node(loaded(f"[cluster]\nnodes = n1 n2\n{source}"))]
    assert found == ([finding[:3]] if finding else [])
    if finding:
        assert finding[3] in str(validate_node(loaded(f"[cluster]\nnodes = n1 n2\n{source}"))[0])


@pytest.mark.parametrize(
    ("secret", "severity"),
    [
        ("short", "error"),
        ("0123456789abcde", "error"),
        ("0123456789abcdef", "warning"),
        ("correct horse battery staple", "warning"),
        ("0123456789abcdef0123456789abcdef", None),
        ("0123456789ABCDEF0123456789ABCDEF0123456789abcdef", None),
    ],
)
@pytest.mark.parametrize("key", ["secret", "next_secret"])
def test_a_secret_that_can_be_guessed_is_told(loaded, key, secret, severity):
    found = [(one.code, one.severity.value, one.key) for one in validate_node(loaded(f"[cluster]\n{key} = {secret}\n"))]
    assert found == ([("weak-secret", severity, key)] if severity else [])


@pytest.mark.parametrize(
    "line",
    [
        "[cluster]\nsecret = hush-hush",
        "[cluster]\nnext_secret = hush-hush but longer",
        "[cluster]\nsecret = hush-hush but longer # and a comment",
        "[cluster]\nsecret@n1 = hush-hush but longer",
        "[cluster]\nsecret = hush-hush{fs#1.hush-hush}",
        "[cluster]\nsecret = hush-hush$(1/0 hush-hush)",
        "[arbitrator#a]\nuri = a\nsecret = hush-hush",
        "[stonith#n1]\ntype = fence_agents\nagent = fence_ipmilan\npasswd = hush-hush{fs#1.hush-hush}",
        "[stonith#n1]\ntype = fence_agents\nagent = fence_ipmilan\nsnmp-priv-passwd = hush-hush # hush-hush",
        "[token#a]\nrole = admin\ntoken = hush-hush",
    ],
)
def test_no_finding_shows_a_secret(loaded, line):
    found = validate_node(loaded(f"{line}\n"))
    assert found
    assert "hush-hush" not in repr(found)
    with pytest.raises(ConfigError, match=r"secret|passwd|token") as caught:
        refuse_errors(one._replace(severity=Severity.ERROR) for one in found)
    assert "hush-hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("[DEFAULT]\nnodes = n1 n2\ndrpnodes = d9\n[app#1]\nstart@n2 = a\nstart@d9 = b\nstart@drpnodes = c\nstart = d\n", []),
        ("[DEFAULT]\nnodes = n1 n2\n[app#1]\nstart@n4 = a\n", ["unknown-scope app#1.start@n4"]),
        ("[DEFAULT]\nnodes = n1 n2\n[app#1]\nstart@drpnode = a\n", ["unknown-scope app#1.start@drpnode"]),
        ("[app#1]\nstart@anything = a\n", []),
        ("[ fs#1 ]\n", ["unknown-section  fs#1 "]),
        ("[default]\napp = x\n", ["unknown-section default"]),
        ("[DEFAULT]\ncomp_schedule = $(1)\ndrp_type = web\n", ["no-effect DEFAULT.comp_schedule", "no-effect DEFAULT.drp_type"]),
        ("[subset#app:x]\npg_cpus = 1\n[app#1]\npg_cpus = 1\n", []),
        ("[subset#app:x]\npg_cpus = two\n[app#1]\npg_cpus = 3-1\n", ["bad-value subset#app:x.pg_cpus", "bad-value app#1.pg_cpus"]),
        ("[fs#1]\ntype = $(1/0)\n", ["bad-reference fs#1.type"]),
        ("[fs#1]\ntype = flag\ntype@n2 = $(1/0)\n", ["bad-value fs#1.type@n2"]),
        ("[fs#1]\ntype = {type}\n[app#2]\ntype = nope\n", ["circular-reference fs#1.type", "unknown-driver app#2.type"]),
    ],
)
def test_words_are_in_their_place(found, source, finding):
    assert found(source) == finding


def test_any_spelling_of_a_section_is_recognised(loaded):
    hints = [one.hint for one in validate(loaded("[default]\n[ fs#1 ]\n[Labels]\n"))]
    assert hints == ["did you mean 'DEFAULT'?", "blanks in a header belong to the name; did you mean [fs#1]?", "did you mean 'labels'?"]


# -- what can be mended


def test_older_names_are_replaced_and_all_else_stays(loaded):
    source = (
        "\ufeff[DEFAULT]   # head\r\nservice_type=DEV  # what\r\n  # between\r\nautostart_node = n1\r\ncluster_type : flex\r\n"
        "[disk#1]\r\ntype = vg\r\nvgname@n2\t=  b\r\nvgname = a\r\n   continued\r\n[fs#1]\r\ntype = ext4\r\nmnt_opts = rw\r\nmnt_opt = ro"
    )
    config = loaded(source, older=True)
    expected = source.replace("service_type", "env").replace("cluster_type", "topology").replace("vgname", "name")
    assert fixed(config).text() == expected
    assert fixed(ServiceConfig(fixed(config), config.world, config.declarations)).text() == expected


def test_a_file_without_older_names_is_the_same_after_mending(loaded):
    config = loaded(SEED)
    assert fixed(config) is config.document


def test_the_files_of_the_node_are_mended_too():
    document = Document.parse("[node]\nhost_mode = PRD\n[hook#1]\nuser = x\n")
    config = ServiceConfig(document, World(node="n1", path=ServicePath("node", kind="ccfg")), None)
    assert fixed(config).text() == "[node]\nenv = PRD\n[hook#1]\nuser = x\n"


@pytest.mark.parametrize("value", ["freezestop", "freezestop crash", "none"])
def test_a_monitor_action_has_one_fallback(loaded, value):
    assert validate(loaded(f"[DEFAULT]\nmonitor_action = {value}\n")) == []


@pytest.mark.parametrize("value", ["explode", "crash reboot switch"])
def test_another_monitor_action_is_refused(loaded, value):
    (finding,) = validate(loaded(f"[DEFAULT]\nmonitor_action = {value}\n"))
    assert (finding.code, "freezestop" in finding.text + finding.hint) == ("bad-value", True)
