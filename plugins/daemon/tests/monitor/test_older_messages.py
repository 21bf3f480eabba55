"""What daemons of earlier versions have sent is understood, and they are answered so that they understand.

In `recorded`, by protocol and kind of digest, is what a member n2 of a cluster "lab" of two has sent to n1: a line for each message, beats
(some of them) and data (all), sealed as they travelled. It was there from the start; svc1 of both nodes was up on n1, was edited on n2
and stopped; svc2 was up on n2; n1 was frozen and thawed by orders of n2.
"""

import asyncio
from pathlib import Path

import pytest
from opensvc_daemon.heartbeat.digests import digest, plain_digest
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.heartbeat.replica import Outcome, Replica
from opensvc_daemon.heartbeat.sealing import Opener
from opensvc_daemon.heartbeat.wire import arrived
from opensvc_daemon.monitor.hearing import Hearing
from opensvc_daemon.monitor.knowledge import Knowledge, Peer
from opensvc_daemon.monitor.parcels import Unpacker
from opensvc_daemon.monitor.publishing import Publishing, Told
from opensvc_daemon.monitor.telling import protocol_of, read_fields, read_generations, read_instances, read_state
from opensvc_daemon.orchestration.requests import Progress, Wish
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import Guard, Reach

from opensvc_core.api import Status

KEYRING = Keyring((Secret.of_text("00112233445566778899aabbccddeeff"),))
RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.txt"))
TREE = {"node": {"state": "idle"}, "services": {}}


@pytest.fixture(params=RECORDED, ids=lambda file: file.stem)
def recorded(request):
    return request.param


def sent(file, kind):
    """The messages of one kind, as they travelled."""
    rows = map(str.split, file.read_text().splitlines())
    return [bytes.fromhex(data) for word, data in rows if word == kind]


def test_there_are_records_of_both_digests():
    assert [file.stem for file in RECORDED] == ["protocol-1-branches", "protocol-1-plain"]


def test_its_beats_prove_that_it_lives_and_hears_us(recorded):
    opener = Opener("lab", KEYRING)
    beats = [arrived(data, opener).beat for data in sent(recorded, "beat")]
    assert {beat.node for beat in beats} == {"n2"}
    assert [beat.counter for beat in beats] == sorted({beat.counter for beat in beats})
    assert (beats[-1].monitor, len(beats[-1].seen), beats[-1].keys) == ("idle", 1, KEYRING.ids)
    [seen] = beats[-1].seen.values()
    assert (seen.links, seen.generation > 0) == (frozenset({1}), True)


def test_its_data_is_merged_and_read(recorded):
    unpacker, replica = Unpacker("lab", KEYRING), Replica()
    for parcel in map(unpacker.opened, sent(recorded, "data")):
        if parcel.message is not None:
            replica, outcome = replica.received(parcel.incarnation, parcel.message)
            assert outcome is Outcome.APPLIED
    assert replica.is_plain is recorded.stem.endswith("plain")
    node, services = replica.data["node"], replica.data["services"]
    assert (protocol_of(node), read_state(node)) == (1, NodeState.IDLE)
    found = read_instances(services)
    assert {name: (one.avail, one.monitor, one.is_provisioned, one.is_incomplete) for name, one in found.items()} == {
        "svc1": (Status.DOWN, MonitorState.IDLE, True, False),
        "svc2": (Status.UP, MonitorState.IDLE, True, False),
    }
    request = found["svc1"].request
    assert (request.wish, request.progress, request.origin, found["svc1"].served) == (Wish.STOP, Progress.DONE, "n2", request.id)
    told = services["svc1"]["config"]
    assert (found["svc1"].config, read_generations(told["generations"])) == (told["digest"], {"n1": 1, "n2": 2})
    fields = read_fields(told)
    assert (fields["nodes"], fields["guard"], fields["orchestrate"]) == (("n2", "n1"), Guard.NONE, "ha")


def test_its_notes_are_what_they_were(recorded):
    unpacker = Unpacker("lab", KEYRING)
    notes = [parcel.note for parcel in map(unpacker.opened, sent(recorded, "data")) if parcel.note is not None]
    assert [note["what"] for note in notes if note["do"] == "node"] == ["freeze", "thaw"]
    files = [note for note in notes if note["do"] == "file"]
    assert {(note["service"], note["file"]) for note in files} == {("svc1", "svc1.conf")}
    assert "comment = edited\n" in files[-1]["text"]


async def answered(parcels, way):
    """What n1 sends to n2 after these parcels of it."""
    loop, carried = asyncio.get_running_loop(), asyncio.Queue()
    life = Unpacker("lab", KEYRING).opened(parcels[0]).incarnation
    known = Knowledge("n1", cluster_name="lab", peers={"n2": Peer("n2", Reach.BEATING, incarnation=life, links={"hb#1": True})})
    publishing = Publishing(known, Hearing(known), Told(lambda *_: None, lambda *_: None, lambda: None))
    publishing.configure(KEYRING, {"hb#1": way(1, lambda _name, data: loop.call_soon_threadsafe(carried.put_nowait, data))})
    for parcel in parcels:
        publishing.arrived(parcel)
    publishing.begin(7)
    publishing.publish(TREE)
    try:
        async with asyncio.timeout(60):
            return Unpacker("lab", KEYRING).opened(await carried.get()).message
    finally:
        publishing.end()


def test_it_is_sent_our_data_with_a_digest_that_it_knows(recorded, way):
    message = asyncio.run(answered(sent(recorded, "data"), way))
    known = plain_digest if recorded.stem.endswith("plain") else digest
    assert (message.data, message.digest) == (TREE, known(TREE))
