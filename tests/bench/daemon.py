"""The daemon at rest: its memory and processor time, alone and with 100 services; how soon it knows them, and tells of them.

On two nodes of a lab that hear each other, with the default periods.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.bench.measure import beyond, shown, tell, told_missing

if TYPE_CHECKING:
    from cluster import Cluster
    from lab import Node

TOP: Final = Path(__file__).parents[2]
SERVICES: Final = 100
# Seconds: of the measure of processor time, and until a daemon has come to rest.
REST: Final = 60.0
SETTLED: Final = 30.0
# Of memory, in that time.
SAMPLES: Final = 12
# Seven resources that are down.
SERVICE: Final = "[DEFAULT]\nnodes = n1 n2\n" + "".join(
    [f"[fs#{number}]\ntype = directory\npath = /srv/{{name}}/{number}\n" for number in range(5)]
    + [f"[app#{number}]\ntype = simple\nstart = /bin/sleep {number}000\n" for number in range(2)]
)
PARTS: Final = ("supervisor", "monitor", "beat", "runner")
RUNS: Final = 20


def measure(_folder: Path) -> None:
    """Alone first, then with services."""
    sys.path.insert(0, str(TOP / "tests" / "system"))
    from cluster import Cluster
    from lab import Lab, missing

    if reason := missing("sleep"):
        told_missing("the daemon at rest", reason)
        return
    with Lab(2) as lab:
        for node in lab.nodes:
            node.prefer()
        cluster = Cluster(lab, timeout=5.0, interval=1.0, ready_period=1)
        cluster.start()
        alone = statistics.median(at_rest(lab["n1"], "idle", 60, 90, 0.5))
        known(cluster)
        many = at_rest(lab["n1"], f"{SERVICES} services", 75, 105)
        tell(f"memory that {SERVICES} services take", [one - alone for one in many], "MB", limit=15)
        monitored(lab["n1"])
        told(cluster)


def at_rest(node: Node, title: str, limit: int, limit_with: int, limit_share: float | None = None) -> list[float]:
    """Memory and processor time of a daemon that decides nothing; its memory in MB now and then, which is more while it looks."""
    time.sleep(SETTLED)
    before, began = seen(node), time.monotonic()
    sizes = [before]
    while time.monotonic() - began < REST:
        time.sleep(REST / SAMPLES)
        sizes.append(seen(node))
    after, took = sizes[-1], time.monotonic() - began
    shares = {part: 100 * (after["seconds"][part] - before["seconds"].get(part, 0.0)) / took for part in after["seconds"]}
    told_shares = ", ".join(f"{part} {one:.2f}" for part, one in shares.items())
    without, found = ([float(one[which]) for one in sizes] for which in ("without", "all"))
    tell(f"daemon, {title}: memory without the runner", without, "MB", limit=limit)
    tell(f"daemon, {title}: memory", found, "MB", limit=limit_with)
    tell(f"daemon, {title}: processor time of one", [sum(shares.values())], "%", beside=told_shares, limit=limit_share)
    return found


def known(cluster: Cluster) -> None:
    """Start a daemon that finds 100 services of 7 resources."""
    for node in cluster.nodes:
        node("om daemon stop")
        for number in range(SERVICES):
            node.write(f"/etc/opensvc/s{number:03}.conf", SERVICE)
    first = cluster.nodes[0]
    began = time.monotonic()
    first.begin("om daemon start")
    cluster.wait(lambda: len(looked_at(cluster, first)) == SERVICES, "all services are known")
    took = time.monotonic() - began
    tell(f"{SERVICES} services of 7 resources known after the start", [took], "s", limit=3)
    for node in cluster.nodes[1:]:
        node("om daemon start")
    cluster.wait_heard()
    cluster.wait(lambda: all(len(looked_at(cluster, node)) == SERVICES for node in cluster.nodes), "all nodes know all services")


def looked_at(cluster: Cluster, node: Node) -> set[str]:
    """The services of which a node knows its own instance's status."""
    services = cluster.document(node).get("services", {})
    return {name for name, one in services.items() if one["instances"].get(node.name, {}).get("avail", "undef") != "undef"}


