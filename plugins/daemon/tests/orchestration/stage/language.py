"""The language of scenarios: lines that say what is so.

settings: quorum, split_action crash, max_parallel 1
node a: silent 6s, can be fenced
node a, seen by b: unseen
arbitrator arb: answers b
service svc: guard fence, data, placement load avg
  a: up, lease held
    fs#1: down, monitored, restart 2
svc@a: frozen
request svc: switch to b
cut a | b c 6s
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opensvc_daemon.orchestration.requests import Request, Wish
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import Arbitrator, Fencing, Guard, InstanceView, Lease, NodeView, Reach, ResourceView, ServiceView

from opensvc_core.api import Status
from stage.cluster import Stage

_LONG_AGO = 600.0
Changes = Mapping[str, Any]
Table = Mapping[str, Callable[[str], Changes]]


def say(stage: Stage, line: str, under: str = "") -> str:
    """Make a line true. `under` is the service, or service@node, that an indented line belongs to; the next one's is returned."""
    indent, text = len(line) - len(line.lstrip()), line.strip()
    head, _, rest = text.partition(":")
    if indent == 0 or not under:
        return _say(stage, head, rest.strip())
    path = under.partition("@")[0]
    if indent <= 2:
        return _instance(stage, path, head, rest)
    return _resource(stage, under, head, rest)


def _say(stage: Stage, head: str, rest: str) -> str:
    words = head.split()
    if "@" in words[0]:
        path, _, node = words[0].partition("@")
        return _resource(stage, words[0], words[1], rest) if len(words) > 1 else _instance(stage, path, node, rest)
    return _LINES[words[0]](stage, words[1:], rest)


def _settings(stage: Stage, _words: list[str], rest: str) -> str:
    for phrase in _phrases(rest):
        name, _, value = phrase.partition(" ")
        if name == "quorum":
            stage.settings = stage.settings._replace(has_quorum_rule=True)
        else:
            was: Any = getattr(stage.settings, name)
            new: Any = value if isinstance(was, str) else type(was)(float(value.rstrip("s")))
            stage.settings = stage.settings._replace(**{name: new})
    return ""


def _node(stage: Stage, words: list[str], rest: str) -> str:
    name, hearers = words[0].rstrip(","), words[3:]
    if name not in stage.nodes:
        stage.nodes[name] = NodeView(name, merged=1)
    for phrase in _phrases(rest):
        if phrase == "fencing fails":
            stage.unfenceable.add(name)
        elif phrase.startswith("awake"):
            stage.woken[name] = stage.now - _seconds(phrase)
        elif hearers:
            for hearer in hearers:
                stage.reaches[hearer, name] = (Reach(phrase.split()[0]), stage.now - _seconds(phrase))
        else:
            stage.change_node(name, **_node_changes(stage, phrase))
    return ""


def _node_changes(stage: Stage, phrase: str) -> Changes:
    word, seconds = _timed(phrase)
    if word in _values(Reach):
        return {"reach": Reach(word), "reach_since": stage.now - seconds}
    if word in _values(NodeState):
        return {"state": NodeState(word), "state_since": stage.now - seconds}
    if word == "untold":
        return {"is_told": False, "untold_since": stage.now - seconds}
    if word.startswith("fencing "):
        return {"fencing": Fencing(word.split()[1]), "fencing_since": stage.now - seconds}
    return _by(_NODE, phrase)


def _arbitrator(stage: Stage, words: list[str], rest: str) -> str:
    stage.arbitrators.setdefault(words[0], Arbitrator(words[0]))
    for phrase in _phrases(rest):
        verb, *names = phrase.split()
        if verb == "weight":
            stage.arbitrators[words[0]] = Arbitrator(words[0], int(names[0]))
        elif verb == "answers":
            stage.answers[words[0]] = set(names)
        else:
            raise ValueError(f"an arbitrator can't {phrase!r}")
    return ""


