"""Promises of every driver, tried with a reservation of a disk that knows them; test_promises.py runs it where there is one."""

import os
import subprocess
from types import MappingProxyType

import pytest

from opensvc_core.api import Keyword, Resource, Status, UsesDevices, hookimpl, text
from opensvc_core.registry import DRIVERS
from opensvc_core.system.entrypoints import EntryPoint
from opensvc_core.testing.conformance import Case, Conformance
from opensvc_core.testing.nodes import end_all, make_node

DEVICE = os.environ.get("PROMISES_DEVICE", "")


class Raw(Resource, UsesDevices):
    """A disk as it is: what asks for the reservation, and does nothing itself."""

    id = "disk.raw"
    dev = Keyword(text, required=True, text="The disk.")

    def status(self):
        return Status.NA

    def sub_devices(self):
        return [self.dev]


@hookimpl
def opensvc_register_drivers():
    return [Raw]


def told(what):
    argv = ["sg_persist", "--in", "--no-inquiry", "--readonly", what, DEVICE]
    for _ in range(4):
        done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=20)
        if done.returncode != 6:
            break
    assert done.returncode == 0, done
    # what comes before counts up at each change
    return done.stdout.partition(",")[2]


def clear(_service):
    """Somebody takes all that is registered and reserved away."""
    for action in (("--register-ignore", "--param-sark=1"), ("--clear", "--param-rk=1")):
        subprocess.run(["sg_persist", "--out", "--no-inquiry", *action, DEVICE], check=True, capture_output=True, timeout=20)


@pytest.mark.skipif(not DEVICE, reason="a disk that knows reservations is needed: run tests/vm/test_promises.py")
class TestReservation(Conformance):
    does_not_apply = MappingProxyType({"test_time_limit_is_kept": "the limit is that of every command of SCSI"})

    @pytest.fixture
    def node_below(self, tmp_path):
        node = make_node(tmp_path / "root", more=[EntryPoint(DRIVERS, Raw.id, __name__, "opensvc-raw")])
        yield node
        end_all(node)

    def case(self, folder):
        text = f"[disk#1]\ntype = raw\ndev = {DEVICE}\nscsireserv = true\n"
        return Case(text, rid="disk#1pr", footprint=lambda: (told("--read-keys"), told("--read-reservation")), remove=clear)
