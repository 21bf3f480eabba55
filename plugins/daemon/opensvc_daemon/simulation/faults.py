"""Faults: a story made of a seed, with everything that may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random

from opensvc_daemon.lease.terms import LeaseTerms
from opensvc_daemon.orchestration.requests import Wish
from opensvc_daemon.orchestration.view import Guard, Settings
from opensvc_daemon.simulation.cluster import ClusterSetup, NodeSetup, ResourceSetup, ServiceSetup
from opensvc_daemon.simulation.events import Event, event
from opensvc_daemon.simulation.story import Story

# When the cluster has come up, and for how long things go wrong at most.
BEGIN, LONGEST = 20.0, 600.0
WISHES = tuple(Wish)
# Of those that leave nothing of a service to be watched, few: as often as all of them together another one is asked for.
_ENDS = (Wish.UNPROVISION, Wish.PURGE, Wish.DELETE)
ACTIONS = ("start", "stop")


def story_of(seed: int) -> Story:
    """The story of a seed: a cluster by chance, with five to fifteen faults."""
    random, making = Random(f"story {seed}"), Random(f"making {seed}")
    setup = _unmade(making, _varied(Random(f"variety {seed}"), _cluster(random)))
    story = beset(setup, seed, random.randint(5, 15))
    return story._replace(events=tuple(sorted((*story.events, *_making(making, story)), key=lambda one: one.at)))


def beset(setup: ClusterSetup, seed: int, count: int, kinds: Sequence[str] = ()) -> Story:
    """A given cluster with so many faults by chance, of all kinds or of some (`FAULTS`). Raises ValueError for an unknown kind."""
    unknown = [kind for kind in kinds if kind not in FAULTS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no kind of fault; known: {', '.join(FAULTS)}")
    random = Random(f"faults {seed}")
    span = random.uniform(60.0, LONGEST)
    chosen = [random.choice(tuple(kinds or FAULTS)) for _ in range(count)]
    moments = _moments(random, count, span)
    happening = [one for kind, at in zip(chosen, moments, strict=True) for one in FAULTS[kind](_Fate(random, setup, at))]
    events = tuple(sorted(happening, key=lambda one: one.at))
    calm = round(max((one.at for one in events), default=BEGIN) + random.uniform(0.0, 60.0), 3)
    return Story(setup, events, calm, seed=seed)


def _moments(random: Random, count: int, span: float) -> list[float]:
    """When: spread over the whole time, or several within a few seconds, so that one meets what the other has begun."""
    if random.random() < 0.4:
        return [BEGIN + random.uniform(0.0, span) for _ in range(count)]
    bursts = [BEGIN + random.uniform(0.0, span) for _ in range(max(1, count // 5))]
    return [random.choice(bursts) + random.uniform(0.0, random.choice((2.0, 10.0, 30.0))) for _ in range(count)]


class _Fate:
    """A fault to be made: by chance, on a cluster, at a moment."""

    def __init__(self, random: Random, setup: ClusterSetup, at: float) -> None:
        self.random, self.setup, self.at = random, setup, at

    def node(self) -> str:
        return self.random.choice(self.setup.names)

    def machine(self) -> str:
        return self.random.choice((*self.setup.names, *self.setup.arbitrators))

    def service(self) -> ServiceSetup:
        return self.random.choice(self.setup.services)

    def length(self) -> float:
        """Short, about as long as the timeouts, or long."""
        least, most = self.random.choice(((0.2, 4.0), (3.0, 20.0), (10.0, 150.0)))
        return round(self.random.uniform(least, most), 3)

    def event(self, kind: str, *words: object, later: float = 0.0) -> Event:
        return event(round(self.at + later, 3), kind, tuple(map(str, words)))

    def pair(self) -> tuple[str, str]:
        start, end = self.random.sample((*self.setup.names, *self.setup.arbitrators), 2)
        return start, end


Fault = Callable[[_Fate], Iterable[Event]]


def _crash(fate: _Fate) -> Iterator[Event]:
    node = fate.machine()
    yield fate.event("crash", node)
    if fate.random.random() < 0.8:
        yield fate.event("boot", node, later=fate.length())


def _reboot(fate: _Fate) -> Iterator[Event]:
    yield fate.event("reboot", fate.node(), fate.length())


def _all_reboot(fate: _Fate) -> Iterator[Event]:
    for node in fate.setup.names:
        yield fate.event("crash", node)
        yield fate.event("boot", node, later=fate.length())


def _pause(fate: _Fate) -> Iterator[Event]:
    yield fate.event(fate.random.choice(("pause", "suspend")), fate.node(), fate.length())


def _hang(fate: _Fate) -> Iterator[Event]:
    yield fate.event("hang", fate.node(), fate.length())


def _daemon(fate: _Fate) -> Iterator[Event]:
    node, kind = fate.node(), fate.random.choice(("daemon-kill", "daemon-stop", "daemon-restart", "beat-kill"))
    if kind == "daemon-restart":
        yield fate.event(kind, node, fate.length())
        return
    yield fate.event(kind, node)
    if fate.random.random() < 0.8:
        yield fate.event("daemon-start", node, later=fate.length())


def _cut(fate: _Fate) -> Iterator[Event]:
    start, end = fate.pair()
    ways = fate.random.choice((((start, end),), ((start, end), (end, start))))
    links = fate.random.choice(((), fate.setup.links[:1]))
    yield from (fate.event("cut", *way, *links) for way in ways)
    later = fate.length()
    yield from (fate.event("heal", *way, later=later) for way in ways)


def _isolate(fate: _Fate) -> Iterator[Event]:
    yield fate.event("isolate", fate.node())
    if fate.random.random() < 0.8:
        yield fate.event("heal", later=fate.length())


def _weather(fate: _Fate) -> Iterator[Event]:
    """One way, both ways between two, or everywhere."""
    pair, names = fate.pair(), fate.setup.names
    everywhere = [(start, end) for start in names for end in names if start != end]
    ways = fate.random.choice(([pair], [pair, pair[::-1]], everywhere))
    kind, later = fate.random.choice(("loss", "double", "delay", "delay")), fate.length()
    if kind == "delay":
        words = [round(fate.random.uniform(0.0, fate.random.choice((2.5, 6.0))), 3), round(fate.random.uniform(0.0, 4.0), 3)]
    else:
        words = [round(fate.random.uniform(0.05, 0.95), 2)]
    for start, end in ways:
        yield fate.event(kind, start, end, *words)
        yield fate.event("heal", start, end, later=later)


def _wall(fate: _Fate) -> Iterator[Event]:
    yield fate.event("wall", fate.node(), round(fate.random.uniform(-1e6, 1e6)))


def _action(fate: _Fate) -> Iterator[Event]:
    node, service, kind = fate.node(), fate.service(), fate.random.choice(("slow", "fails", "halfway", "hangs"))
    words = (fate.random.choice(ACTIONS), *([fate.length()] if kind == "slow" else []))
    yield fate.event(kind, node, service.path, *words)


def _resource(fate: _Fate) -> Iterator[Event]:
    service = fate.service()
    yield fate.event(
        fate.random.choice(("dies", "breaks")), fate.random.choice(service.nodes), service.path, fate.random.choice(service.resources).rid
    )


def _fence(fate: _Fate) -> Iterator[Event]:
    node = fate.node()
    yield fate.event("fence-breaks", node)
    yield fate.event("fence-works", node, later=fate.length())


def _person(fate: _Fate) -> Iterator[Event]:
    service, wish = fate.service(), fate.random.choice(WISHES)
    if wish in _ENDS and fate.random.random() < 0.7:
        wish = Wish.PROVISION
    to = fate.random.sample(service.nodes, 1) if wish in (Wish.SWITCH, Wish.TAKEOVER) else ()
    yield fate.event("request", fate.random.choice(service.nodes), service.path, wish.value, *to)
    if fate.random.random() < 0.3:
        yield fate.event("again", fate.random.choice(service.nodes), service.path, later=fate.length())


def _freezing(fate: _Fate) -> Iterator[Event]:
    service = fate.service()
    node, kind = fate.random.choice(service.nodes), fate.random.choice(("freeze-node", "freeze", "stop-local"))
    words = (node,) if kind == "freeze-node" else (node, service.path)
    yield fate.event(kind, *words)
    if fate.random.random() < 0.8:
        yield fate.event("thaw-node" if kind == "freeze-node" else "thaw", *words, later=fate.length())


def _draining(fate: _Fate) -> Iterator[Event]:
    yield fate.event("drain", fate.node())


def _confirming(fate: _Fate) -> Iterator[Event]:
    node, down = fate.random.sample(fate.setup.names, 2)
    yield fate.event("crash", down)
    yield fate.event("confirm", node, down, later=fate.length())
    yield fate.event("boot", down, later=fate.length())


def _file(fate: _Fate) -> Iterator[Event]:
    service = fate.service()
    if fate.random.random() < 0.3:
        yield fate.event("priority", service.path, fate.random.randint(1, 200))
        return
    count = fate.random.randint(1, len(fate.setup.names))
    yield fate.event("nodes", service.path, *fate.random.sample(fate.setup.names, count))


def _load(fate: _Fate) -> Iterator[Event]:
    if fate.random.random() < 0.5:
        yield fate.event("load", fate.node(), round(fate.random.uniform(0.0, 20.0), 1))
    else:
        yield fate.event("overload", fate.node(), fate.length())


FAULTS: dict[str, Fault] = {
    "crash": _crash,
    "reboot": _reboot,
    "all-reboot": _all_reboot,
    "pause": _pause,
    "hang": _hang,
    "daemon": _daemon,
    "cut": _cut,
    "isolate": _isolate,
    "weather": _weather,
    "wall": _wall,
    "action": _action,
    "resource": _resource,
    "fence": _fence,
    "person": _person,
    "freezing": _freezing,
    "draining": _draining,
    "confirming": _confirming,
    "file": _file,
    "load": _load,
}


# -- clusters by chance


def _cluster(random: Random) -> ClusterSetup:
    names = tuple(f"n{number}" for number in range(1, random.choice((2, 2, 3, 3, 3, 4)) + 1))
    services = tuple(_service(random, f"svc{number}", names) for number in range(1, random.randint(1, 3) + 1))
    return ClusterSetup(
        tuple(NodeSetup(name, rate=round(random.uniform(0.991, 1.009), 4), fence=random.random() < 0.9) for name in names),
        _related(random, services),
        ("a1",) if len(names) == 2 or random.random() < 0.2 else (),
        random.choice((("hb#1",), ("hb#1", "hb#2"))),
        Settings(has_quorum_rule=random.random() < 0.4, split_action=random.choice(("stop", "crash", "reboot"))),
        LeaseTerms(renewal=1.6),
        hearing="rooms" if random.random() < 0.1 else "plain",
    )


def _varied(random: Random, setup: ClusterSetup) -> ClusterSetup:
    """The same with what few clusters have."""
    nodes = tuple(node._replace(score=random.randint(0, 100)) for node in setup.nodes)
    settings = setup.settings._replace(max_parallel=random.choice((1, 2, 10, 10)))
    return setup._replace(nodes=nodes, settings=settings, services=tuple(_seldom(random, service) for service in setup.services))


def _unmade(random: Random, setup: ClusterSetup) -> ClusterSetup:
    """The same with services of which nothing is there before somebody provisions them."""
    return setup._replace(services=tuple(service._replace(is_made=random.random() > 0.1) for service in setup.services))


def _making(random: Random, story: Story) -> Iterator[Event]:
    """People provision what is not there, sometimes on two nodes at once."""
    for service in story.setup.services:
        if not service.is_made and random.random() < 0.8:
            at = round(random.uniform(BEGIN, story.calm), 3)
            for node in random.sample(service.nodes, random.choice((1, 1, 2))):
                yield event(at, "request", (node, service.path, "provision"))


_FALLBACKS = (("switch", "stop"), ("freezestop", "reboot"), ("stop", "crash"), ("none",))


def _seldom(random: Random, service: ServiceSetup) -> ServiceSetup:
    if random.random() < 0.2:
        service = service._replace(orchestrate=random.choice(("start", "start", "no")))
    if random.random() < 0.2:
        service = service._replace(placement=random.choice(("score", "last start", "none")))
    if random.random() < 0.2:
        service = service._replace(monitor_action=random.choice(_FALLBACKS))
    if random.random() < 0.2:
        service = service._replace(resources=(ResourceSetup("disk#0", is_standby=True, restart=1), *service.resources))
    return service._replace(unfit=tuple(random.sample(service.nodes, 1))) if random.random() < 0.15 else service


def _related(random: Random, services: tuple[ServiceSetup, ...]) -> tuple[ServiceSetup, ...]:
    """Sometimes the last service needs the first one, or wants to be beside it, or not."""
    if len(services) < 2 or random.random() < 0.6:
        return services
    relation = random.choice(("parents", "children", "hard_affinity", "hard_anti_affinity", "soft_affinity", "soft_anti_affinity"))
    last = services[-1]._replace(**{relation: (services[0].path,)})  # type: ignore[arg-type] # each of them is a tuple of names
    return (*services[:-1], last)


def _service(random: Random, path: str, names: tuple[str, ...]) -> ServiceSetup:
    guard = random.choice((Guard.FENCE, Guard.FENCE, Guard.LEASE, Guard.LEASE, Guard.EXCLUSIVE, Guard.EXCLUSIVE, Guard.NONE, Guard.ACCEPT))
    is_flex = random.random() < 0.15
    data = ResourceSetup("fs#1", is_exclusive=guard is Guard.EXCLUSIVE and not is_flex)
    restart, delay = random.choice((0, 0, 1, 3)), random.choice((0.0, 2.0))
    app = ResourceSetup("app#1", is_monitored=random.random() < 0.6, restart=restart, restart_delay=delay)
    return ServiceSetup(
        path,
        tuple(random.sample(names, random.randint(2, len(names)))),
        topology="flex" if is_flex else "failover",
        flex_target=random.randint(1, 2) if is_flex else 1,
        placement=random.choice(("nodes order", "nodes order", "spread", "load avg", "shift")),
        priority=random.choice((50, 100, 100)),
        guard=guard,
        has_data_at_stake=random.random() < 0.8,
        monitor_action=random.choice(((), ("stop",), ("crash",), ("reboot",))),
        is_rolled_back=random.random() < 0.85,
        starts=round(random.uniform(0.1, 4.0), 2),
        stops=round(random.uniform(0.1, 3.0), 2),
        resources=(data, app),
    )
