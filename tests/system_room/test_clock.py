import time

from opensvc_core.system.clock import SystemClock


def test_the_clock_tells_utc_and_sleeps():
    clock = SystemClock()
    began = clock.monotonic()

    clock.sleep(0.01)

    assert clock.monotonic() - began >= 0.01
    assert abs(clock.now() - time.time()) < 60