def _service(stage: Stage, words: list[str], rest: str) -> str:
    path = words[0]
    if path not in stage.services:
        stage.services[path] = ServiceView(path, tuple(stage.nodes), {})
    for phrase in _phrases(rest):
        stage.services[path] = stage.services[path]._replace(**_by(_SERVICE, phrase))
    service = stage.services[path]
    if not service.instances:
        stage.services[path] = service._replace(instances={node: InstanceView() for node in service.nodes})
    return path


def _instance(stage: Stage, path: str, node: str, rest: str) -> str:
    service = stage.services[path]
    if rest.strip() == "no instance":
        left = {name: instance for name, instance in service.instances.items() if name != node}
        stage.services[path] = service._replace(instances=left)
        return path
    if node not in service.instances:
        stage.services[path] = service._replace(instances={**service.instances, node: InstanceView()})
    for phrase in _phrases(rest):
        word, seconds = _timed(phrase)
        if word.startswith("lease "):
            stage.leases[path, node] = (Lease(word.split()[1]), stage.now - seconds)
        else:
            stage.change(path, node, **_instance_changes(stage, word, phrase, seconds))
    return f"{path}@{node}"


def _instance_changes(stage: Stage, word: str, phrase: str, seconds: float) -> Changes:
    if word in _values(Status):
        return {"avail": Status(word), "expects_up": word in ("up", "warn", "undef")}
    if word in _values(MonitorState):
        return {"monitor": MonitorState(word), "monitor_since": stage.now - seconds, "monitor_generation": 1}
    if word == "started":
        return {"last_start": stage.now - seconds}
    return _by(_INSTANCE, phrase)


def _resource(stage: Stage, under: str, rid: str, rest: str) -> str:
    path, _, node = under.partition("@")
    instance = stage.instance(path, node)
    found = next((one for one in instance.resources if one.rid == rid), ResourceView(rid, Status.UP))
    for phrase in _phrases(rest):
        word, seconds = _timed(phrase)
        if word == "broken":
            stage.broken.add((path, rid))
        elif word in _values(Status):
            found = found._replace(status=Status(word))
        elif word == "tried":
            found = found._replace(tried_at=stage.now - seconds)
        else:
            found = found._replace(**_by(_RESOURCE, phrase))
    others = tuple(one for one in instance.resources if one.rid != rid)
    stage.change(path, node, resources=(*others, found))
    return under


def _request(stage: Stage, words: list[str], rest: str) -> str:
    """`request svc: switch to b`; every node that is heard knows it."""
    wish, _, to = rest.partition(" to ")
    stage.requests += 1
    request = Request(f"r{stage.requests}", Wish(wish), stage.requests, stage.alive()[0], tuple(to.split()))
    for node in stage.services[words[0]].instances:
        if node in stage.alive():
            stage.change(words[0], node, request=request)
    return ""


def _cut(stage: Stage, words: list[str], _rest: str) -> str:
    seconds = _seconds(words.pop()) if words[-1].endswith("s") and words[-1][:-1].isdigit() else 0.0
    middle = words.index("|")
    stage.cut(words[:middle], words[middle + 1 :], stage.now - seconds)
    return ""


def _heal(stage: Stage, _words: list[str], _rest: str) -> str:
    stage.heal()
    return ""


def _wait(stage: Stage, words: list[str], _rest: str) -> str:
    stage.now += _seconds(words[0])
    return ""


def _fails(stage: Stage, words: list[str], _rest: str) -> str:
    """`fails svc start on b`."""
    stage.failing.add((words[0], words[3], words[1]))
    return ""


def _works(stage: Stage, words: list[str], _rest: str) -> str:
    """`works svc start on b`."""
    stage.failing.discard((words[0], words[3], words[1]))
    return ""


_LINES: Mapping[str, Callable[[Stage, list[str], str], str]] = {
    "settings": _settings,
    "node": _node,
    "arbitrator": _arbitrator,
    "service": _service,
    "request": _request,
    "cut": _cut,
    "heal": _heal,
    "wait": _wait,
    "fails": _fails,
    "works": _works,
}


def _flag(**changes: Any) -> Callable[[str], Changes]:
    return lambda _: changes


