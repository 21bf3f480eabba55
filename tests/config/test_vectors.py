"""The configuration language as a table: what a text in a file comes to. Each row is a promise; a comment says where older agents differ.

The service is `svc1` of the cluster `clu1` (nodes n1 n2 n3, d1 for disaster recovery), seen from n1.
"""

import pytest

from opensvc_core.config.converters import (
    boolean,
    comma_words,
    duration,
    duration_minutes,
    expanded_shell_words,
    integer,
    shell_words,
    size,
    speed,
    tristate,
    word_set,
    words,
    words_lower,
)
from opensvc_core.config.document import Document
from opensvc_core.config.edits import apply, parse
from opensvc_core.config.references import expand
from opensvc_core.errors import ConfigError

ENV = """\
[DEFAULT]
id = 11111111-2222-3333-4444-555555555555
app = myapp
nodes = n1 n2
drpnodes = d1

[env]
a = foo
b = {a}bar
mixed = fOo bAr
l = e1 e2 e3
idx = 1
foox = viaNest
ip4 = 10.0.0.1
ip6 = fe80::1
empty =
A_Key = big
a-b = dashed
n = 41
k2 = two
nb = 3
sc = def
sc@n1 = v1
sc@n2 = v2
scref = {env.sc}

[fs#1]
type = ext4
dev = /dev/vg1/{rindex}
mnt = /srv/{name}/{rid}

[disk#1]
type = vg
name = vg1

[app#1]
tags = t1 t2 t3
start = true
"""
FOLDERS = {
    "etc": "/etc/opensvc",
    "var": "/var/lib/opensvc",
    "private_var": "/var/lib/opensvc/svc/svc1",
    "initd": "/etc/opensvc/svc1.d",
    "svcmgr": "/usr/bin/svcmgr",
    "nodemgr": "/usr/bin/nodemgr",
}
NODE = {"loc_city": "Paris", "env": "TST", "labels.az": "fr1", "env.nk": "nodeval"}
WORLD = {"folders": FOLDERS, "node_values": NODE, "dns": ("10.0.0.1", "10.0.0.2"), "cluster_id": "c1"}


# -- references

