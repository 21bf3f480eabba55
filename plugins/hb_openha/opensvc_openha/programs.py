"""The programs of a tree, each with what it needs."""

from __future__ import annotations

import os
import syslog
import threading
from collections.abc import Callable, Sequence
from typing import Final

from opensvc_core.errors import ConfigError, UsageError
from opensvc_openha.background import REPLACES, detached, log
from opensvc_openha.links import Link
from opensvc_openha.store import Store
from opensvc_openha.tree import Tree

# Heartbeats have to be sent while all else is busy.
_RAISED: Final = -10


def _node() -> str:
    return os.uname().nodename


def service(tree: Tree, words: Sequence[str]) -> int:
    """`service`."""
    from opensvc_openha.service_command import ServiceCommand  # noqa: PLC0415 - a command imports what it needs

    syslog.openlog("service", syslog.LOG_PID | syslog.LOG_CONS, syslog.LOG_DAEMON)
    return ServiceCommand(Store(tree, print), _node()).run(words)


def heartbeat(tree: Tree, words: Sequence[str]) -> int:
    """`hb`."""
    from opensvc_openha.hb_command import HeartbeatCommand  # noqa: PLC0415

    return HeartbeatCommand(Store(tree), _node()).run(words)


def ezha(tree: Tree, words: Sequence[str]) -> int:
    """`ezha`."""
    from opensvc_openha.ezha import USAGE, Ezha  # noqa: PLC0415

    plain = [word for word in words if word != "-v"]
    if len(plain) != 1:
        raise UsageError(USAGE)
    say: Callable[[str], None] = print if "-v" in words else lambda _: None
    return Ezha(Store(tree, say), _node(), say).run(plain[0])


def daemon(tree: Tree, name: str, words: Sequence[str]) -> int:
    """`heartd`, `heartc`, their kin, and `nmond`: in the background, with the command line that was given."""
    store = Store(tree, lambda text: log(syslog.LOG_INFO, text))
    prepare = _manager(store, words) if name == "nmond" else _heart(store, (name, *words))
    return detached(prepare, [str(tree.bin / name), *words], nice=0 if name == "nmond" else _RAISED)


def _manager(store: Store, words: Sequence[str]) -> Callable[[], Callable[[threading.Event], None]]:
    from opensvc_openha.nmond import Manager  # noqa: PLC0415

    if words:
        raise UsageError("Usage: nmond")
    return lambda: Manager(store, _node()).run


def _heart(store: Store, words: tuple[str, ...]) -> Callable[[], Callable[[threading.Event], None]]:
    from opensvc_openha.listening import Listener  # noqa: PLC0415
    from opensvc_openha.sending import Sender  # noqa: PLC0415

    listens = words[0].startswith("heartc")
    link = _line(store, words, listens=listens)
    replaces = bool(os.environ.pop(REPLACES, ""))
    if listens:
        return lambda: Listener(store, link, replaces=replaces).run
    return lambda: Sender(store, link, _node(), replaces=replaces).run


def _line(store: Store, words: tuple[str, ...], *, listens: bool) -> Link:
    """The line of conf/monitor that a program is for: it says whom to listen to, and which records are used."""
    monitor = store.monitor()
    if monitor.problems:
        raise monitor.problems[0]
    links = monitor.heard_by(_node()) if listens else monitor.sent_by(_node())
    for link in links:
        if link.arguments(listens=listens) == words:
            return link
    known = "; ".join(" ".join(link.arguments(listens=listens)) for link in links)
    raise ConfigError(f"no line of it is for '{' '.join(words)}' on this node; there are: {known or 'none'}", path=str(store.tree.monitor))
