"""Couriers: over which link a parcel goes, where there are several."""

import asyncio

import pytest
from opensvc_daemon.monitor.couriers import Couriers


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
def test_a_link_that_is_cut_holds_up_no_parcel_once_that_is_known(beating, cut, used, way):
    carried, refusing = [], {f"hb#{number}" for number in cut}

    def carry(name, _data):
        carried.append(name)
        if name in refusing:
            raise OSError("timed out")

    async def run():
        couriers = Couriers(asyncio.get_running_loop(), lambda _data: None)
        couriers.configure({f"hb#{number}": way(number, carry) for number in (1, 2)})
        is_carried = await couriers.carry("n2", b"parcel", beating)
        couriers.end()
        return is_carried

    assert asyncio.run(run()) is (len(cut) < 2)
    assert carried == used
