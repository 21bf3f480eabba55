"""The setup of beat: what node.conf and cluster.conf say of heartbeats and leases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from opensvc_daemon.guards.arbitrators import ArbitratorPlace, arbitrators
from opensvc_daemon.heartbeat.beat import LINKS
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.heartbeat.terms import Terms
from opensvc_daemon.lease.membership import Member, Voters
from opensvc_daemon.lease.terms import LeaseTerms
from opensvc_daemon.lease.watchdog import Watchdog

if TYPE_CHECKING:
    from opensvc_core.api import HeartbeatLink, WatchdogTimer

# A node that did nothing itself for so many seconds has missed what was said meanwhile.
PAUSE = 2.0


class Setup(NamedTuple):
    """`keyring` None: there are no heartbeats, `findings` say why. `links` and `watchdog` have the reason in the place of what can't be."""

    node: str
    cluster: str = "default"
    id: str = ""
    members: tuple[str, ...] = ()
    keyring: Keyring | None = None
    terms: Terms = Terms()
    lease_terms: LeaseTerms = LeaseTerms()
    voters: Voters = Voters(())
    arbitrators: tuple[ArbitratorPlace, ...] = ()
    watchdog: WatchdogTimer | Exception | None = None
    links: Mapping[str, HeartbeatLink | Exception] = {}
    findings: tuple[str, ...] = ()


def read(root: str | None, node: str) -> Setup:
    """The setup of a node, as its files are now. Raises OpensvcError: they can't be read."""
    from opensvc_core.api import Node  # noqa: PLC0415 - what only uses the values spares it

    return of_node(Node(root, nodename=node))


def of_node(node: Any) -> Setup:
    """The setup of a node of the core. Raises OpensvcError: its files can't be read."""
    cluster = node.cluster
    links = node.heartbeats()
    terms, findings = terms_of([link for link in links.values() if not isinstance(link, Exception)])
    keyring, keys = keyring_of(cluster.secret, cluster.next_secret)
    leases, unfit = lease_terms_of(cluster)
    watchdog, doubts = watchdog_of(node, leases)
    places, strange = places_of(node)
    voters = Voters(voters_of(cluster.nodes, places), leases.lease)
    members = tuple(dict.fromkeys((*cluster.nodes, *cluster.drpnodes, node.name)))
    return Setup(
        node=node.name,
        cluster=cluster.name,
        id=cluster.id or cluster.name,
        members=members,
        keyring=keyring,
        terms=terms,
        lease_terms=leases,
        voters=voters,
        arbitrators=places,
        watchdog=watchdog,
        links=links,
        findings=(*findings, *keys, *unfit, *doubts, *strange),
    )


def places_of(node: Any) -> tuple[tuple[ArbitratorPlace, ...], tuple[str, ...]]:
    """The arbitrators that can be asked, and what is wrong with the others."""
    names = {*node.cluster.nodes, *node.cluster.drpnodes}
    found = [
        place._replace(finding=f"arbitrator {place.name}: a node has that name") if place.name in names else place
        for place in arbitrators(node)
    ]
    return tuple(place for place in found if not place.finding), tuple(place.finding for place in found if place.finding)


def voters_of(nodes: Iterable[str], places: Iterable[ArbitratorPlace]) -> tuple[Member, ...]:
    """Who grants leases: nobody before `cluster.nodes` names the nodes."""
    named = {name: Member(name) for name in nodes}
    return tuple(sorted({**named, **{one.name: Member(one.name, one.weight) for one in places}}.values())) if named else ()


def terms_of(links: Iterable[HeartbeatLink]) -> tuple[Terms, tuple[str, ...]]:
    """The times of all links together: a peer is stale when the most patient link has run out; and what does not fit."""
    ways = list(links)
    interval, timeout = min((link.interval for link in ways), default=1.0), max((link.timeout for link in ways), default=5.0)
    if timeout <= 0 or interval <= 0:
        return Terms(), (f"heartbeats: interval {interval:g} s, timeout {timeout:g} s: both have to be above 0; 1 s and 5 s are used",)
    wanted = _terms(interval, timeout)
    findings = tuple(f"heartbeats: {one}" for one in wanted.findings())
    return (_terms(timeout / 3, timeout), findings) if findings else (wanted, ())


def _terms(interval: float, timeout: float) -> Terms:
    return Terms(interval, timeout, min(max(PAUSE, 2 * interval), timeout / 2))


def keyring_of(secret: str | None, following: str | None) -> tuple[Keyring | None, tuple[str, ...]]:
    """The secrets, the oldest first; None without any, and why."""
    if not secret:
        return None, ("cluster.secret is missing: there are no heartbeats; join a cluster, or set one with 'om cluster set'",)
    try:
        texts = dict.fromkeys(filter(None, (secret, following)))
        return Keyring(tuple(Secret.of_text(text) for text in texts)), ()
    except ValueError as error:
        return None, (f"{error}; there are no heartbeats until then",)


def lease_terms_of(cluster: Any) -> tuple[LeaseTerms, tuple[str, ...]]:
    """What `[cluster]` says of leases; the defaults where that is unfit, and why."""
    terms = LeaseTerms(cluster.lease, cluster.lease_renewal, cluster.lease_stop_limit, cluster.lease_drift)
    findings = tuple(f"cluster: {one.text}; the defaults are used" for one in terms.findings())
    return (LeaseTerms() if findings else terms), findings


def watchdog_of(node: Any, terms: LeaseTerms) -> tuple[WatchdogTimer | Exception | None, tuple[str, ...]]:
    """The first watchdog of a node, in its place why it can't be used, or None; and what doesn't fit."""
    found = node.watchdogs()
    if not found:
        return None, ()
    first, *others = found
    timer = found[first]
    unused = tuple(f"{name}: a node has one watchdog, that of {first}: this one is not used; take one of them out" for name in others)
    if isinstance(timer, Exception):
        return timer, (f"{first}: {timer}", *unused)
    doubts = (timer.problem(), *(one.text for one in Watchdog(timer.timeout, terms).findings()))
    return timer, (*(f"{first}: {text}" for text in doubts if text), *unused)


def numbers(links: Iterable[str]) -> dict[str, int]:
    """The numbers of links in beats, the same on all nodes: `hb#7` is 7, another name one that is made of it."""
    found: dict[str, int] = {}
    for name in sorted(links, key=lambda name: (_own_number(name) is None, name)):
        first = _own_number(name)
        candidates = ((crc32(name.encode()) + step) % LINKS for step in range(LINKS)) if first is None else iter((first,))
        number = next((one for one in candidates if one not in found.values()), None)
        if number is not None:
            found[name] = number
    return found


def _own_number(name: str) -> int | None:
    index = name.partition("#")[2]
    return int(index) if index.isascii() and index.isdigit() and str(int(index)) == index and int(index) < LINKS else None
