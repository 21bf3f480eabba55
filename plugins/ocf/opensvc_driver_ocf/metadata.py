"""What an agent says of itself: its parameters, its actions and how long they take.

Source: the Open Cluster Framework's resource agent API 1.1, "Meta data".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from opensvc_core.api import duration

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Parameter(NamedTuple):
    """A parameter: `kind` is string, integer, boolean, … as the agent has it; `default` is None where it tells none."""

    name: str
    text: str
    kind: str = "string"
    default: str | None = None
    required: bool = False


class Metadata(NamedTuple):
    """An agent: what it is in a line, its parameters, and for each of its actions the seconds that it proposes (None: it proposes none)."""

    text: str
    parameters: tuple[Parameter, ...]
    actions: Mapping[str, float | None]


def parse(text: str) -> Metadata:
    """What the answer to `meta-data` says. Raises ValueError where it is none."""
    # 10 ms that only those pay who have such an agent
    from xml.etree import ElementTree  # noqa: PLC0415

    try:
        root = ElementTree.fromstring(text.strip())
    except ElementTree.ParseError as error:
        raise ValueError(f"its meta-data is not XML: {error}") from None
    if root.tag != "resource-agent":
        raise ValueError(f"its meta-data is a <{root.tag}>, not a <resource-agent>")
    actions: dict[str, float | None] = {}
    for action in root.iterfind("./actions/action"):
        name, seconds = action.get("name", ""), _seconds(action.get("timeout", ""))
        # monitor may be there several times, for several depths: the longest is enough for each
        actions[name] = max(filter(None, (actions.get(name), seconds)), default=None)
    return Metadata(_text(root), tuple(map(_parameter, root.iterfind("./parameters/parameter"))), actions)


def _parameter(found: Element) -> Parameter:
    content = found.find("content")
    kind, default = ("string", None) if content is None else (content.get("type", "string"), content.get("default"))
    return Parameter(found.get("name", ""), _text(found), kind, default, found.get("required") in ("1", "true", "yes"))


def _text(found: Element) -> str:
    """The short description, in a line."""
    return " ".join((found.findtext("shortdesc") or "").split())


def _seconds(text: str) -> float | None:
    """A time such as `20`, `20s` or `20000ms`; None where there is none that we understand."""
    try:
        return (float(text[:-2]) / 1000 if text.endswith("ms") else duration(text)) or None
    except ValueError:
        return None
