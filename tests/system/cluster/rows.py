"""A row of the behaviour that is promised for two nodes: what is so before, what happens, and where the service is at the end.

A is n1, where it is up at first; B is n2. A case is made of words: fA, fB (the instance there is frozen), FA, FB (the node is),
dB (the daemon there is not running).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cluster.members import Cluster
from cluster.services import Trial

NODES: Final = {"A": "n1", "B": "n2"}
# Seconds beyond the periods of a cluster in which something would have happened that must not.
MARGIN: Final = 1.0


class Row(NamedTuple):
    """One row; `result` is what A and what B says of its instance at the end: up, down or warn."""

    event: str
    case: str
    result: str

    @property
    def up(self) -> list[str]:
        """The nodes where it is alive at the end."""
        return [name for name, said in self.told.items() if said == "up"]

    @property
    def told(self) -> dict[str, str]:
        """What each node says of its instance."""
        a, b = self.result.split(" / ")
        return {"n1": a, "n2": b}

    def __str__(self) -> str:
        """For the name of a test."""
        return f"{self.event}, {self.case}: {self.result}"


def rows(table: str) -> list[Row]:
    """The rows of a table; what is left empty is as in the row above.

    >>> rows("| A crashes | plain | down / up |")
    [Row(event='A crashes', case='plain', result='down / up')]
    """
    found: list[Row] = []
    for line in filter(None, map(str.strip, table.splitlines())):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        found.append(Row(*(cell or found[-1][place] for place, cell in enumerate(cells))))
    return found


def prepare(cluster: Cluster, trial: Trial, row: Row) -> None:
    """Bring about a row's case, from the service up on A and all well."""
    cluster.restore(trial)
    for word in row.case.replace("+", " ").split():
        _bring_about(cluster, trial, word)


def _bring_about(cluster: Cluster, trial: Trial, word: str) -> None:
    """One word of a case; `plain` is none."""
    node = cluster.lab[NODES.get(word[1:], "n1")]
    if word[0] == "f":
        node(f"om {trial.name} freeze --local")
        cluster.wait(lambda: _is_frozen(cluster, trial, node.name), f"{word} is told")
    elif word[0] == "F":
        node("om node freeze --local")
        cluster.wait(lambda: _is_node_frozen(cluster, node.name), f"{word} is told")
    elif word[0] == "d":
        node("om daemon stop")


def _is_frozen(cluster: Cluster, trial: Trial, name: str) -> bool:
    return all(cluster.instances(node, trial.name).get(name, {}).get("frozen") for node in cluster.nodes)


def _is_node_frozen(cluster: Cluster, name: str) -> bool:
    return all(cluster.document(node)["nodes"][name]["frozen"] for node in cluster.nodes)


def check(cluster: Cluster, trial: Trial, row: Row, *, period: float = 0.0, is_settled: bool = False) -> None:
    """See a row's result come and stay, as the witnesses have it and as the daemons tell it.

    period -- seconds of what has to pass, beside the heartbeats' timeout, before anything else could happen
    is_settled -- there is no timeout whose end is to be waited for
    """
    cluster.wait_alive(*row.up, service=trial.name)
    cluster.wait(lambda: is_told(cluster, trial, row), f"{row.result} is told")
    cluster.stays(*row.up, seconds=(0 if is_settled else cluster.timeout + period) + MARGIN, service=trial.name)
    assert is_told(cluster, trial, row), cluster.story(trial.name)


def is_told(cluster: Cluster, trial: Trial, row: Row) -> bool:
    """Whether each node whose daemon answers tells the row's result of itself and of those that it hears, and one at least does."""
    documents = [found for node in cluster.nodes if (found := cluster.document(node))]
    heard = [(one, name) for one in documents for name, node in one["nodes"].items() if node["reach"] == "beating"]
    said = [one["services"].get(trial.name, {}).get("instances", {}).get(name, {}).get("avail") == row.told[name] for one, name in heard]
    return bool(said) and all(said)
