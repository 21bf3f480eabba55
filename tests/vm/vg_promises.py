"""Promises of every driver, tried with volume groups and volumes on a device-mapper; test_promises.py runs it where there is one."""

from opensvc_driver_lv.testing import Promises as VolumePromises
from opensvc_driver_vg.testing import MadePromises
from opensvc_driver_vg.testing import Promises as GroupPromises


class TestGroup(GroupPromises):
    """The suite of the driver."""


class TestMadeGroup(MadePromises):
    """The suite of one that the service makes."""


class TestVolume(VolumePromises):
    """The suite of the driver."""
