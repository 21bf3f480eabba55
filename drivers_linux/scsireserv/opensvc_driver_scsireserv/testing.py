"""How the conformance suite tries disk.scsireserv: with a disk that knows reservations, which a variable of the environment names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

import pytest

from opensvc_core.api import Keyword, Node, Resource, Service, Status, UsesDevices, hookimpl, text
from opensvc_core.testing.conformance import Case, Conformance
from opensvc_core.testing.nodes import end_all, entry_point, make_node
from opensvc_driver_scsireserv.driver import Reservation

DEVICE: Final = "OPENSVC_TEST_SCSI"


class Promises(Conformance):
    """A disk that is reserved for a resource which does nothing itself."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "test_time_limit_is_kept": "the limit is that of every command of SCSI",
            "test_paths_may_have_blanks_and_any_letters": "the kernel names disks",
            "test_two_at_once_are_as_if_alone": "a disk has one reservation, and a node one key",
        }
    )

    def lacks(self) -> str:
        """The program, and the disk."""
        named = "" if _device() else f"a disk is needed that knows persistent reservations, and may lose those it has: {DEVICE} names it"
        return Reservation.host_problem() or named

    @pytest.fixture
    def node_below(self, tmp_path: Path) -> Iterator[Node]:
        """A node that has the driver of a disk as it is."""
        node = make_node(tmp_path / "root", more=[entry_point(Raw)])
        yield node
        end_all(node)

    def case(self, _folder: Path) -> Case:
        """Somebody takes all that is registered and reserved away."""
        text = f"[disk#1]\ntype = raw\ndev = {_device()}\nscsireserv = true\n"
        return Case(text, rid="disk#1pr", footprint=lambda: (_told("--read-keys"), _told("--read-reservation")), remove=_clear)


class Raw(Resource, UsesDevices):
    """A disk as it is: what asks for the reservation, and does nothing itself."""

    id = "disk.raw"
    dev = Keyword(text, required=True, text="The disk.", example="/dev/sda")

    def status(self) -> Status:
        """Nothing is to be seen of it."""
        return Status.NA

    def sub_devices(self) -> list[str]:
        """Itself."""
        return [self.dev]


@hookimpl
def opensvc_register_drivers() -> list[type[Resource]]:
    """The driver that this module alone has."""
    return [Raw]


def _device() -> str:
    return os.environ.get(DEVICE, "")


def _told(what: str) -> str:
    argv = ["sg_persist", "--in", "--no-inquiry", "--readonly", what, _device()]
    for _ in range(4):
        done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=20)
        if done.returncode != 6:
            break
    assert done.returncode == 0, done
    # what comes before counts up at each change
    return done.stdout.partition(",")[2]


def _clear(_service: Service) -> None:
    for action in (("--register-ignore", "--param-sark=1"), ("--clear", "--param-rk=1")):
        subprocess.run(["sg_persist", "--out", "--no-inquiry", *action, _device()], check=True, capture_output=True, timeout=20)
