"""What the text of a keyword means, type by type, and what is refused."""

from __future__ import annotations

import math
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.config import converters as c

MEANINGS = [
    (c.text, "  as it is ", "  as it is "),
    (c.lower, "AbC", "abc"),
    (c.integer, "1", 1),
    (c.integer, "1.9", 1),
    (c.integer, "-1", -1),
    (c.integer, "1e3", 1000),
    (c.integer, " 5 ", 5),
    (c.integer, "9007199254740993", 9007199254740993),
    *((c.boolean, word, True) for word in ("yes", "y", "true", "t", "1", "True", "YES")),
    *((c.boolean, word, False) for word in ("no", "n", "false", "f", "0", "0.0", "", "none", "[]", "{}", "False", "None")),
    (c.tristate, "yes", True),
    (c.tristate, "no", False),
    (c.tristate, "", None),
    (c.words, " a  b\tc\n d", ["a", "b", "c", "d"]),
    (c.words, "a,b", ["a,b"]),
    (c.words, "", []),
    (c.words, "c1\n\nc2", ["c1", "c2"]),
    (c.words_lower, "N1 n2", ["n1", "n2"]),
    (c.word_set, "b a b", frozenset({"a", "b"})),
    (c.comma_words, ", ,1 2A , ", ["1 2A"]),
    (c.comma_words, "1,2 a", ["1", "2 a"]),
    (c.shell_words, "a 'b c' d", ["a", "b c", "d"]),
    (c.shell_words, "", []),
    (c.shell_words, "''", [""]),
    (c.shell_words, r'a"b \" \x"c\ d', [r'ab " \xc d']),
    (c.expanded_shell_words, "-it --rm -e A=b -v=x", ["-i", "-t", "--rm", "-e", "A=b", "-v=x"]),
    (c.size, "1k", 1024),
    (c.size, "1K", 1024),
    (c.size, "10m", 10 * 1024**2),
    (c.size, "1m", 1048576),
    (c.size, "1MiB", 1024**2),
    (c.size, "1Mi", 1024**2),
    (c.size, "1 Ki", 1024),
    (c.size, "1MB", 1_000_000),
    (c.size, "1kb", 1000),
    (c.size, "1.5g", 1610612736),
    (c.size, "1,5g", 1610612736),
    (c.size, "1t", 1024**4),
    (c.size, "1p", 1024**5),
    (c.size, "1e", 1024**6),
    (c.size, "1z", 1024**7),
    (c.size, "10B", 10),
    (c.size, "", 0),
    (c.size, "-1k", -1024),
    (c.size, "4096", 4096),
    (c.size, "10%", "10%"),
    (c.size, "50%FREE", "50%FREE"),
    (c.size, "100%VG", "100%VG"),
    (c.limit_size, "1g", 1024**3),
    (c.limit_size, "unlimited", -1),
    (c.limit_size, "-1", -1),
    (c.speed, "3 mb/s", 3072),
    (c.speed, "10 kb/s", 10),
    (c.speed, "10 kib/s", 10),
    (c.speed, "1024", 1024),
    (c.duration, "10", 10.0),
    (c.duration, "1m", 60.0),
    (c.duration, "1h30m", 5400.0),
    (c.duration, "1h1m", 3660.0),
    (c.duration, "1d12h", 129600.0),
    (c.duration, "1w", 604800.0),
    (c.duration, "1h 2 s", 3602.0),
    (c.duration, "-5m", -300.0),
    (c.duration, "-1h30m", -5400.0),
    (c.duration, "1H", 3600.0),
    (c.duration, "0.5s", 0.5),
    (c.duration, "", 0.0),
    (c.duration_minutes, "10", 600.0),
    (c.duration_minutes, "1d3h", 97200.0),
    (c.duration_minutes, "10s", 10.0),
    (c.user_name, "postgres", "postgres"),
    (c.user_name, " 1000 ", "1000"),
    (c.user_name, "EXAMPLE\\jo.doe@example.com", "EXAMPLE\\jo.doe@example.com"),
    (c.group_name, "www-data", "www-data"),
    (c.octal, "755", 0o755),
    (c.octal, "0644", 0o644),
    (c.octal, "0o022", 0o022),
    (c.reservation_key, "0x2F01", "0x2f01"),
    (c.reservation_key, " 00ff ", "0xff"),
    (c.reservation_key, "f" * 16, "0x" + "f" * 16),
]

