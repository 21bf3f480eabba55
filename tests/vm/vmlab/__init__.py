"""A lab of virtual machines, for tests on what a kernel shared with the host can't show: device-mapper, SCSI, reboots, watchdogs."""

from __future__ import annotations

from lab.commands import Done

from vmlab.bed import VmLab
from vmlab.missing import missing
from vmlab.node import Begun, Node

__all__ = ["Begun", "Done", "Node", "VmLab", "missing"]