def _text(field: str) -> Callable[[str], Changes]:
    return lambda value: {field: value}


def _number(field: str) -> Callable[[str], Changes]:
    return lambda value: {field: int(value)}


def _list(field: str) -> Callable[[str], Changes]:
    return lambda value: {field: tuple(value.split())}


_NODE: Table = {
    "frozen": _flag(is_frozen=True),
    "thawed": _flag(is_frozen=False),
    "overloaded": _flag(is_overloaded=True),
    "can be fenced": _flag(can_be_fenced=True),
    "load": lambda value: {"load": float(value)},
    "score": _number("score"),
    "version": _number("version"),
    "weight": _number("weight"),
    "has merged": _number("merged"),
    "links": lambda value: {"links": {name.rstrip("!"): not name.endswith("!") for name in value.split()}},
}
_SERVICE: Table = {
    "failover": _flag(topology="failover"),
    "flex": _flag(topology="flex"),
    "target": _number("flex_target"),
    "min": _number("flex_min"),
    "max": _number("flex_max"),
    "orchestrate": _text("orchestrate"),
    "placement": _text("placement"),
    "guard": lambda value: {"guard": Guard(value)},
    "data": _flag(has_data_at_stake=True),
    "lease wait": lambda value: {"lease_wait": float(value)},
    "priority": _number("priority"),
    "parents": _list("parents"),
    "children": _list("children"),
    "hard affinity": _list("hard_affinity"),
    "hard anti-affinity": _list("hard_anti_affinity"),
    "soft affinity": _list("soft_affinity"),
    "soft anti-affinity": _list("soft_anti_affinity"),
    "monitor action": _list("monitor_action"),
    "pre monitor action": _text("pre_monitor_action"),
    "split resolution": _text("split_resolution"),
    "disabled": _flag(is_disabled=True),
    "enabled": _flag(is_disabled=False),
    "managed": _flag(is_managed=True),
    "not rolled back": _flag(is_rolled_back=False),
    "nodes": _list("nodes"),
}
_INSTANCE: Table = {
    "frozen": _flag(is_frozen=True),
    "thawed": _flag(is_frozen=False),
    "unprovisioned": _flag(is_provisioned=False),
    "incomplete": _flag(is_incomplete=True),
    "misses the constraints": _flag(meets_constraints=False),
    "meets the constraints": _flag(meets_constraints=True),
    "expected up": _flag(expects_up=True),
    "not expected up": _flag(expects_up=False),
    "was alone": _flag(is_alone=True),
    "left by a crash": _flag(is_left=True),
    "rank": _number("rank"),
    "named": _list("named"),
    "served": _text("served"),
    "config": _text("config"),
    "failed action": _text("failed_action"),
}
_RESOURCE: Table = {
    "monitored": _flag(is_monitored=True),
    "standby": _flag(is_standby=True),
    "disabled": _flag(is_disabled=True),
    "restart": _number("restarts_left"),
    "delay": lambda value: {"restart_delay": _seconds(value)},
}


def _by(table: Table, phrase: str) -> Changes:
    """The changes that a phrase names: the longest word of the table that it begins with."""
    for word in sorted(table, key=len, reverse=True):
        if phrase == word or phrase.startswith(word + " "):
            return table[word](phrase[len(word) :].strip())
    raise ValueError(f"there is no {phrase!r} here; there are: {', '.join(sorted(table))}")


def _phrases(text: str) -> Iterable[str]:
    return [phrase for part in text.split(",") if (phrase := part.strip())]


def _timed(phrase: str) -> tuple[str, float]:
    """The words of a phrase, and how long that is so: `ready 2s`."""
    found = re.fullmatch(r"(.+) ([\d.]+)s", phrase)
    return (found[1], float(found[2])) if found else (phrase, _LONG_AGO)


def _seconds(text: str) -> float:
    return _timed(f"- {text.rsplit(maxsplit=1)[-1]}")[1]


def _values(kind: Iterable[Any]) -> set[str]:
    return {member.value for member in kind}
