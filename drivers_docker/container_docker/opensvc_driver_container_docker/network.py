"""The network of a private daemon: a bridge of its own, because two daemons on one bridge give out the same addresses."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

# Options of dockerd that say which network its containers have.
_CHOICES: Final = ("-b", "--bridge", "--bip", "--config-file")
_TABLES: Final = ("filter", "nat")


def is_chosen(arguments: Sequence[str]) -> bool:
    """Whether the arguments for dockerd choose the network themselves."""
    return any(word.partition("=")[0] in _CHOICES for word in arguments)


def exists(bridge: str) -> bool:
    """Whether the bridge is there."""
    return Path("/sys/class/net", bridge).exists()


def add_argv(bridge: str) -> list[str]:
    """The command that makes it; dockerd gives it an address that no route of the host has."""
    return ["ip", "link", "add", bridge, "type", "bridge"]


def remove(bridge: str) -> None:
    """Remove the bridge, and the rules of the packet filter that docker made for it and leaves behind."""
    if not exists(bridge):
        return
    subprocess.run(["ip", "link", "delete", bridge], capture_output=True, check=False)
    for table in _TABLES:
        listed = subprocess.run(["iptables", "-t", table, "-S"], capture_output=True, text=True, check=False)
        for words in rules_of(bridge, listed.stdout):
            subprocess.run(["iptables", "-t", table, *words], capture_output=True, check=False)


def rules_of(bridge: str, listed: str) -> Iterator[list[str]]:
    """From the text of `iptables -S`, the arguments that delete the rules naming a bridge."""
    for line in listed.splitlines():
        words = line.split()
        if words[:1] == ["-A"] and bridge in words:
            yield ["-D", *words[1:]]