def monitored(node: Node) -> None:
    """`om mon` as a whole process."""
    turns = [(_seconds_of(node, "om mon"), _seconds_of(node, f"{sys.executable} -c pass")) for _ in range(RUNS)]
    taken, bare = ([one for one, _ in turns], [other for _, other in turns])
    tell(f"om mon, {SERVICES} services", beyond(taken, bare), "ms", beside=f"above python -c pass, {shown(bare)}", limit=150)


def _seconds_of(node: Node, line: str) -> float:
    began = time.monotonic()
    node(line)
    return time.monotonic() - began


def told(cluster: Cluster) -> None:
    """An event of one node in a stream of the other one."""
    first, second = cluster.nodes[:2]
    stream = second.begin("om events --kind instance --format json")
    assert stream.stdout is not None
    latencies = []
    try:
        for number in range(RUNS):
            verb = ("freeze", "thaw")[number % 2]
            first(f"om s000 {verb} --local")
            latencies.append(next(_arrivals(stream.stdout, first.name, "s000", is_frozen=verb == "freeze")))
    finally:
        stream.terminate()
    tell("an event in a stream of the other node", latencies, "ms", limit=50)


def _arrivals(lines: Any, node: str, service: str, *, is_frozen: bool) -> Iterator[float]:
    """Seconds between what happened on a node, as its event tells, and the arrival of the line."""
    for line in lines:
        event = json.loads(line)
        if (event["node"], event["service"]) == (node, service) and bool(event["data"].get("frozen")) is is_frozen:
            yield time.time() - event["at"]


# -- inside a node


def seen(node: Node) -> dict[str, Any]:
    """What the processes of its daemon take: MB with and without the runner, seconds of processor time by part."""
    found: dict[str, Any] = json.loads(node(f"{sys.executable} -m {__spec__.name}", PYTHONPATH=str(TOP)).stdout)
    return found


def look() -> dict[str, Any]:
    """The same, of the host that this runs on."""
    pids: dict[str, list[str]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        words = (folder / "cmdline").read_bytes().decode().split("\0")
        part = next((part for part in PARTS if f"opensvc_daemon.{part}" in words), "")
        if part:
            pids[part].append(folder.name)
    everybody = [pid for part in pids for pid in pids[part]]
    without = [pid for part in pids if part != "runner" for pid in pids[part]]
    seconds = {part: sum(map(_seconds, pids[part])) for part in pids}
    return {"all": _megabytes(everybody), "without": _megabytes(without), "seconds": seconds}


def _seconds(pid: str) -> float:
    """Processor time of all threads, and of the children that have ended (proc_pid_stat(5): utime, stime, cutime, cstime)."""
    with suppress(OSError):  # one that has just ended is a child of another one
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        threads = sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())
        return threads / 1e9 + (int(fields[13]) + int(fields[14])) / 100
    return 0.0


def _megabytes(pids: list[str]) -> float:
    """The memory of some processes: what is of files counts once, whoever else on this machine has it too."""
    files: dict[str, int] = {}
    own = 0
    for pid in pids:
        text = ""
        with suppress(OSError):  # one that has just ended
            text = Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8")
        for name, sizes in mappings(text):
            own += sizes["Pss_Dirty"] if name else sizes["Pss"]
            files[name] = max(files.get(name, 0), sizes["Rss"] - sizes["Anonymous"]) if name else 0
    return (own + sum(files.values())) / 1024


def mappings(smaps: str) -> Iterator[tuple[str, dict[str, int]]]:
    """The place and file of each mapping in the text of proc_pid_smaps(5), empty for memory of none, and its sizes in kB."""
    name, sizes = "", dict[str, int]()
    for line in smaps.splitlines():
        words = line.split()
        if words[0].endswith(":"):
            sizes |= {words[0][:-1]: int(words[1])} if words[-1] == "kB" else {}
        else:
            if sizes:
                yield name, sizes
            name, sizes = f"{words[2]} {words[5]}" if len(words) > 5 and words[5].startswith("/") else "", {}
    if sizes:
        yield name, sizes


if __name__ == "__main__":
    print(json.dumps(look()))
