"""Couriers: over which link a parcel goes, where there are several."""

import asyncio
import threading

import pytest
from opensvc_daemon.monitor.couriers import Couriers

from opensvc_core.api import DataPath, HeartbeatLink
from opensvc_core.driver.cluster import LinkPlace


class Way(HeartbeatLink, DataPath):
    """A link in memory: `carried` are the names of those that were used, in order; one that is cut carries nothing."""

    id = "hb.test"
    detail = "memory"

    def __init__(self, number, carried, *, is_cut):
        super().__init__(LinkPlace(f"hb#{number}", "n1", "lab", {"n2": {}}), {})
        self._carried, self._is_cut, self._woken = carried, is_cut, threading.Event()

    def send(self, beat):
        pass

    def receive(self, deliver, stopped):
        self._woken.wait()

    def receive_data(self, deliver, stopped):
        self._woken.wait()

    def send_data(self, peer, data):
        self._carried.append(self.name)
        if self._is_cut:
            raise OSError("timed out")

    def wake(self):
        self._woken.set()

    def close(self):
        self._woken.set()


@pytest.mark.parametrize(
    ("beating", "cut", "used"),
    [
        ({"hb#1", "hb#2"}, (), ["hb#1"]),
        ({"hb#2"}, (1,), ["hb#2"]),
        ({"hb#1"}, (1,), ["hb#1", "hb#2"]),
        ((), (1,), ["hb#1", "hb#2"]),
        ({"hb#2"}, (1, 2), ["hb#2", "hb#1"]),
    ],
    ids=["the preferred one", "one is cut", "one was just cut", "nothing is known", "none is left"],
)
def test_a_link_that_is_cut_holds_up_no_parcel_once_that_is_known(beating, cut, used):
    carried = []

    async def run():
        couriers = Couriers(asyncio.get_running_loop(), lambda _data: None)
        couriers.configure({f"hb#{number}": Way(number, carried, is_cut=number in cut) for number in (1, 2)})
        is_carried = await couriers.carry("n2", b"parcel", beating)
        couriers.end()
        return is_carried

    assert asyncio.run(run()) is (len(cut) < 2)
    assert carried == used