REFERENCES = [
    # names of the node, the service and the cluster
    ("{nodename}", "n1"),
    ("{svcname} {name} {path} {svcpath}", "svc1 svc1 svc1 svc1"),
    ("{namespace} {kind}", "root svc"),
    ("{fqdn}", "svc1.root.svc.clu1"),
    ("{domain}", "root.svc.clu1"),  # the older agent: None.svc.clu1
    ("{id}", "11111111-2222-3333-4444-555555555555"),
    ("{clusternodes} {clusterdrpnodes} {clustername} {clusterid}", "n1 n2 n3 d1 clu1 c1"),
    ("{clusternodes[1]} {#clusternodes}", "n2 3"),
    ("{DEFAULT.nodes} {#DEFAULT.nodes} {DEFAULT.nodes[1]}", "n1 n2 2 n2"),
    ("{nodes} {#nodes} {nodes[0]}", "n1 n2 2 n1"),
    ("{drpnodes} {drpnodes[0]} {#drpnodes}", "d1 d1 1"),
    ("{dns} {dns[1]}", "10.0.0.1 10.0.0.2 10.0.0.2"),
    ("{var} {etc}", "/var/lib/opensvc /etc/opensvc"),
    ("{private_var} {initd}", "/var/lib/opensvc/svc/svc1 /etc/opensvc/svc1.d"),
    ("{svcmgr} {nodemgr}", "/usr/bin/svcmgr /usr/bin/nodemgr"),
    ("{collector_api}|", "|"),
    ("{node.loc_city} {node.env} {node.labels.az} {node.env.nk}", "Paris TST fr1 nodeval"),
    # keys
    ("{a}", "foo"),
    ("{env.a}", "foo"),
    ("{env.b}", "foobar"),
    ("{env.{a}x}", "viaNest"),
    ("{env.scref}", "v1"),
    ("{env.sc@n2}", "v2"),  # the older agent: text
    ("{a-b}", "dashed"),  # the older agent: text
    ("{env.A_Key}", "big"),
    ("{DEFAULT.app} {app}", "myapp myapp"),
    ("{app#1.tags}", "t1 t2 t3"),
    ("{fs#1.mnt} {fs#1.dev}", "/srv/svc1/fs#1 /dev/vg1/1"),
    # a keyword that is not set stands for its default
    ("{orchestrate} {topology} {priority}", "no failover 100"),
    ("{app#1.restart} {app#1.disable}", "0 false"),  # the older agent: 0 False
    ("{encapnodes}|", "|"),  # the older agent: []|
    # modifiers
    ("{upper:env.a} {upper:nodename}", "FOO N1"),
    ("{lower:env.mixed}", "foo bar"),
    ("{capitalize:env.mixed}", "Foo bar"),
    ("{title:env.mixed}", "Foo Bar"),
    ("{swapcase:env.mixed}", "FoO BaR"),
    ("{uri_ip:env.ip6} {uri_ip:env.ip4}", "[fe80::1] 10.0.0.1"),
    ("{upper:fs#1.mnt}", "/SRV/SVC1/FS#1"),  # the older agent: text
    # words of a value, and their number
    ("{env.l[0]} {env.l[2]}", "e1 e3"),
    ("{#env.l} {#env.empty}", "3 0"),
    ("{env.l[{env.idx}]}", "e2"),
    ("{#env.{a}x}", "1"),
    ("host{1...{#nodes}}/disk{1...{nb}}", "host{1...2}/disk{1...3}"),
    # angle brackets, where they name a section that exists
    ("<env.a> <fs#1.mnt> <disk#1.name>", "foo /srv/svc1/fs#1 vg1"),
    ("<env.{a}x> <env.l[1]>", "viaNest e2"),
    # expressions
    ("$(1+2) $(2**10) $(7//2) $(7/2) $(7%3) $((1+2)*3) $(-3)", "3 1024 3 3.5 1 9 -3"),  # the older agent: one per value
    ("x$(1+1)y", "x2y"),
    ("$(2*1024)m", "2048m"),
    ("$({#env.l}*10)", "30"),
    ("$({env.n}+1)", "42"),
    ("{env.l[$(1+1)]} {env.k$(1+1)}", "e3 two"),
    ("{clusternodes[$(0//(3//{#clusternodes}))]}", "n1"),
    ('$("{nodename}"=="n1") $(1==1) $(n1 != n2)', "True True True"),
    ("$({nodename} in (n1,n2))", "True"),
    ('$("n1" in ("n1","n2"))', "True"),  # the older agent: False
    ("$('b' in 'abc')", "True"),
    ("$(a + b) $('a' * 3)", "ab aaa"),
    ("$(6 & 3) $(6 | 3) $(6 ^ 3) $(not 1) $(1 and 0)", "2 7 5 False 0"),
    ("$(0 or 3) $(False or True)", "3 True"),  # the older agent: 0 False
    ("$(1 < 2 > 3) $(1 < 2 > 1)", "False True"),  # the older agent: True
    ("$(foo) $(True)", "foo True"),
    ("$(n1.example.com == n1.example.com)", "True"),  # the older agent: an error
]


@pytest.mark.parametrize(("text", "value"), REFERENCES, ids=[text for text, _ in REFERENCES])
def test_a_value_comes_to(loaded, text, value):
    # the last key of [env], so that names without a section are looked up there
    config = loaded(ENV.replace("[fs#1]", f"value = {text}\n[fs#1]"), **WORLD)
    assert config.text("env", "value") == value
    assert config.unresolved("env", "value") == ()


