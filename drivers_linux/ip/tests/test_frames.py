"""Frames, beside what Linux and arping put on a wire (02:…:01 asks, 02:…:02 has 10.99.0.50 and fd99::50)."""

from ipaddress import ip_address

import pytest
from opensvc_driver_ip import frames

OURS, THEIRS = frames.mac_bytes("02:00:00:00:00:01"), frames.mac_bytes("02:00:00:00:00:02")
V4, V6 = ip_address("10.99.0.50"), ip_address("fd99::50")

# arping -D -c 1 -I eth0 10.99.0.50
PROBE = "ffffffffffff0200000000010806000108000604000102000000000100000000ffffffffffff0a630032"
# what the kernel of 10.99.0.50 answers
REPLY = "020000000001020000000002080600010800060400020200000000020a63003202000000000100000000"
# arping -U and -A, by 10.99.0.50
GRATUITOUS_REQUEST = "ffffffffffff020000000002080600010800060400010200000000020a630032ffffffffffff0a630032"
GRATUITOUS_REPLY = "ffffffffffff020000000002080600010800060400020200000000020a6300320200000000020a630032"
# 10.99.0.1 asks for 10.99.0.2, and is answered
ORDINARY_REQUEST = "ffffffffffff020000000001080600010800060400010200000000010a6300010000000000000a630002"
ORDINARY_REPLY = "020000000001020000000002080600010800060400020200000000020a6300020200000000010a630001"
# the kernel's duplicate detection of fd99::50 (with a nonce), and the advertisement of who has it
DETECTION = (
    "3333ff00005002000000000186dd6000000000203aff00000000000000000000000000000000ff0200000000000000000001ff000050"
    "8700fc8200000000fd9900000000000000000000000000500e016c8f20f4e45e"
)
ADVERTISEMENT = (
    "33330000000102000000000286dd6000000000203afffd990000000000000000000000000050ff020000000000000000000000000001"
    "880058ca20000000fd9900000000000000000000000000500201020000000002"
)
# fd99::1 asks for fd99::2
SOLICITATION = (
    "3333ff00000202000000000186dd6000000000203afffd990000000000000000000000000001ff0200000000000000000001ff000002"
    "87007c6500000000fd9900000000000000000000000000020101020000000001"
)
LISTENER_REPORT = (
    "33330000001602000000000286dd60000000004c0001fe80000000000000141c15fffebfa0c7ff02000000000000000000000000001"
    "63a000502000001008f00015a0000000304000000ff0200000000000000000001ff00005004000000ff0200000000000000000001ffb"
    "fa0c704000000ff0200000000000000000001ff000002"
)
# ping -c 1, answered
ECHO_REPLY_4 = "4500005434d300004001310e0a6300020a6300010000804b167b00013c47016b0000000066b3060000000000" + "1011121314151617"
ECHO_REPLY_6 = "8100018b167c00013c47016b0000000068c10600000000001011121314151617"


def claim(frame, mac=OURS, address=V4):
    ask = frames.arp_claim if address.version == 4 else frames.neighbour_claim
    return ask(bytes.fromhex(frame), mac, address)


# -- ARP


def test_a_probe_is_that_of_arping_but_for_the_target_mac_that_nobody_reads():
    recorded = bytes.fromhex(PROBE)
    made = frames.arp_probe(OURS, V4)
    assert made[:32] == recorded[:32] and made[38:] == recorded[38:]
    assert made[32:38] == bytes(6)  # RFC 5227, 1.1: SHOULD be all zero


@pytest.mark.parametrize(("operation", "recorded"), [(frames.ARP_REQUEST, GRATUITOUS_REQUEST), (frames.ARP_REPLY, GRATUITOUS_REPLY)])
def test_an_announcement_has_the_address_as_sender_and_as_target(operation, recorded):
    made, arping = frames.arp_announcement(THEIRS, V4, operation), bytes.fromhex(recorded)
    assert made[:32] == arping[:32] and made[38:] == arping[38:]


