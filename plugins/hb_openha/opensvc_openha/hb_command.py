"""The command `hb`: the heartbeats, how they are, and which there are."""

from __future__ import annotations

from collections.abc import Sequence
from time import localtime, monotonic, strftime
from typing import Final

from opensvc_core.errors import UsageError
from opensvc_openha.background import complain
from opensvc_openha.files import Board, read_text, replace
from opensvc_openha.links import Link
from opensvc_openha.listening import hearing_of
from opensvc_openha.liveness import Liveness
from opensvc_openha.monitor import canonical, parse
from opensvc_openha.services import parse_nodes
from opensvc_openha.store import Store

USAGE: Final = """\
Usage: hb -s                                                            the heartbeats and how they are
       hb -a -n NODE -t net|unicast -i INTERFACE -d ADDRESS -p PORT -T TIMEOUT   add one
       hb -a -n NODE -t dio|disk -i DEVICE -d OFFSET -T TIMEOUT
       hb -r …                                                          remove one, named the same way"""
FAILED: Final = 255
# A sender that has not sent for so many seconds is down.
_LATE: Final = 5.0


class HeartbeatCommand:
    """The command on one node."""

    def __init__(self, store: Store, node: str) -> None:
        self._store, self._node = store, node

    def run(self, words: Sequence[str]) -> int:
        """Its exit code: 0, or 255."""
        if list(words) == ["-s"]:
            return self._show()
        if words[:1] in (["-a"], ["-r"]):
            return self._change(words[0] == "-a", _options(words[1:]))
        raise UsageError(USAGE)

    def _show(self) -> int:
        monitor = self._store.monitor()
        for problem in monitor.problems:
            complain(str(problem))
        for link in monitor.links:
            print(self._line(link))
        return FAILED if monitor.problems else 0

    def _line(self, link: Link) -> str:
        listens = link.node != self._node
        told = Board(self._store.tree.proc, link.board(listens=listens)).told() or {}
        if listens:
            is_up, pid = hearing_of(link, told).liveness(monotonic()) is Liveness.UP, told.get("remote")
        else:
            is_up, pid = monotonic() - told.get("sent", -_LATE) < _LATE, told.get("pid")
        head = f"{link.kind.value} {'listener' if listens else 'sender'} {link.where}"
        if not is_up:
            return f"{head} status DOWN"
        return f"{head} pid {pid} status UP, updated at {strftime('%b %d %H:%M:%S', localtime(told['updated']))}"

    def _change(self, is_added: bool, options: dict[str, str]) -> int:
        place = (options["d"],) if options.get("t") in ("dio", "disk") else (options.get("d", ""), options.get("p", ""))
        words = (options.get("n", ""), options.get("t", ""), options.get("i", ""), *place, options.get("T", "10"))
        wanted = parse("\t".join(words) + "\n", "hb")
        if wanted.problems:
            complain(f"Error: {wanted.problems[0].text}")
            return FAILED
        (link,) = wanted.links
        if link.node not in parse_nodes(read_text(self._store.tree.nodes)):
            complain(f"Node {link.node} not found in {self._store.tree.nodes}: add it there first\nnode validation error.")
            return FAILED
        path = self._store.tree.monitor
        with self._store.changing(path):
            text = read_text(path)
            there = [
                one.line
                for one in parse(text).links
                if (one.node, one.kind, one.where, one.place) == (link.node, link.kind, link.where, link.place)
            ]
            return self._added(text, link, there) if is_added else self._removed(text, there)

    def _added(self, text: str, link: Link, there: Sequence[int]) -> int:
        if there:
            complain("Error: HeartBeat link already defined.")
            return FAILED
        end = "" if not text or text.endswith("\n") else "\n"
        changed = f"{text}{end}{canonical(link)}\n"
        if problems := parse(changed, str(self._store.tree.monitor)).problems:
            complain(f"Error: {problems[0]}")
            return FAILED
        replace(self._store.tree.monitor, changed.encode("utf-8", "surrogateescape"))
        print("heartbeat added.")
        return 0

    def _removed(self, text: str, there: Sequence[int]) -> int:
        if not there:
            complain("Error: unable to remove HeartBeat link: there is none like this; 'hb -s' tells them.\nheartbeat remove failed.")
            return FAILED
        lines = [line for number, line in enumerate(text.splitlines(keepends=True), 1) if number not in there]
        replace(self._store.tree.monitor, "".join(lines).encode("utf-8", "surrogateescape"))
        print("heartbeat removed.")
        return 0


def _options(words: Sequence[str]) -> dict[str, str]:
    names = ("-n", "-t", "-i", "-d", "-p", "-T")
    if len(words) % 2 or any(name not in names for name in words[::2]) or "-d" not in words[::2]:
        raise UsageError(USAGE)
    return {name[1:]: value for name, value in zip(words[::2], words[1::2], strict=True)}
