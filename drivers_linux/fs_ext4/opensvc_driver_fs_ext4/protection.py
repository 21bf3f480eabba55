"""Multi-mount protection: which host an ext4 file system says that it is mounted on."""

from __future__ import annotations

from typing import NamedTuple

# The sequence number of a file system that was unmounted as it should be (dumpe2fs prints it in full).
_CLEAN = "0xff4d4d50"


class Holder(NamedTuple):
    """The host that has it mounted, and when it last said so."""

    node: str
    moment: str


def holder(text: str) -> Holder | None:
    """The host in what `dumpe2fs -h` prints; None where it has no such protection, or is mounted nowhere."""
    pairs = (line.strip().partition(": ") for line in text.splitlines())
    facts = {name: value.strip() for name, _, value in pairs if name.startswith("mmp_")}
    if "mmp_node_name" not in facts or facts.get("mmp_sequence") == _CLEAN:
        return None
    return Holder(facts["mmp_node_name"], facts.get("mmp_update_date", "?"))
