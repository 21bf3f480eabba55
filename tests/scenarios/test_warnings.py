"""Warnings that an edit brings."""


def test_a_misspelt_keyword_is_set_and_told(root):
    root("om svc1 create --kw fs#1.type=flag")
    done = root("om svc1 set --kw fs#1.optionall=true")
    assert "unknown keyword" in done.stderr or "has no keyword 'optionall'" in done.stderr
    assert "did you mean 'optional'?" in done.stderr
    assert root("om svc1 get --kw fs#1.optionall").stdout == "true\n"


def test_a_warning_is_told_once(root):
    root("om svc1 create --kw fs#1.type=flag --kw fs#1.optionall=true")
    assert root("om svc1 set --kw app=x").stderr == ""


def test_an_editor_needs_a_terminal_unless_it_is_named(root):
    root("om svc1 create")
    assert "EDITOR names" in root("om svc1 edit config", code=2).stderr


def test_an_unknown_section_of_the_node_is_told(root):
    root.write("etc/node.conf", "[nod]\nenv = TST\n")
    assert "did you mean 'node'?" in root("om node validate config", code=3).stdout
