"""Values of options."""

from __future__ import annotations

import pytest

from opensvc_core.cli.options import count, not_empty, seconds


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("90", 90), ("1.5", 1.5), ("5m", 300), ("1h30m", 5400), ("2d", 172800)], ids=str)
def test_a_duration_is_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "m", "5x", "-1", "1h30", "nan", "inf", "9" * 400, "٣"], ids=lambda text: text[:4] or "empty")
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|years"):
        seconds(text)


def test_counts_are_whole_and_not_negative() -> None:
    assert count("12") == 12
    with pytest.raises(ValueError, match="whole number"):
        count("1.5")


def test_a_selection_of_nothing_is_refused() -> None:
    assert not_empty("a,b") == "a,b"
    with pytest.raises(ValueError, match="not empty"):
        not_empty(" , ")
