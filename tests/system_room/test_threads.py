"""Several things at once, waited for to their ends."""

import os
import signal
import threading

import pytest

from opensvc_core.system.threads import do_all


def test_all_are_done_at_the_same_time():
    together = threading.Barrier(3, timeout=30)
    do_all([(str(number), together.wait) for number in range(3)], lambda: None)


def test_an_interruption_is_raised_when_all_have_ended():
    cancel, began, ended = threading.Event(), threading.Event(), []

    def work():
        began.set()
        assert cancel.wait(30)
        ended.append(True)

    def interrupt():
        assert began.wait(30)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        do_all([("work", work), ("interrupt", interrupt)], cancel.set)
    assert ended == [True]
