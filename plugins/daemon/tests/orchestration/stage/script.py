"""A scenario's file: lines of the language, questions, and the answers below them, each behind a bar.

? b             what b decides and why; `? b svc` for one service
run 60s         every node decides and its orders take effect, until nothing happens any more or the time is over
"""

from __future__ import annotations

from collections.abc import Iterator

from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.explain import explain
from opensvc_daemon.orchestration.orders import Decision, Do, Order
from opensvc_daemon.orchestration.view import Reach

from stage.acting import carry_out
from stage.cluster import Stage
from stage.language import say
from stage.worded import worded

BAR = "|"
# A cluster that is still changing after so many rounds at one moment never comes to rest.
_ROUNDS = 60


def played(text: str) -> str:
    """The file with the answers of today's code."""
    stage, under, lines = Stage(), "", []
    for line in text.splitlines():
        if line.startswith(BAR):
            continue
        lines.append(line)
        if line.startswith(("?", "run ")):
            lines += [f"{BAR} {answer}".rstrip() for answer in _answers(stage, line)]
        elif line.strip() and not line.startswith("#"):
            under = say(stage, line, under)
    return "\n".join(lines) + "\n"


def _answers(stage: Stage, line: str) -> Iterator[str]:
    words = line.split()
    if words[0] == "run":
        return _run(stage, float(words[1].rstrip("s")))
    return _explained(stage, words[1], words[2:] or list(stage.services))


def _explained(stage: Stage, me: str, paths: list[str]) -> Iterator[str]:
    view = stage.view(me)
    decision = decide(view, stage.now)
    for path in paths:
        explanation = explain(view, stage.now, path)
        yield from worded(explanation)
        mine = tuple(order for order in decision.orders if order.service == path)
        for order in mine if mine != explanation.orders else ():
            yield f"  among the others, {_told(order)}"
    of_node = [order for order in decision.orders if not order.service]
    yield from (f"{me}: {_told(order)}" for order in of_node)
    if decision.wake is not None:
        yield f"again in {decision.wake - stage.now:g}s"


def _told(order: Order) -> str:
    return f"{order}: {'; '.join(map(str, order.reasons))}"


def _run(stage: Stage, limit: float) -> Iterator[str]:
    began = stage.now
    while True:
        yield from _settled(stage, began)
        wakes = [w for me in stage.alive() if (w := decide(stage.view(me), stage.now).wake) is not None]
        if not wakes or min(wakes) > began + limit:
            break
        stage.now = min(wakes)
    stage.now = max(stage.now, began + limit) if wakes else stage.now
    yield from _ends(stage)


def _settled(stage: Stage, began: float) -> Iterator[str]:
    """One node after the other decides, until nobody does anything."""
    for _ in range(_ROUNDS):
        told = [line for me in stage.alive() for line in _turn(stage, me, began)]
        if not told:
            return
        yield from told
    yield "it never comes to rest"


def _turn(stage: Stage, me: str, began: float) -> list[str]:
    if me not in stage.alive():
        return []
    decision: Decision = decide(stage.view(me), stage.now)
    done = [order for order in decision.orders if order.do is not Do.NOTHING]
    for order in done:
        carry_out(stage, me, order)
    return [f"{stage.now - began:5.1f}s {me}  {_told(order)}" for order in done]


def _ends(stage: Stage) -> Iterator[str]:
    """Where everything is, and how requests ended."""
    for path, service in stage.services.items():
        words = [f"{node} {_heard(stage, node)}{' '.join(_words(stage, path, node))}" for node in service.instances]
        requests = {i.request for i in service.instances.values() if i.request}
        ended = [f"{request.wish.value} {request.progress.value}" for request in requests]
        yield f"{path}: {', '.join([*words, *sorted(ended)]) or 'no instance'}"


def _heard(stage: Stage, node: str) -> str:
    """Of a node that is silent only what it said last is known."""
    found = stage.nodes.get(node)
    return "was " if found is not None and found.reach in {Reach.SILENT, Reach.UNSEEN} else ""


def _words(stage: Stage, path: str, node: str) -> Iterator[str]:
    instance = stage.instance(path, node)
    yield instance.avail.value
    if instance.is_frozen:
        yield "frozen"
    if not instance.is_provisioned:
        yield "unprovisioned"
    if instance.monitor.value != "idle":
        yield f"({instance.monitor.value})"
