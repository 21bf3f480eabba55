"""Notes between nodes: each is for one node in one life of it."""

import asyncio

import pytest
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.monitor.hearing import Hearing
from opensvc_daemon.monitor.knowledge import Knowledge, Peer
from opensvc_daemon.monitor.parcels import Packer
from opensvc_daemon.monitor.publishing import Publishing, Told

SECRET = Secret(b"a secret of more than 16 bytes")


@pytest.mark.parametrize(
    ("to", "life", "is_taken"),
    [("n1", 7, True), ("n3", 7, False), ("n1", 6, False)],
    ids=["for this life", "for another node", "for an earlier life"],
)
def test_a_note_counts_for_the_life_that_it_was_sent_to(to, life, is_taken):
    taken = []

    async def run():
        known = Knowledge("n1", peers={"n2": Peer("n2", incarnation=77)})
        publishing = Publishing(known, Hearing(known), Told(None, lambda peer, note: taken.append((peer.name, note["do"])), None))
        publishing.configure(Keyring((SECRET,)), {})
        publishing.begin(7)
        publishing.arrived(Packer("default", "n2", 77).note({"do": "node", "what": "drain", "to": to, "life": life}, SECRET))
        publishing.end()

    asyncio.run(run())
    assert taken == ([("n2", "node")] if is_taken else [])
