"""Promises of every driver, tried with a reservation of a disk that knows them; test_promises.py runs it where there is one."""

from opensvc_driver_scsireserv.testing import Promises


class TestReservation(Promises):
    """The suite of the driver."""
