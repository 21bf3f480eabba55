"""Node selectors: what the keyword `nodes` may hold instead of names: `*`, `n*`, `a,b`, `a+b`, `!x`, `label=value`, `label:`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

# For each node that is known, its labels.
Labels: TypeAlias = Callable[[], Mapping[str, Mapping[str, str]]]
_SPECIAL: Final = re.compile(r"[*?\[!,+=:]")


def is_selector(text: str) -> bool:
    """Whether a text is more than a list of names."""
    return bool(_SPECIAL.search(text))


def select_nodes(text: str, known: Sequence[str], labels: Labels = dict) -> list[str]:
    """The nodes that a text names, in lower case, each once.

    A list of names is taken as it is, also where a name is unknown: a service belongs to the nodes that its file says. Anything else
    chooses among the nodes that are known: blanks and `,` are or, `+` is and (and binds tighter), `!` negates an element.
    """
    if not is_selector(text):
        return list(dict.fromkeys(text.lower().split()))
    found: dict[str, None] = {}
    for alternative in re.split(r"[\s,]+", text):
        elements = [element for element in alternative.split("+") if element]
        candidates = [*known, *(element.lower() for element in elements if not is_selector(element))]
        found.update((node, None) for node in candidates if elements and all(_matches(one, node, labels) for one in elements))
    return list(found)


def _matches(element: str, node: str, labels: Labels) -> bool:
    if element.startswith("!"):
        return not _matches(element[1:], node, labels)
    label, mark, value = element.partition("=" if "=" in element else ":")
    if mark:
        found = labels().get(node, {}).get(label)
        return found is not None and (mark == ":" or found == value)
    return fnmatchcase(node, element.lower())
