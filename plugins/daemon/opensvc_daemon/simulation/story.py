"""A story: a cluster and what happens to it, as values and as a text that people read and write.

    cluster seed=7 heartbeat_timeout=5.0
    node n1
    node n2 rate=1.004 fence=no
    arbitrator a1
    service svc1 nodes=n1,n2 guard=fence resource=fs#1:exclusive resource=app#1:monitored:restart=2
    at 20.000 crash n1
    calm at 60.000 for 400.000

The line `calm` tells when faults end: all is repaired and switched on then, and for how long things may take to be as they should.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, NamedTuple

from opensvc_daemon.lease.terms import LeaseTerms
from opensvc_daemon.orchestration.view import Settings
from opensvc_daemon.simulation.cluster import ClusterSetup, NodeSetup, ResourceSetup, ServiceSetup
from opensvc_daemon.simulation.events import Event, event

PATIENCE = 400.0
# What the line `cluster` has beside settings and terms.
_OWN = ("links", "watchdog", "hearing")


class Story(NamedTuple):
    """`calm`: when faults end. `patience`: seconds from then on in which everything has to come to rest."""

    setup: ClusterSetup
    events: tuple[Event, ...] = ()
    calm: float = 60.0
    patience: float = PATIENCE
    seed: int = 0

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in _lines(self))


def parse(text: str, setup: ClusterSetup | None = None) -> Story:
    """Read a story, or what happens to the cluster of `setup`. Raises ValueError with the line where it is wrong."""
    reading = _Reading()
    for line in list(_lines(Story(setup)))[:-1] if setup else ():  # the last one is `calm`
        first, *words = line.split()
        reading.line(first, words)
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(" #")[0].split()
        if words and not words[0].startswith("#"):
            try:
                reading.line(words[0], words[1:])
            except (ValueError, IndexError) as error:
                raise ValueError(f"line {number}: {line.strip()}: {error or 'something is missing'}") from error
    return reading.story()


class _Reading:
    """The lines read so far."""

    def __init__(self) -> None:
        self.nodes: list[NodeSetup] = []
        self.services: list[ServiceSetup] = []
        self.arbitrators: list[str] = []
        self.events: list[Event] = []
        self.cluster: dict[str, str] = {}
        self.calm: tuple[float, float] | None = None

    def line(self, first: str, words: list[str]) -> None:
        """One line."""
        readers: dict[str, Callable[[list[str]], None]] = {
            "cluster": lambda words: self.cluster.update(_pairs(words)),
            "node": lambda words: self.nodes.append(_filled(NodeSetup, {"name": words[0], **_pairs(words[1:])})),
            "arbitrator": lambda words: self.arbitrators.append(words[0]),
            "service": self._service,
            "at": lambda words: self.events.append(event(float(words[0]), words[1], tuple(words[2:]))),
            "calm": self._calm,
        }
        if first not in readers:
            raise ValueError(f"a line begins with one of {', '.join(readers)}")
        readers[first](words)

    def _service(self, words: list[str]) -> None:
        resources = tuple(_resource(word.partition("=")[2]) for word in words if word.startswith("resource="))
        pairs = {"path": words[0], **_pairs([word for word in words[1:] if not word.startswith("resource=")])}
        service = _filled(ServiceSetup, pairs)
        self.services.append(service._replace(resources=resources) if resources else service)

    def _calm(self, words: list[str]) -> None:
        if words[::2] != ["at", "for"][: len(words[::2])]:
            raise ValueError("it is written 'calm at SECONDS for SECONDS'")
        self.calm = (float(words[1]), float(words[3]) if len(words) > 3 else PATIENCE)

    def story(self) -> Story:
        """What they come to."""
        if not self.nodes or not self.services:
            raise ValueError("a story needs at least one node and one service")
        setup = ClusterSetup(tuple(self.nodes), tuple(self.services), tuple(self.arbitrators))
        own: dict[str, Any] = {key: _value(ClusterSetup._field_defaults[key], self.cluster.pop(key)) for key in _OWN if key in self.cluster}
        seed = int(self.cluster.pop("seed", "0"))
        terms = {key: value for key, value in self.cluster.items() if key in LeaseTerms._fields}
        settings = {key: value for key, value in self.cluster.items() if key not in terms}
        setup = setup._replace(
            settings=_filled(Settings, settings),
            terms=_filled(LeaseTerms, terms),
            **own,
        )
        events = tuple(sorted(self.events, key=lambda one: one.at))
        _check(setup, events)
        calm, patience = self.calm or (max((one.at for one in events), default=0.0) + 30.0, PATIENCE)
        return Story(setup, events, calm, patience, seed)


def _check(setup: ClusterSetup, events: tuple[Event, ...]) -> None:
    """Names have to be known."""
    if setup.hearing not in ("plain", "rooms", "sealed"):
        raise ValueError(f"hearing={setup.hearing}: it is plain, rooms or sealed")
    known = {*setup.names, *setup.arbitrators}
    for service in setup.services:
        for node in service.nodes:
            if node not in known:
                raise ValueError(f"service {service.path} is to run on {node}, which is no node of the story")
    for one in events:
        if one.kind not in ("heal", "nodes", "priority") and one.words[0] not in known:
            raise ValueError(f"'{one}': {one.words[0]} is no node of the story")


def _pairs(words: list[str]) -> dict[str, str]:
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"{word!r} is not of the form key=value")
        found[key] = value.replace("_", " ") if key in ("placement", "pre_monitor_action") else value
    return found


def _filled(kind: type[Any], pairs: dict[str, str]) -> Any:
    """A named tuple of these values. Raises ValueError for a key that it does not have."""
    unknown = [key for key in pairs if key not in kind._fields]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not known here; known: {', '.join(kind._fields)}")
    missing = [key for key in kind._fields if key not in pairs and key not in kind._field_defaults]
    if missing:
        raise ValueError(f"{missing[0]}= is missing")
    return kind(**{key: _value(kind._field_defaults.get(key, () if key == "nodes" else ""), text) for key, text in pairs.items()})


def _value(default: object, text: str) -> object:
    """A text as a value of the kind that the default is of."""
    if isinstance(default, bool):
        if text not in ("yes", "no"):
            raise ValueError(f"{text!r} is neither yes nor no")
        return text == "yes"
    if isinstance(default, tuple):
        return tuple(filter(None, text.split(",")))
    if isinstance(default, Enum):
        return type(default)(text)
    return type(default)(text) if isinstance(default, (int, float)) else text


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    return ",".join(value) if isinstance(value, tuple) else str(value).replace(" ", "_")


def _differing(values: Any, *omitted: str) -> list[str]:
    """What a named tuple has beside its defaults."""
    return [
        f"{key}={_text(value)}"
        for key, value in values._asdict().items()
        if key not in omitted and (key not in values._field_defaults or value != values._field_defaults[key])
    ]


# The flags of a resource in a text.
_FLAGS = {"monitored": "is_monitored", "standby": "is_standby", "exclusive": "is_exclusive"}


def _resource(text: str) -> ResourceSetup:
    rid, *rest = text.split(":")
    flags = {_FLAGS[word]: True for word in rest if word in _FLAGS}
    return _filled(ResourceSetup, {"rid": rid, **_pairs([word for word in rest if word not in _FLAGS])})._replace(**flags)  # type: ignore[no-any-return] # of the kind that it is given


def _resource_text(one: ResourceSetup) -> str:
    flags = [word for word, field in _FLAGS.items() if getattr(one, field)]
    return ":".join([f"resource={one.rid}", *flags, *_differing(one, "rid", *_FLAGS.values())])


def _lines(story: Story) -> Iterator[str]:
    setup = story.setup
    own = [f"{key}={_text(getattr(setup, key))}" for key in _OWN if getattr(setup, key) != setup._field_defaults[key]]
    yield " ".join(["cluster", f"seed={story.seed}", *own, *_differing(setup.settings), *_differing(setup.terms)])
    for node in setup.nodes:
        yield " ".join(["node", node.name, *_differing(node, "name")])
    yield from (f"arbitrator {name}" for name in setup.arbitrators)
    for service in setup.services:
        resources = map(_resource_text, service.resources) if service.resources != ServiceSetup._field_defaults["resources"] else ()
        yield " ".join(["service", service.path, *_differing(service, "path", "resources"), *resources])
    yield from map(str, story.events)
    yield f"calm at {story.calm:.3f} for {story.patience:.3f}"