REFUSED = [
    *((c.integer, text) for text in ("abc", "", "0x10", "1_000", "inf", "nan", "1e999", "1 2", "٣")),
    *((c.boolean, text) for text in ("on", "off", "2", "maybe")),
    *((c.tristate, text) for text in ("on", "maybe")),
    *((c.shell_words, text) for text in ("a 'b", 'a "b', "a\\", "'\"")),
    *((c.size, text) for text in ("1x", "0x10", "1d", "m", "1.5.5g", "1 2", "50%PIE", "1mib2", "1bb")),
    *((c.limit_size, text) for text in ("", "10%", "1x")),
    *((c.speed, text) for text in ("", "fast", "3 x/s")),
    *((c.duration, text) for text in ("1.5h", "m", "1z 1m", "1x", "1y", "abc", "10 5", "1h30", "1 0s", "--5m", "9" * 400)),
    *((c.duration_minutes, text) for text in ("1.5h", "x")),
    *((convert, text) for convert in (c.user_name, c.group_name) for text in ("", "a b", "a:b", "-1", "a,b", "/x", "#1", "x" * 300)),
    *((c.octal, text) for text in ("", "8", "rwx", "77777", "-1")),
    *((c.reservation_key, text) for text in ("", "0", "0x", "0x0", "xyz", "1" * 17, "-1")),
]


def name_of(value: object) -> str | None:
    if isinstance(value, frozenset):
        return repr(sorted(value))
    return value.__name__ if callable(value) else repr(value)[:40]


@pytest.mark.parametrize(("convert", "given_text", "expected"), MEANINGS, ids=name_of)
def test_text_means(convert, given_text, expected):
    found = convert(given_text)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("convert", "given_text"), REFUSED, ids=name_of)
def test_text_is_refused_with_what_is_allowed(convert, given_text):
    with pytest.raises(ValueError, match="; allowed: "):
        convert(given_text)


PRINTED = [
    (True, "true"),
    (False, "false"),
    (None, ""),
    (5, "5"),
    (5400.0, "1h30m"),
    (0.0, "0s"),
    (-300.0, "-5m"),
    (90061.5, "1d1h1m1.5s"),
    (["a", "b"], "a b"),
    ([], ""),
    (("a", "b c"), "a 'b c'"),
    (frozenset({"b", "a"}), "a b"),
    ("text", "text"),
]


@pytest.mark.parametrize(("value", "text"), PRINTED, ids=name_of)
def test_a_value_is_printed(value, text):
    assert c.print_value(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(10 * 1024**2, "10m"), (1500, "1500"), (0, "0"), (-1024, "-1k"), ("10%FREE", "10%FREE")], ids=repr
)
def test_a_size_is_printed_in_its_greatest_exact_unit(value, text):
    assert c.print_size(value) == text


def test_an_endless_duration_is_not_printed():
    with pytest.raises(ValueError, match="no text"):
        c.print_value(math.inf)


@given(st.lists(st.text(max_size=8), max_size=4))
def test_shell_words_are_read_as_they_were_printed(found):
    assert c.shell_words(c.print_shell_words(found)) == found


@given(st.text(alphabet="ab '\"\\\n\t\"'", max_size=12))
def test_shell_words_agree_with_the_standard_library(given_text):
    try:
        expected = shlex.split(given_text)
    except ValueError:
        with pytest.raises(ValueError, match="allowed"):
            c.shell_words(given_text)
    else:
        assert c.shell_words(given_text) == expected


@given(st.integers(-(10**24), 10**24))
def test_numbers_are_read_as_they_were_printed(number):
    assert c.size(c.print_size(number)) == number
    assert c.integer(c.print_value(number)) == number


@given(st.integers(-(10**14), 10**14))
def test_durations_are_read_as_they_were_printed(micros):
    assert c.duration(c.print_duration(micros / 1_000_000)) == pytest.approx(micros / 1_000_000, abs=2e-6)


@given(st.integers(0, 0o7777))
def test_modes_are_read_as_they_were_printed(mode):
    assert c.octal(c.print_octal(mode)) == mode


@given(st.booleans())
def test_booleans_are_read_as_they_were_printed(value):
    assert c.boolean(c.print_value(value)) is value
    assert c.tristate(c.print_value(value)) is value


@given(st.lists(st.text(alphabet="ab'\"\\#", min_size=1)))
def test_words_are_read_as_they_were_printed(found):
    assert c.words(c.print_value(found)) == found
    assert c.word_set(c.print_value(frozenset(found))) == frozenset(found)


@pytest.mark.parametrize(
    "convert",
    [
        c.integer,
        c.boolean,
        c.tristate,
        c.shell_words,
        c.expanded_shell_words,
        c.size,
        c.limit_size,
        c.speed,
        c.duration,
        c.duration_minutes,
        c.octal,
        c.reservation_key,
    ],
    ids=name_of,
)
@given(given_text=st.text(max_size=20) | st.text(alphabet="0123456789.,-+ %kmgbishdwxe", max_size=12))
def test_no_text_makes_anything_but_a_value_or_a_refusal(convert, given_text):
    try:
        convert(given_text)
    except ValueError as error:
        assert "allowed" in str(error)
