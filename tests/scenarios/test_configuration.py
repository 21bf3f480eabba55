"""get, set, unset, eval, edit config, print config, validate config: nothing of a file is lost, and mistakes are told."""

import json
import re
import stat

import pytest

FILE = """\
# The shop. Ask Ann before you change it.
[DEFAULT]
nodes = n1 n2
app: shop

; the data
[fs#1]
type = flag
tags =  a
\tb
optional = false
optional@n2 = true

[env]
where = {svcname}/{env.what}
what=ünïcode ✓
"""


@pytest.fixture
def shop(root):
    return root.write("etc/shop.conf", FILE)


def test_get_tells_what_is_written_and_eval_what_it_means(root, shop):
    done = root("om shop get --kw env.where --kw app --kw fs#1.tags")
    assert done.stdout == "{svcname}/{env.what}\nshop\na\nb\n"
    for words in ("get --eval", "eval"):
        assert root(f"om shop {words} --kw env.where --kw nodes").stdout == "shop/ünïcode ✓\nn1 n2\n"
    assert root("svcmgr -s shop get --param app").stdout == "shop\n"
    assert root("om shop get --impersonate n2 --kw fs#1.optional").stdout == "true\n"


def test_a_keyword_that_is_not_set_is_told_by_the_exit_code(root, shop):
    done = root("om shop get --kw env.nothing", code=1)
    assert (done.stdout, done.stderr) == ("", "")
    known = json.loads(root("om shop get --kw nodes --kw env.nothing --format json", code=1).stdout)["values"]
    assert [entry["value"] for entry in known] == ["n1 n2", None]
    assert json.loads(root("om shop eval --kw nodes --kw fs#1.optional --format json").stdout)["values"][0]["value"] == ["n1", "n2"]


def test_setting_one_key_leaves_every_other_byte(root, shop):
    shop.chmod(0o640)
    root("om shop set --kw env.what=other")
    assert shop.read_text() == FILE.replace("what=ünïcode ✓", "what=other")
    assert stat.S_IMODE(shop.stat().st_mode) == 0o640
    root("om shop set --kw 'env.what=ünïcode ✓'")
    assert shop.read_text() == FILE


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [
        ("--kw nodes+=n3", "nodes", "n1 n2 n3"),
        ("--kw nodes[0]+=n0", "nodes", "n0 n1 n2"),
        ("--kw nodes-=n1", "nodes", "n2"),
        ("--kw 'nodes|=n2 n4'", "nodes", "n1 n2 n4"),
        ("--kw nodes[1]=n9", "nodes", "n1 n9"),
        ("--kw fs.disable=true", "fs#1.disable", "true"),
        ("--param nodes --add n3 --index 0", "nodes", "n3 n1 n2"),
        ("--param nodes --remove n2", "nodes", "n1"),
        ("--param fs#1.comment --value 'a b = c'", "fs#1.comment", "a b = c"),
        ("--kw fs#1.optional@n3=true", "fs#1.optional@n3", "true"),
        ("--kw fs#2.type=flag --kw fs#2.optional=true", "fs#2.optional", "true"),
    ],
)
def test_set_has_operators(root, shop, words, key, value):
    root(f"om shop set {words}")
    assert root(f"om shop get --kw {key}").stdout == f"{value}\n"


def test_values_of_many_lines_come_back(root, shop):
    value = "\n".join(f"line {number} with = and {{}}" for number in range(1000))
    root(f"om shop set --kw 'env.long={value}'")
    assert root("om shop get --kw env.long").stdout == f"{value}\n"
    assert root("om shop get --kw app --kw env.what").stdout == "shop\nünïcode ✓\n"
    root("om shop unset --kw env.long")
    assert shop.read_text() == FILE


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("set --kw app=other --kw fs#1.optional=perhaps", 7, "fs#1.optional"),
        ("set --kw app=other --kw nonsense", 2, "nonsense"),
        ("set --kw app=other --kw fs#2.type=flagg", 7, "fs.flagg"),
        ("set --kw app=other --kw disk.name=x", 2, "disk"),
        ("set --kw app=other --param nodes", 2, "--param"),
        ("unset --kw app --kw env.nothing", 2, "env.nothing"),
        ("unset --kw app --kw fs#1.type", 7, "fs#1"),
    ],
)
def test_of_several_edits_all_are_done_or_none(root, shop, command, code, says):
    done = root(f"om shop {command}", code=code)
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert shop.read_text() == FILE


def test_unset_removes_the_key_and_nothing_else(root, shop):
    root("om shop unset --kw env.what --kw fs#1.optional@n2")
    assert shop.read_text() == FILE.replace("what=ünïcode ✓\n", "").replace("optional@n2 = true\n", "")


def test_an_older_error_does_not_forbid_an_edit(root):
    file = root.write("etc/web.conf", "[DEFAULT]\n\n[fs#1]\ntype = unheard\n")
    root("om web set --kw app=x")
    assert "app = x" in file.read_text()
    root("om web edit config", EDITOR="sed -i 4ioptional@n1=true")
    assert "optional@n1=true\n" in file.read_text()


