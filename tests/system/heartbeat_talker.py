"""One end of a heartbeat, run inside a node of the lab: it beats, hears, and writes down what it sees.

The argument is JSON: driver, node, peers, values, and the file for what is seen.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

from opensvc_core.driver.cluster import DataPath, HeartbeatLink, LinkPlace
from opensvc_core.registry import Registry


def main() -> None:
    asked = json.loads(sys.argv[1])
    kind: type[HeartbeatLink] = Registry({}).plugged(asked["driver"], HeartbeatLink)  # type: ignore[type-abstract] # a kind
    link = kind(LinkPlace("hb#1", asked["node"], "lab", asked["peers"]), asked["values"])
    seen: dict[str, Any] = {"heard": Counter(), "data": [], "rx": "", "data_rx": ""}
    _begin(lambda: link.receive(lambda address, beat: seen["heard"].update([f"{beat.decode()} from {address}"]), lambda: False), seen, "rx")
    assert isinstance(link, DataPath)
    data = link
    _begin(lambda: data.receive_data(lambda message: seen["data"].append(len(message)), lambda: False), seen, "data_rx")
    file = Path(asked["file"])
    while True:
        seen["tx"] = _error(lambda: link.send(asked["node"].encode()))
        file.with_suffix(".new").write_text(json.dumps({**seen, "troubles": dict(link.troubles), "detail": link.detail}))
        file.with_suffix(".new").rename(file)
        time.sleep(link.interval)


def _begin(receive: Callable[[], None], seen: dict[str, Any], word: str) -> None:
    """Receive for ever, as the daemon does: an error is shown until it goes on for a while."""

    def run() -> None:
        while True:
            begun = time.monotonic()
            seen[word] = _error(receive) if not seen[word] else _error_after(receive, seen, word)
            time.sleep(max(0.0, 0.3 - (time.monotonic() - begun)))

    Thread(target=run, daemon=True).start()


def _error_after(receive: Callable[[], None], seen: dict[str, Any], word: str) -> str:
    """The same, forgetting the last error when half a second has gone well."""

    def forget() -> None:
        time.sleep(0.5)
        if not done:
            seen[word] = ""

    done: list[bool] = []
    Thread(target=forget, daemon=True).start()
    found = _error(receive)
    done.append(True)
    return found


def _error(attempt: Callable[[], None]) -> str:
    try:
        attempt()
    except OSError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