TEXTS = [
    r"\{nodename\}",
    "${nodename}",  # the older agent: $n1
    "{1...8}",
    "{a,b}",
    "{ nodename }",
    "{}",
    "$()",
    "x{2,}",
    r"^[0-9]{3}\d+)$",
    "<tt> 2>&1 < file",
    "cat <<EOF",
    "awk '{print $1}'",
    '{"json": {"is": ["left", 1]}}',
    "`date +%s`; echo done",
    "a;b,c#d 'e' \"f\"",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_reference_stays(loaded, text):
    config = loaded(f"{ENV}check = {text}\n", **WORLD)
    assert config.text("app#1", "check") == text
    assert config.unresolved("app#1", "check") == ()


NOTHING = [
    ("{does.not.exist}", "does.not.exist"),
    ("x{nosuch}y", "nosuch"),
    ("{env.nosuch}", "env.nosuch"),
    ("{env.a_key}", "env.a_key"),
    ("{env.l[9]}", "env.l[9]"),
    ("{env.l[-1]}", "env.l[-1]"),
    ("{fs#9.mnt}", "fs#9.mnt"),
    ("{fs#1.nosuch}", "fs#1.nosuch"),
    ("{flex_primary}", "flex_primary"),
    ("{disk#9.exposed_devs[0]}", "disk#9.exposed_devs[0]"),
    ("{safe://abc}", "safe://abc"),
    ("{qq} " * 50, "qq"),  # the older agent: an error from the sixth on
]


@pytest.mark.parametrize(("text", "name"), NOTHING, ids=[text[:40] for text, _ in NOTHING])
def test_a_reference_that_names_nothing_stays_and_is_told(loaded, text, name):
    config = loaded(f"{ENV}check = {text}\n", **WORLD)
    assert config.text("app#1", "check") == text.strip()
    assert [one.partition("[")[0] for one in config.unresolved("app#1", "check")] == [name.partition("[")[0]]


REFUSED = [
    ("{env.l[x]}", "the index 'x' is no number"),
    ("$(1/0)", "division by zero"),
    ("$(9**9**9)", "too large"),
    ("$([a,b])", "not expected"),
    ("$(1 if 1 else 2)", "not expected"),
    ("$(len('abc'))", "not expected"),
    ("$(~1)", "not expected"),
    ("{app#1.start}", "circular reference: app#1.start → app#1.start"),
    ("{env.l1}", "circular reference: env.l1 → env.l2 → env.l1"),  # the older agent: an endless loop
]


@pytest.mark.parametrize(("text", "says"), REFUSED, ids=[text for text, _ in REFUSED])
def test_a_value_is_refused_in_one_line(loaded, text, says):
    config = loaded(f"[env]\nl = e1 e2\nl1 = {{env.l2}}\nl2 = {{env.l1}}\n[app#1]\nstart = {text}\n")
    with pytest.raises(ConfigError) as caught:
        config.text("app#1", "start")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_replaces_a_reference_is_no_reference(loaded):
    assert loaded("[env]\na = {{nodename}}\n").text("env", "a") == "{n1}"


@pytest.mark.parametrize(("text", "value"), [("$(1+2)", 3), ("$(7/2)", 3.5), ("$(1==1)", True), ("$(None)", None), ("$(1+2)x", "3x")])
def test_a_value_that_is_one_expression_keeps_its_kind(text, value):
    assert expand(text, {}.get, sections=()).value == value


NAMES = [
    ("svc1", "{path} {name} {short_name} {namespace}", "svc1 svc1 svc1 root"),
    ("prod/svc/web.app-1", "{path} {name} {short_name} {namespace}", "prod/svc/web.app-1 web.app-1 web prod"),
    ("prod/svc/web.app-1", "{fqdn} {domain}", "web.app-1.prod.svc.clu1 prod.svc.clu1"),
    ("3.web.app", "{scaler_name} {short_name} {scaler_short_name}", "web.app 3 web"),
    ("vol/v1", "{kind} {path} {domain}", "vol vol/v1 root.vol.clu1"),
]


@pytest.mark.parametrize(("path", "text", "value"), NAMES)
def test_the_names_of_a_service(loaded, path, text, value):
    assert loaded(f"[env]\na = {text}\n", path=path).text("env", "a") == value


def test_the_short_name_of_a_node(loaded):
    assert loaded("[env]\na = {short_nodename}\n", node="a.b.c").text("env", "a") == "a"


def test_a_device_is_asked_for_when_it_is_needed_alone(loaded):
    config = loaded("[disk#1]\ntype = lv\nname = a\nvg = v\n[fs#1]\ntype = ext4\nmnt = /a\ndev = {disk#1.exposed_devs[0]}\n")
    assert config.unresolved("fs#1", "dev") == ()


def test_the_section_comes_before_the_environment_of_the_process(loaded):  # the older agent: the process first
    config = loaded("[env]\nhome = /srv\na = {env.home} {env.user}\n", environ={"HOME": "/root", "USER": "root"})
    assert config.text("env", "a") == "/srv root"


# -- scopes

HEAD = "[DEFAULT]\nnodes = n1 n2\ndrpnodes = d1 d2\nencapnodes = e1\nflex_primary = n2\n"
SCOPED = [
    # what the sections say, the keyword, and its value on n1, n2, d1, d2, e1 and any other node
    (
        "[app#1]\nstart = G\nstart@nodes = N\nstart@drpnodes = D\nstart@encapnodes = E\nstart@flex_primary = F\n"
        "start@drp_flex_primary = P\nstart@n1 = 1\n",
        "app#1.start",
        "1 N D D E G",
    ),
    ("[app#1]\nstop@nodes = N\n", "app#1.stop", "N N False False False False"),
    ("[app#1]\ncheck = G\ncheck@flex_primary = F\n", "app#1.check", "G F G G G G"),
    ("[app#1]\ncheck = G\ncheck@drp_flex_primary = P\n", "app#1.check", "G G P G G G"),
    ("[app#1]\ndisable@n1 = true\n", "app#1.disable", "True False False False False False"),
    ("restart = 1\nrestart@nodes = 2\n[app#1]\n", "app#1.restart", "2 2 1 1 1 1"),
    ("restart = 1\nrestart@nodes = 2\n[app#1]\nrestart = 9\n", "app#1.restart", "9 9 9 9 9 9"),
    ("restart = 1\n[app#1]\nrestart@n1 = 5\n", "app#1.restart", "5 1 1 1 1 1"),
    ("[fs#1]\ntype = ext4\ndev = /dev/a\ndev@n2 = /dev/n2\n", "fs#1.dev", "/dev/a /dev/n2 /dev/a /dev/a /dev/a /dev/a"),
    ("[app#1]\nstart = G\nstart@clusternodes = C\nstart@drpnode = D\n", "app#1.start", "G G G G G G"),
    ("nodes@nodes = n7\n[app#1]\n", "DEFAULT.nodes", "['n1', 'n2'] ['n1', 'n2'] ['n1', 'n2'] ['n1', 'n2'] ['n1', 'n2'] ['n1', 'n2']"),
]


@pytest.mark.parametrize(("sections", "name", "values"), SCOPED, ids=[name for _, name, _ in SCOPED])
def test_the_most_specific_scope_wins(loaded, sections, name, values):
    section, _, key = name.rpartition(".")
    seen = []
    for node in ("n1", "n2", "d1", "d2", "e1", "other"):
        config = loaded(HEAD + sections, node=node)
        seen.append(str(config.value(section, config.declared(section)[key])))
    assert " ".join(seen) == values


def test_free_sections_have_scopes(loaded):
    source = f"{HEAD}[env]\nfoo@nodes = N\nfoo@drpnodes = D\n"
    assert [loaded(source, node=node).text("env", "foo") for node in ("n1", "d2", "e1")] == ["N", "D", None]


# -- inheritance

INHERITED = [
    ("optional = true\n[app#1]\n", "app#1.optional", True),
    ("subset = s\n[app#1]\n", "app#1.subset", ""),
    ("disable = true\n[app#1]\n", "app#1.disable", False),
    ("type = simple\n[app#1]\n", "app#1.type", None),
    ("pre_start = x\n[app#1]\n", "app#1.pre_start", None),
    ("sync_schedule = @7\nschedule = @5\n[sync#1]\n", "sync#1.schedule", "@7"),
    ("run_schedule = @9\n[task#1]\n", "task#1.schedule", "@9"),
    ("run_schedule = @9\n[task#1]\nschedule = @1\n", "task#1.schedule", "@1"),
    ("timeout = 5m\n[app#1]\n", "app#1.timeout", 300.0),
]


@pytest.mark.parametrize(("sections", "name", "value"), INHERITED, ids=[name for _, name, _ in INHERITED])
def test_what_a_section_does_not_say_default_may_say(loaded, sections, name, value):
    section, _, key = name.rpartition(".")
    config = loaded(f"[DEFAULT]\n{sections}")
    assert config.value(section, config.declared(section)[key]) == value


# -- converters

BAD = object()
CONVERTED = [
    (integer, [("1", 1), ("1.9", 1), ("-1", -1), ("1e3", 1000), (" 5 ", 5), ("abc", BAD), ("", BAD), ("0x10", BAD)]),  # older: None
    (boolean, [(word, True) for word in ("yes", "y", "true", "t", "1", "TRUE")]),
    (boolean, [(word, False) for word in ("no", "n", "false", "f", "0", "0.0", "", "none", "[]", "{}", "False")]),
    (boolean, [(word, BAD) for word in ("on", "off", "2", "maybe")]),
    (tristate, [("", None), ("yes", True), ("0", False), ("maybe", BAD)]),
    (words, [(" a  b\tc\n d", ["a", "b", "c", "d"]), ("a,b", ["a,b"]), ("", [])]),
    (words_lower, [("A b", ["a", "b"])]),
    (word_set, [("a b a", {"a", "b"})]),
    (comma_words, [(", ,1 2A , ", ["1 2A"]), ("1,2 a", ["1", "2 a"])]),
    (shell_words, [("a 'b c' d", ["a", "b c", "d"]), ("a 'b", BAD)]),
    (expanded_shell_words, [("-it --rm -e A=b -v=x", ["-i", "-t", "--rm", "-e", "A=b", "-v=x"])]),
    (size, [("1k", 1024), ("1K", 1024), ("1ki", 1024), ("1KiB", 1024), ("1 Ki", 1024), ("1KB", 1000), ("1kb", 1000)]),  # older: KB is 1024
    (size, [("1m", 1 << 20), ("1.5g", 3 << 29), ("1,5g", 3 << 29), ("1t", 1 << 40), ("1p", 1 << 50), ("1e", 1 << 60), ("1z", 1 << 70)]),
    (size, [("10B", 10), ("10b", 10), ("", 0), ("-1k", -1024), ("1x", BAD), ("0x10", BAD), ("1d", BAD)]),
    (size, [("10%", "10%"), ("50%FREE", "50%FREE"), ("100%VG", "100%VG")]),
    (duration, [("10", 10), ("1m", 60), ("1h30m", 5400), ("1h1m", 3660), ("1d12h", 129600), ("1w", 604800), ("1h 2 s", 3602)]),
    (duration, [("-5m", -300), ("1H", 3600), ("", 0), ("1.5h", BAD), ("m", BAD), ("1z 1m", BAD)]),
    (duration, [("1x", BAD), ("1y", BAD), ("abc", BAD)]),  # older: 0 without a word
    (duration_minutes, [("10", 600), ("1d3h", 97200)]),
    (speed, [("3 mb/s", 3072), ("10 kb/s", 10), ("1024", 1024), ("10 kib/s", 10)]),  # older: 9
]
CONVERSIONS = [(convert, text, value) for convert, rows in CONVERTED for text, value in rows]


@pytest.mark.parametrize(
    ("convert", "text", "value"), CONVERSIONS, ids=[f"{convert.__name__} {text!r}" for convert, text, _ in CONVERSIONS]
)
def test_a_text_is_converted(convert, text, value):
    if value is BAD:
        with pytest.raises(ValueError, match="allowed:"):
            convert(text)
    else:
        assert convert(text) == value


# -- settings

SETTINGS = [
    ("tags=x y", "x y"),
    ("tags+=c", "a b a c"),
    ("tags+=a", "a b a a"),
    ("tags[0]+=t0", "t0 a b a"),
    ("tags|=b c", "a b a c"),
    ("tags[1]|=tx ty", "a tx ty b a"),
    ("tags-=a", "b a"),
    ("tags-=nosuch", "a b a"),
    ("DEFAULT.tags=x", "x"),
]


@pytest.mark.parametrize(("setting", "value"), SETTINGS)
def test_a_setting_gives(setting, value):
    assert apply(Document.parse("[DEFAULT]\ntags = a b a\n"), [parse(setting)]).get("DEFAULT", "tags") == value


# -- the text of a file

FILES = [
    ("[s]\nk = v", "v"),
    ("[s]\nk: c:d", "c:d"),
    ("[s]\nk=b=c", "b=c"),
    ("[s]\nk : p1\n p2\n\tp3", "p1\np2\np3"),
    ("[s]\nk = c1\n\n  c2\n", "c1\n\nc2"),
    ("[s]\nk = c1\n  # dropped\n; dropped\n  c2\n", "c1\nc2"),
    ("[s]\nk = a ; not comment", "a ; not comment"),
    ("[s]\nk = a # not comment", "a # not comment"),
    ('[s]\nk = "quoted"', '"quoted"'),
    ("[s]\nk =", ""),
    ("[s]\nk = 1\nk = 2", "2"),
    ("[s]\nk = 1\n[t]\n[s]\nk = 2", "2"),
    ("\ufeff[s]\r\nk = v\r\n", "v"),
    ("[s]   # head\nk = v", "v"),
    ("[s]\n   k = v", "v"),
    ("[s]\nk = é « ü »", "é « ü »"),
    ("[s]\nk = " + "x" * 100_000, "x" * 100_000),
    ("[s]\nk = a  \t\nj = b", "a"),
]


@pytest.mark.parametrize(("text", "value"), FILES, ids=[text[:20] for text, _ in FILES])
def test_a_file_says(text, value):
    assert Document.parse(text).get("s", "k") == value
    assert Document.parse(text).text() == text


@pytest.mark.parametrize(("older", "value"), [(False, "v  # why"), (True, "v")])
def test_a_comment_behind_a_value_belongs_to_the_older_dialect(older, value):
    assert Document.parse("[s]\nk = v  # why\n", older=older).get("s", "k") == value


@pytest.mark.parametrize("text", ["[s]\nno delimiter\n", "[s]\n= v\n", "k = v\n[s]\n", "[s\nk = v\n", "[]\nk = v\n"])
def test_a_file_that_is_none_is_refused_with_its_line(text):
    with pytest.raises(ConfigError) as caught:
        Document.parse(text, path="svc1.conf")
    assert str(caught.value).startswith("svc1.conf:")


def test_ten_thousand_sections(loaded):
    source = "".join(f"[app#{number}]\nstart = {{app#{number - 1}.name}} {{rindex}}\nname = n{{rindex}}\n" for number in range(10_000))
    config = loaded(source)
    assert len(list(config.resources())) == 10_000
    assert config.text("app#9999", "start") == "n9998 9999"