def test_the_second_of_two_editors_is_told(root, shop):
    root.write(
        "slow-editor", "#!/bin/sh\ntouch {root}/open\nwhile test ! -e {root}/go; do sleep 0.02; done\necho '# mine' >>$1\n", mode=0o755
    )
    editor = root.begin("om shop edit config", EDITOR=str(root / "slow-editor"))
    root.wait_for((root / "open").exists)
    root("om shop set --kw app=meanwhile")
    (root / "go").touch()
    said, _ = editor.communicate(timeout=60)
    assert editor.returncode == 5
    assert shop.read_text() == FILE.replace("app: shop", "app: meanwhile")
    kept = re.search(r"your text is kept in (\S+)", said)
    assert (root / kept[1]).read_text() == FILE + "# mine\n"


def test_an_edit_with_errors_keeps_the_text(root, shop):
    done = root("om shop edit config", EDITOR="sed -i s/flag/flagg/", code=7)
    kept = re.search(r"your text is kept in (\S+)", done.stderr)
    assert (root / kept[1]).read_text() == FILE.replace("flag", "flagg")
    assert shop.read_text() == FILE


def test_an_edit_is_taken_or_left_as_it_is(root, shop):
    root("om shop edit config", EDITOR="sed -i s/shop/market/g")
    assert root("om shop get --kw app").stdout == "market\n"
    before = shop.read_bytes()
    root("om shop edit config", EDITOR="true")
    assert "exit code 1" in root("om shop edit config", EDITOR="false", code=1).stderr
    assert "can't be run" in root("om shop edit config", EDITOR="/no/such/editor", code=1).stderr
    assert shop.read_bytes() == before
    assert [path for path in (root / "tmp").iterdir() if path.suffix == ".edit"] == []


def test_a_broken_file_can_be_mended_with_the_editor(root):
    file = root.write("etc/web.conf", "app = x\n")
    assert f"{file}:1" in root("om web get --kw app", code=7).stderr
    assert root("om web print config").stdout == "app = x\n"
    root("om web edit config", EDITOR="sed -i 1i[DEFAULT]")
    assert root("om web get --kw app").stdout == "x\n"


def test_print_config_is_the_file_byte_for_byte(root, shop):
    assert root("om shop print config").stdout == FILE
    shop.write_text(FILE.rstrip("\n"))
    assert root("om shop print config").stdout == FILE.rstrip("\n")
    evaluated = root("om shop print config --impersonate n2").stdout
    assert "where = shop/ünïcode ✓\n" in evaluated
    assert "optional = true\n" in evaluated
    assert "optional = false\n" in root("om shop print config --eval").stdout
    data = json.loads(root("om shop print config --format json").stdout)["objects"]["shop"]
    assert data["env"]["where"] == "{svcname}/{env.what}"
    assert json.loads(root("om shop json config --eval").stdout)["objects"]["shop"]["env"]["where"] == "shop/ünïcode ✓"


def test_validate_tells_each_finding_with_its_place_and_the_way_out(root, shop):
    assert root("om shop validate config").stdout == ""
    root.write("etc/web.conf", "[DEFAULT]\nnods = n1\n[dsk#1]\n[fs#1]\ntype = flag\noptionl = true\n")
    done = root("om web validate config", code=3)
    file = root / "etc/web.conf"
    lines = done.stdout.splitlines()
    for place, hint in ((f"{file}:2: warning", "'nodes'"), (f"{file}:3: warning", "'disk'"), (f"{file}:6: warning", "'optional'")):
        assert any(line.startswith(place) and f"did you mean {hint}?" in line for line in lines), (place, lines)
    file.write_text("[fs#1]\ntype = flagg\n[fs#2]\n")
    done = root("om web validate config", code=7)
    assert "no installed plugin provides fs.flagg; did you mean" in done.stdout
    assert json.loads(root("om web validate config --format json", code=7).stdout)["findings"][0]["line"] == 2
    file.write_text("[DEFAULT]\napp = a\nnonsense\n")
    assert f"{file}:3: error" in root("om web validate config", code=7).stdout


def test_conf_wins_over_env_and_a_finding_says_so(root, shop):
    root.write("etc/shop.env", "[DEFAULT]\napp = older\n")
    assert root("om shop get --kw app").stdout == "shop\n"
    assert "shop.env" in root("om shop validate config", code=3).stdout
    assert root("om ls").stdout == "shop\n"


def test_the_files_of_node_and_cluster_are_edited_the_same_way(root):
    root("nodemgr set --kw node.env=PRD --kw labels.az=left")
    assert root("nodemgr get --kw node.env").stdout == "PRD\n"
    assert root("om node print config").stdout == "[node]\nenv = PRD\n\n[labels]\naz = left\n"
    root("nodemgr unset --kw node.env")
    assert root("nodemgr get --kw node.env", code=1).stdout == ""
    root("om cluster set --kw cluster.name=left")
    assert root("om cluster eval --kw cluster.name").stdout == "left\n"
    assert "nod" in root("nodemgr set --kw node.max_parallel=many", code=7).stderr
    root("nodemgr edit config", EDITOR="sed -i s/left/right/")
    assert root("nodemgr get --kw labels.az").stdout == "right\n"
    root("nodemgr validate config")


def test_drivers_and_their_keywords_are_listed(root):
    assert "fs.flag" in root("om drivers").stdout
    assert any(row["id"] == "fs.directory" for row in json.loads(root("om drivers --format json").stdout)["drivers"])
    assert root("om keywords arbitrator").stdout.startswith("name (default empty)")
    assert root("om keywords fs.directory").stdout.startswith("path (required")
    assert "did you mean 'fs.directory'" in root("om keywords fs.directry", code=4).stderr
    assert json.loads(root("om keywords fs.directory --format json").stdout)["keywords"][0]["name"] == "path"
