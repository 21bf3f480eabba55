"""A beat process whose heartbeats are datagrams on the loopback interface, for tests: `python loopback.py --root DIR --node NAME`.

`port` of a section, with the scope of a node, is where that node listens. A file `cut` in the node's root cuts it off.
"""

import os
import select
import socket
import sys

from opensvc_daemon.beat.__main__ import main
from opensvc_daemon.beat.setup import of_node

from opensvc_core.config.vocabulary import HeartbeatKeywords
from opensvc_core.instance.node import Node


class Loopback:
    """One link."""

    def __init__(self, interval, timeout, port, peers, cut):
        self.interval, self.timeout = interval, timeout
        self.configured = (interval, timeout, port, *peers)
        self.detail = f"127.0.0.1:{port}"
        self._port, self._peers, self._cut = port, peers, cut
        self._out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._wakes = os.eventfd(0)

    @property
    def troubles(self):
        return {}

    def send(self, beat):
        if not self._cut.exists():
            for peer in self._peers:
                self._out.sendto(beat, ("127.0.0.1", peer))

    def receive(self, deliver, stopped):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
            listening.bind(("127.0.0.1", self._port))
            while not stopped():
                ready, _, _ = select.select([listening, self._wakes], [], [])
                if listening in ready:
                    data, (_, port) = listening.recvfrom(65536)
                    if not self._cut.exists():
                        deliver(f"127.0.0.1:{port}", data)
                if self._wakes in ready:
                    os.eventfd_read(self._wakes)

    def wake(self):
        os.eventfd_write(self._wakes, 1)

    def close(self):
        self._out.close()
        self.wake()


class LoopbackNode(Node):
    """A node whose `[hb#…]` are such links."""

    def heartbeats(self):
        names = [name for name in self.config.sections() if name.startswith("hb#")]
        return {name: self._link(name) for name in names}

    def _link(self, name):
        keywords = HeartbeatKeywords(self.config.values(name, HeartbeatKeywords))
        members = keywords.nodes or self.cluster.nodes
        ports = [self._port(name, peer) for peer in members if peer != self.name]
        return Loopback(keywords.interval, keywords.timeout, self._port(name, self.name), ports, self.paths.etc.parent / "cut")

    def _port(self, name, node):
        return int(self.config_of("node", node=node).text(name, "port"))


def read(root, node):
    """The setup of a node with such links."""
    return of_node(LoopbackNode(root, nodename=node))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], read))
