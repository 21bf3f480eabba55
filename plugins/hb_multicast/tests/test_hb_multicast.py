"""hb.multicast on the loopback interface: the conformance suite, and what it refuses."""

import pytest
from opensvc_driver_hb_multicast.driver import MulticastLink, group_address, hops
from opensvc_driver_hb_multicast.testing import Promises

from opensvc_core.api import LinkPlace


class TestMulticast(Promises):
    """The suite."""


@pytest.mark.parametrize("value", ["10.0.0.1", "224.0.0", "ff", "::1", ""])
def test_what_is_no_group_is_refused(value):
    with pytest.raises(ValueError, match="address"):
        group_address(value)


@pytest.mark.parametrize("value", ["0", "256", "-1", "far"])
def test_what_is_no_number_of_hops_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        hops(value)


def test_it_says_where_it_listens_and_leaves_the_port_of_unicast_free():
    assert MulticastLink(LinkPlace("hb#1", "n1"), {}).detail == "224.3.29.71:10001"
    assert MulticastLink(LinkPlace("hb#1", "n1"), {"group": "ff02::1:7", "port": 7}).detail == "[ff02::1:7]:7"


def test_the_older_word_for_the_group_is_understood():
    assert MulticastLink.aliases()["addr"] == "group"


def test_an_interface_that_is_not_here_is_an_error_in_words():
    link = MulticastLink(LinkPlace("hb#1", "n1", "c", {"n2": {}}), {"intf": "nosuch0"})
    for attempt in (lambda: link.receive(lambda *_: None, lambda: False), lambda: link.send(b"beat")):
        with pytest.raises(OSError, match="the interface nosuch0 is not there"):
            attempt()
    link.close()