@pytest.mark.parametrize("frame", [REPLY, GRATUITOUS_REQUEST, GRATUITOUS_REPLY], ids=["reply", "gratuitous request", "gratuitous reply"])
def test_who_has_the_address_claims_it(frame):
    assert claim(frame) == "02:00:00:00:00:02"


def test_who_probes_for_the_address_too_is_about_to_take_it():
    assert claim(PROBE, THEIRS) == "02:00:00:00:00:01"


@pytest.mark.parametrize("frame", [PROBE, ORDINARY_REQUEST], ids=["probe", "request"])
def test_what_was_sent_from_here_claims_nothing(frame):
    assert claim(frame) == ""


def test_another_address_is_no_claim():
    assert claim(ORDINARY_REPLY) == claim(ORDINARY_REQUEST, THEIRS) == ""


def test_a_request_for_the_address_is_no_claim_of_it():
    assert claim(ORDINARY_REQUEST, THEIRS, ip_address("10.99.0.2")) == ""


@pytest.mark.parametrize("length", [0, 13, 14, 41])
def test_a_frame_that_is_cut_off_is_no_claim(length):
    assert claim(REPLY[: length * 2]) == ""


# -- neighbour discovery


def test_the_group_of_an_address_and_its_mac_are_those_of_the_kernel():
    group = frames.solicited_node(V6)
    assert str(group) == "ff02::1:ff00:50"
    assert frames.group_mac(group) == bytes.fromhex(DETECTION)[:6]


def test_a_solicitation_is_the_kernel_s_without_its_nonce():
    made, kernel = frames.neighbour_solicitation(OURS, V6), bytes.fromhex(DETECTION)
    assert made[:18] == kernel[:18] and made[20:56] == kernel[20:56] and made[58:] == kernel[58:78]
    assert is_checked(made)


def test_an_announcement_is_the_advertisement_of_the_kernel_to_the_byte():
    assert frames.neighbour_announcement(THEIRS, V6).hex() == ADVERTISEMENT


def test_who_advertises_the_address_claims_it():
    assert claim(ADVERTISEMENT, address=V6) == "02:00:00:00:00:02"


def test_who_detects_duplicates_of_it_is_about_to_take_it():
    assert claim(DETECTION, THEIRS, V6) == "02:00:00:00:00:01"


def test_nothing_else_of_ipv6_is_a_claim():
    assert claim(DETECTION, OURS, V6) == ""
    assert claim(SOLICITATION, THEIRS, ip_address("fd99::2")) == ""
    assert claim(ADVERTISEMENT, address=ip_address("fd99::51")) == ""
    assert claim(LISTENER_REPORT, address=V6) == ""
    assert claim(ADVERTISEMENT[:140], address=V6) == ""


def is_checked(frame):
    """With its checksum in it, the sum over a message is zero."""
    message = frame[54:]
    return frames.checksum(frame[22:54] + len(message).to_bytes(4) + (58).to_bytes(4) + message) == 0


@pytest.mark.parametrize("recorded", [DETECTION, ADVERTISEMENT, SOLICITATION])
def test_the_checksums_of_the_kernel_are_right(recorded):
    assert is_checked(bytes.fromhex(recorded))


# -- echo


def test_an_echo_request_has_a_right_checksum():
    assert frames.checksum(frames.echo_request(4, 0x167B, 1)) == 0
    assert frames.echo_request(6, 0x167C, 1)[:1] == b"\x80"


@pytest.mark.parametrize(("version", "packet", "identity"), [(4, ECHO_REPLY_4, 0x167B), (6, ECHO_REPLY_6, 0x167C)])
def test_an_echo_reply_is_known_by_its_identity(version, packet, identity):
    assert frames.is_echo_reply(version, bytes.fromhex(packet), identity)
    assert not frames.is_echo_reply(version, bytes.fromhex(packet), identity + 1)
    assert not frames.is_echo_reply(version, b"", identity)
