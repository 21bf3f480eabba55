"""update: several changes of a file, all of them or none."""

FILE = """[DEFAULT]
nodes = n1 n2
id = 1
tags = a b

# the first
[fs#1]
type = flag

# the second
[fs#2]
type = flag
restart = 1
"""


def test_all_changes_are_made_at_once(root):
    root.write("etc/svc1.conf", FILE)
    root("om svc1 update --set fs#1.restart=2 --set nodes+=n3 --unset fs#2.restart --set env.a=b")
    text = (root / "etc/svc1.conf").read_text()
    assert "nodes = n1 n2 n3\n" in text
    assert "# the first\n[fs#1]\ntype = flag\nrestart = 2\n" in text
    assert "# the second\n[fs#2]\ntype = flag\n" in text
    assert text.endswith("[env]\na = b\n")


def test_a_section_is_deleted_and_made_anew(root):
    root.write("etc/svc1.conf", FILE)
    root("om svc1 update --delete fs#2 --set fs#3.type=flag")
    assert root("om svc1 get --kw fs#3.type").stdout == "flag\n"
    assert "fs#2" not in (root / "etc/svc1.conf").read_text()


def test_nothing_is_changed_where_one_change_is_wrong(root):
    root.write("etc/svc1.conf", FILE)
    for wrong, code in (("--set fs#1.restart=often", 7), ("--unset fs#1.mnt", 2), ("--delete fs#9", 4), ("--set nonsense", 2)):
        done = root(f"om svc1 update --set nodes+=n3 {wrong}", code=code)
        assert len(done.stderr.splitlines()) == 1
        assert (root / "etc/svc1.conf").read_text() == FILE


def test_a_section_of_something_up_is_kept(root):
    root.write("etc/svc1.conf", FILE.replace("nodes = n1 n2\n", ""))
    root("om svc1 start --local")
    assert "fs#2 up here; stop it first" in root("om svc1 update --delete fs#2", code=5).stderr
    root("om svc1 update --delete fs#2 --force")


def test_words_are_toggled(root):
    root.write("etc/svc1.conf", FILE)
    root("om svc1 set --kw tags^='b c'")
    assert root("om svc1 get --kw tags").stdout == "a c\n"


def test_nothing_to_change_is_a_mistake(root):
    root.write("etc/svc1.conf", FILE)
    assert "what to change?" in root("om svc1 update", code=2).stderr


def test_the_node_is_updated_as_well(root):
    root("om node update --set node.env=PRD --set hb#1.type=unicast")
    assert root("om node get --kw node.env").stdout == "PRD\n"
    root("om node update --delete hb#1")
    assert root("om node get --kw hb#1.type", code=1).stdout == ""
