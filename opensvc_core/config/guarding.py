"""Guarding: what keeps a service from being active on two nodes at once, as its file and the cluster's say, and what that lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from opensvc_core.config.service import ServiceConfig
from opensvc_core.config.stakes import Stakes

# A cluster of so many nodes has no majority without one of them.
_FEW = 2


class Doubt(NamedTuple):
    """Why a service would not be taken over, or not safely.

    `notice` says it in a few words, `text` in full, with the way out as `hint`; `key` is the keyword that it is about. `offers` are
    commands, ready to paste, each of which mends it alone.
    """

    code: str
    notice: str
    text: str
    hint: str
    key: str = "guard"
    offers: tuple[str, ...] = ()


def guard_of(config: ServiceConfig) -> str:
    """What is believed: `fence`, `lease`, `exclusive`, `accept` (a double start is accepted in writing), or `none`.

    `exclusive` is believed only where all data at stake stands on disks that are reserved: the tag of a volume group refuses nobody.
    Raises ConfigError.
    """
    said = config.service
    if said.guard in ("fence", "lease"):
        return said.guard
    if said.guard != "none" and Stakes(config).is_exclusive:
        return "exclusive"
    if said.guard == "auto" and config.world.has_fencing:
        return "fence"
    return "accept" if said.split_policy == "accept" else "none"


def doubts(config: ServiceConfig) -> Iterator[Doubt]:
    """What is to be known before a node falls silent. Raises ConfigError."""
    said = config.service
    if len(said.nodes) < 2 or said.topology != "failover" or (said.orchestrate != "ha" and said.guard != "lease"):
        return
    guard = guard_of(config)
    if guard == "none":
        yield from _unguarded(config)
    elif guard == "fence":
        yield from _unfenced(config)
    elif guard == "lease":
        yield from _unwatched(config)
        yield from _outvoted(config)


def _unguarded(config: ServiceConfig) -> Iterator[Doubt]:
    stakes, word = Stakes(config), config.service.guard
    rids = [rid for rid in stakes.rids if rid in stakes.bare] or stakes.rids
    if rids:
        where = ", on no disk that is reserved" if word == "exclusive" or (word == "auto" and stakes.reserved) else ""
        text = f"a node that is silent is not taken over from: the data of {', '.join(rids)} would be at stake{where}, and nothing makes "
        hint = "configure fencing or a lease ('guard'), reserve the disks with 'scsireserv = true' where they know SCSI reservations, or "
        hint += "accept the risk with 'split_policy = accept'"
        offers = _offers(config, stakes)
        key = "orchestrate" if word == "auto" else "guard"
        told = " or ".join(f"'{one}'" for one in offers)
        yield Doubt("no-guard", "no guard", f"{text}sure that the node has it down", f"{hint}; ready to paste: {told}", key, offers)


def _offers(config: ServiceConfig, stakes: Stakes) -> tuple[str, ...]:
    """The safe one first, where there is one; with `guard = none` a reservation would not be asked."""
    command, rids = f"om {config.world.path} set", stakes.to_reserve() if config.service.guard != "none" else ()
    reserve = f"{command} {' '.join(f'--kw {rid}.scsireserv=true' for rid in rids)}"
    return (*([reserve] if rids else []), f"{command} --kw split_policy=accept")


def _unfenced(config: ServiceConfig) -> Iterator[Doubt]:
    others = [name for name in config.service.nodes if name != config.world.node.lower()]
    if missing := [name for name in others if name not in config.world.fenceable]:
        names = ", ".join(missing)
        sections = " and ".join(f"[stonith#{name}]" for name in missing)
        text = f"a takeover waits until the silent node is fenced, and nothing is configured that fences {names}"
        hint = f"say how in {sections} of cluster.conf: 'om cluster set --kw stonith#{missing[0]}.cmd=COMMAND'"
        yield Doubt("no-fencing", f"no fencing of {names}", text, hint, "guard" if config.service.guard == "fence" else "orchestrate")


def _unwatched(config: ServiceConfig) -> Iterator[Doubt]:
    rids: Sequence[str] = Stakes(config).rids
    if rids and not config.world.has_watchdog:
        text = f"no watchdog ends this node when a stop hangs until the lease is over: the data of {', '.join(rids)} would be at stake"
        offer = "om cluster set --kw watchdog#1.dev=/dev/watchdog"
        yield Doubt("no-watchdog", "no watchdog", text, f"configure one: '{offer}'", offers=(offer,))


def _outvoted(config: ServiceConfig) -> Iterator[Doubt]:
    nodes = config.world.cluster_nodes
    if len(nodes) <= _FEW and not config.world.arbitrators:
        text = f"a lease needs a majority of the voters ({', '.join(nodes)}), and there is none without each of them"
        hint = "two nodes need an arbitrator: 'om cluster set --kw arbitrator#arb.uri=tcp://HOST:1216'"
        yield Doubt("no-arbitrator", "no arbitrator", text, hint)
