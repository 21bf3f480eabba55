"""A palette colours only where it is asked to."""

from io import StringIO

import pytest

from opensvc_core.cli.render.colors import PLAIN, STATUS_STYLES, Palette, palette
from opensvc_core.errors import UsageError
from opensvc_core.model.status import Status


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("choice", "stream", "environ", "is_enabled"),
    [
        pytest.param("auto", Terminal(), {}, True, id="a terminal"),
        pytest.param("auto", StringIO(), {}, False, id="a pipe"),
        pytest.param("auto", Terminal(), {"NO_COLOR": "1"}, False, id="a terminal under NO_COLOR"),
        pytest.param("auto", Terminal(), {"NO_COLOR": ""}, True, id="an empty NO_COLOR says nothing"),
        pytest.param("auto", Terminal(), {"TERM": "dumb"}, False, id="a dumb terminal"),
        pytest.param("yes", StringIO(), {"NO_COLOR": "1"}, True, id="yes stands above all"),
        pytest.param("no", Terminal(), {}, False, id="no stands above all"),
    ],
)
def test_colours_are_on_where_they_are_wanted(choice, stream, environ, is_enabled):
    assert palette(choice, stream, environ) == Palette(is_enabled=is_enabled)


def test_another_word_is_refused_with_the_words_that_are_allowed():
    with pytest.raises(UsageError, match="--color always: colours are yes, no or auto"):
        palette("always", StringIO(), {})


def test_a_text_is_painted_in_all_its_styles():
    assert Palette(is_enabled=True).paint("up", "bold", "green") == "\x1b[1;32mup\x1b[0m"


def test_an_empty_text_gets_no_colour():
    assert Palette(is_enabled=True).paint("", "red") == ""


def test_a_plain_palette_leaves_a_text_as_it_is():
    assert PLAIN.paint("up", "green") == "up"


def test_a_cell_is_padded_by_the_width_of_the_uncoloured_text():
    assert Palette(is_enabled=True).cell("up", 5, "green") == "\x1b[32mup\x1b[0m   "


def test_every_status_has_a_colour():
    assert set(STATUS_STYLES) == set(Status)
