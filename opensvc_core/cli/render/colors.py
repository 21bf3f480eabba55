"""A palette: the few colours of a terminal that the layouts use, or none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TextIO

from opensvc_core.errors import UsageError
from opensvc_core.model.status import Status

Style = Literal["bold", "red", "green", "yellow", "blue", "grey"]

# Select graphic rendition codes of ECMA-48; 90 is the bright black that terminals and ansi2html show as grey.
_CODES: Final[Mapping[Style, str]] = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "34", "grey": "90"}

STATUS_STYLES: Final[Mapping[Status, Style]] = {
    Status.UP: "green",
    Status.STDBY_UP: "green",
    Status.DOWN: "red",
    Status.STDBY_DOWN: "red",
    Status.WARN: "yellow",
    Status.NA: "grey",
    Status.UNDEF: "grey",
}


class Palette(NamedTuple):
    """Colours a text, or leaves it as it is where colours are off."""

    is_enabled: bool = False

    def paint(self, text: str, *styles: Style) -> str:
        """The text in these styles; an empty text stays empty."""
        if not (self.is_enabled and text and styles):
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"

    def cell(self, text: str, width: int, *styles: Style) -> str:
        """The text in these styles, padded at the right to a width that doesn't count the colours."""
        return self.paint(text, *styles) + " " * (width - len(text))

    def status(self, status: Status, width: int = 0) -> str:
        """The word of a status in its colour, padded at the right."""
        return self.cell(status.value, width, STATUS_STYLES[status])


PLAIN: Final = Palette(is_enabled=False)


def palette(choice: str, stream: TextIO, environ: Mapping[str, str]) -> Palette:
    """The palette for what `--color` says: `yes`, `no`, or `auto` for a terminal that takes colours.

    `NO_COLOR` in the environment, with any value but an empty one, turns `auto` off and leaves `yes` alone
    (https://no-color.org). Raises UsageError for another word.
    """
    if choice not in ("yes", "no", "auto"):
        raise UsageError(f"--color {choice}: colours are yes, no or auto")
    return Palette(is_enabled=choice == "yes" or (choice == "auto" and _takes_colors(stream, environ)))


def _takes_colors(stream: TextIO, environ: Mapping[str, str]) -> bool:
    return not environ.get("NO_COLOR") and environ.get("TERM") != "dumb" and stream.isatty()
