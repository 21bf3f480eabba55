"""Signatures, parsed from recorded outputs."""

import pytest
from opensvc_linux.signatures import Signature, devices_with, parse_export, parse_wipefs, signatures

from opensvc_core.api import ActionFailed, CommandResult
from opensvc_core.testing.fakes import FakeSystem

WIPEFS = """{
   "signatures": [
      {"device": "loop0", "offset": "0x1fe", "type": "dos", "uuid": null, "label": null},
      {"device": "loop0", "offset": "0x438", "type": "ext4", "uuid": "bc893bb3", "label": "data"}
   ]
}
"""
EXPORT = "DEVNAME=/dev/loop0\nLABEL=my\\ data\nUUID=bc893bb3\nVERSION=1.0\nTYPE=ext4\nUSAGE=filesystem\n"


def test_all_signatures_are_read():
    assert parse_wipefs(WIPEFS) == [Signature("dos"), Signature("ext4", "data", "bc893bb3")]
    assert [str(one) for one in parse_wipefs(WIPEFS)] == ["dos", "ext4 (data, bc893bb3)"]


def test_nothing_printed_is_no_signature():
    assert parse_wipefs("") == []


def test_labels_with_blanks_are_read():
    assert parse_export(EXPORT)["LABEL"] == "my data"


def test_a_device_that_can_not_be_looked_at_is_told():
    system = FakeSystem(
        {"wipefs": CommandResult(1, stderr="wipefs: error: /dev/x: probing initialization failed: No such file or directory\n")}
    )
    with pytest.raises(ActionFailed, match=r"/dev/x can't be looked at: .*No such file"):
        signatures(system, "/dev/x")


@pytest.mark.parametrize("text", ["{", "[]", '{"other": 1}', '{"signatures": [{}]}'])
def test_what_can_not_be_read_is_no_empty_device(text):
    with pytest.raises(ActionFailed, match="what can't be read"):
        signatures(FakeSystem({"wipefs": CommandResult(0, stdout=text)}), "/dev/x")


def test_all_devices_with_a_label_are_found():
    assert list(devices_with(FakeSystem({"blkid": CommandResult(0, stdout="/dev/a\n/dev/b\n")}), "LABEL", "x")) == ["/dev/a", "/dev/b"]
