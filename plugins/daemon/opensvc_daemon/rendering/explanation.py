"""An explanation on a page: first the reasons, then the candidates, what is done here, and every rule with what it excludes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any, Final

from opensvc_daemon.rendering.words import Data

_WIDTH: Final = 100
_NOTHING: Final = "nothing is in the way, and nothing is to be done"


def explanation(service: str, found: Data) -> str:
    """The page of one service. What a member that is older does not tell is left out."""
    texts = dict.fromkeys(_text(reason) for reason in found["reasons"])
    return "".join(f"{line}\n" for line in (service, *(f"  {text}" for text in texts or (_NOTHING,)), *_whole(found)))


def _text(reason: Data) -> str:
    """Its words, those that don't name the node behind the node's name."""
    node, text = reason.get("node", ""), reason.get("text", "")
    return text if not node or re.search(rf"(?<![\w.-]){re.escape(node)}(?![\w-])", text) else f"{node}: {text}"


def _whole(found: Data) -> Iterator[str]:
    if "candidates" not in found:
        return
    node = found["node"]
    yield f"  as {node} sees it"
    yield f"    may run it: {', '.join(found['candidates']) or 'no node'} ({_ranking(found)})"
    yield f"    {node} does: {', '.join(_deed(order) for order in found['orders']) or 'nothing'}"
    yield from (f"    {line}" for line in _rules(found["rules"]))


def _ranking(found: Data) -> str:
    numbers = ", ".join(f"{node} {number:.4g}" for node, number in found["measured"].items())
    first = ", the preferred one first" if len(found["candidates"]) > 1 else ""
    return f"placement '{found['placement']}'{f': {numbers}' if numbers else first}"


def _deed(order: Data) -> str:
    return str(order["order"]).partition(": ")[2] or str(order["order"])


def _rules(rules: Data) -> Iterator[str]:
    """A line for each rule that excludes a node; the others after one another."""
    codes = dict.fromkeys(code for verdicts in rules.values() for code in verdicts)
    excluding = [code for code in codes if any(verdicts.get(code) for verdicts in rules.values())]
    if excluding:
        wide = max(map(len, ("rule", *excluding)))
        yield f"{'rule':<{wide}}  {'  '.join(rules)}"
        for code in excluding:
            yield f"{code:<{wide}}  {'  '.join(f'{_mark(verdicts, code):<{len(node)}}' for node, verdicts in rules.items())}".rstrip()
    quiet = [code for code in codes if code not in excluding]
    if quiet:
        words = f"rules that exclude no node: {', '.join(quiet)}"
        yield from textwrap.wrap(words, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _mark(verdicts: Any, code: str) -> str:
    """`X` excludes, `-` does not, a blank where the rule has no ground."""
    return " " if code not in verdicts else "X" if verdicts[code] else "-"
