"""A lab of virtual machines, for tests on what a kernel shared with the host can't show: device-mapper, SCSI, reboots, watchdogs."""

from __future__ import annotations

from lab.commands import Done

from vmlab.bed import VmLab
from vmlab.inside import Begun, Inside
from vmlab.missing import missing
from vmlab.node import Node
from vmlab.usermode import Hardware, UserMode, drives, shared_device

__all__ = ["Begun", "Done", "Hardware", "Inside", "Node", "UserMode", "VmLab", "drives", "missing", "shared_device"]
