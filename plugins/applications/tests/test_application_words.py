import pytest
from opensvc_applications.words import Launch, launch, limit, retcodes, variables

from opensvc_core.api import Status


@pytest.mark.parametrize("text", ["false", "False", "no", "0", "", "none"])
def test_nothing_is_to_be_run(text):
    assert launch(text) is None


def test_true_means_the_script():
    assert launch("true") == Launch("true")


def test_a_number_means_the_script_and_its_place():
    assert launch("05") == Launch("05", number=5)


def test_a_command_is_split_without_a_shell():
    found = launch("/bin/a 'b c' >d")
    assert found is not None
    assert (found.argv, found.is_shell) == (("/bin/a", "b c", ">d"), False)


@pytest.mark.parametrize("text", ["a | b", "a && b", "a || b", "a; b"])
def test_what_only_a_shell_understands_is_left_to_it(text):
    found = launch(text)
    assert found is not None
    assert found.argv == ("/bin/sh", "-c", text)


def test_a_quote_that_is_not_closed_is_an_error():
    with pytest.raises(ValueError, match="quote"):
        launch("a 'b")


def test_exit_codes_mean_statuses():
    assert retcodes("0:up 1:down 3:n/a 4:warn") == {0: Status.UP, 1: Status.DOWN, 3: Status.NA, 4: Status.WARN}


@pytest.mark.parametrize("text", ["0", "x:up", "0:high", "0:stdby up"])
def test_a_wrong_exit_code_is_an_error(text):
    with pytest.raises(ValueError, match="exit code"):
        retcodes(text)


def test_variables_are_exported_by_both_names():
    assert variables("http_proxy=x 'A=b c'").exported() == {"http_proxy": "x", "HTTP_PROXY": "x", "A": "b c"}


def test_a_word_without_a_value_is_no_variable():
    with pytest.raises(ValueError, match="no variable"):
        variables("A=1 B")


@pytest.mark.parametrize(("text", "value"), [("1k", 1024), ("4096", 4096), ("unlimited", -1)])
def test_limits(text, value):
    assert limit(text) == value


def test_a_percentage_is_no_limit():
    with pytest.raises(ValueError, match="no limit"):
        limit("10%")


@pytest.mark.parametrize(("convert", "text"), [(retcodes, "0:up 1:down"), (variables, "A=1 'B=2 3'"), (launch, "/bin/a b"), (launch, "10")])
def test_a_value_is_printed_as_it_is_read(convert, text):
    assert convert(str(convert(text))) == convert(text)
