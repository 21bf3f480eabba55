"""The commands with which a person works the lab from inside: `lab cut n2`."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from lab import helper
from lab.bed import Lab
from lab.faults import Direction
from lab.node import Node

HELP: Final = """\
Nodes: {nodes}. This shell is in n1; it removes the lab when it ends.
    ssh n2                              a shell in another node
    lab n2 COMMAND...                   a command in it, also when the network is cut
    lab status                          which nodes are up
    lab power-off n2, power-on n2       journals stay dirty; the node's files stay
    lab freeze n2, thaw n2              a hung node: the kernel answers, no process does
    lab cut n2 [RING] [in|out]          drop its frames; lab heal n2
    lab loss n2 PERCENT                 0 ends it
    lab delay n2 MILLISECONDS [JITTER]  0 ends it
    lab carrier n2 RING off             the port of eth0 (0) or eth1 (1); on
    lab disk NAME [MEGABYTES]           a shared disk, /run/shared/NAME
    lab hosts NAME ADDRESS              a name in every /etc/hosts
    lab help                            this
"""


def _cut(node: Node, *words: str) -> None:
    """RING and direction, in any order."""
    if len(words) > 2:
        raise TypeError
    rings = [int(word) for word in words if word not in _DIRECTIONS]
    directions = [_DIRECTIONS[word] for word in words if word in _DIRECTIONS]
    node.cut(rings[0] if rings else None, directions[0] if directions else "both")


_DIRECTIONS: Final[dict[str, Direction]] = {"both": "both", "in": "in", "out": "out"}
_OF_A_NODE: Final[dict[str, Callable[..., None]]] = {
    "power-off": Node.power_off,
    "power-on": Node.power_on,
    "freeze": Node.freeze,
    "thaw": Node.thaw,
    "cut": _cut,
    "heal": Node.heal,
    "loss": lambda node, percent: node.loss(float(percent)),
    "delay": lambda node, *milliseconds: node.delay(*map(float, milliseconds)),
    "carrier": lambda node, ring, state: node.carrier(int(ring), on={"on": True, "off": False}[state]),
}
_OF_THE_LAB: Final[dict[str, Callable[..., str | None]]] = {
    "help": lambda lab: HELP.format(nodes=" ".join(node.name for node in lab.nodes)),
    "status": lambda lab: "".join(
        f"{node.name} {'up' if node.is_up else 'off'} {node.address(0)} {node.address(1)}\n" for node in lab.nodes
    ),
    "disk": lambda lab, name, megabytes="64": "".join(f"{node} {device}\n" for node, device in lab.disk(name, int(megabytes)).items()),
    "hosts": lambda lab, name, address: lab.hosts(name, address),
}


def answer(lab: Lab, words: list[str]) -> str:
    """Do one command; the text to show. Wrong words raise LookupError, ValueError or TypeError."""
    verb, *rest = words or ["help"]
    if verb in _OF_THE_LAB:
        return _OF_THE_LAB[verb](lab, *rest) or ""
    if verb not in _OF_A_NODE or not rest:
        raise ValueError("no such command; `lab help` shows them")
    _OF_A_NODE[verb](lab[rest[0]], *rest[1:])
    return ""


class Control:
    """Listens in the folder that all nodes share, and answers while the shell runs."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(lab.shared / "control"))
        self._socket.listen()
        client = "#!/bin/sh\nexec " + shlex.join(helper.program("client")) + ' "$@"\n'
        for node in lab.nodes:
            node.write("/usr/local/bin/lab", client, mode=0o755)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        message, fds, _, _ = socket.recv_fds(connection, 65536, 3)
        with connection, suppress(BrokenPipeError):
            code, text = self._done(json.loads(message), fds)
            connection.sendall(json.dumps([code, text]).encode())
        for fd in fds:
            os.close(fd)

    def _done(self, words: list[str], fds: list[int]) -> tuple[int, str]:
        try:
            if len(words) > 1 and words[0] in {node.name for node in self._lab.nodes}:
                return subprocess.call(self._lab[words[0]].entering(words[1:]), stdin=fds[0], stdout=fds[1], stderr=fds[2]), ""
            return 0, answer(self._lab, words)
        except TypeError:
            return 2, f"lab: {shlex.join(words)}: too few or too many words; `lab help` shows them\n"
        except (LookupError, ValueError, OSError, RuntimeError, AssertionError) as error:
            return 2, f"lab: {error.args[0] if isinstance(error, LookupError) else error}\n"
