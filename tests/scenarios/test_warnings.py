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
