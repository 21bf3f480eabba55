"""A lab of virtual machines, for tests on what a kernel shared with the host can't show: device-mapper, SCSI, reboots, watchdogs."""

from __future__ import annotations

from lab.commands import Done

from vmlab.bed import VmLab
from vmlab.inside import Begun, Inside
from vmlab.missing import missing
from vmlab.node import Node
from vmlab.usermode import UserMode

__all__ = ["Begun", "Done", "Inside", "Node", "UserMode", "VmLab", "missing"]
