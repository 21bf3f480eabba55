"""A lab of nodes made of namespaces, for tests on the real thing: network, disks, power, ssh.

    with Lab() as lab:
        n1, n2 = lab.nodes
        lab.disk("data")
        n1("mkfs.ext4 -q /run/shared/data")
        n1.power_off()
        assert n2("ping -c1 -W1 n1", code=1)

Every node has its own root file system (that of the host below, what it writes above), processes, control groups, two network interfaces
at two rings, and an sshd. `make lab` gives a shell in one. Nothing of the host is changed, and nothing is left.
"""

from lab.bed import Lab
from lab.commands import Done
from lab.missing import missing
from lab.node import Node

__all__ = ["Done", "Lab", "Node", "missing"]
