"""Parcels: sealed on their way, opened by who holds the secret."""

import pytest
from opensvc_daemon.heartbeat.errors import Unreadable
from opensvc_daemon.heartbeat.journal import journal_of
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.monitor.parcels import Packer, Unpacker

SECRET, OTHER = Secret(b"a secret of more than 16 bytes"), Secret(b"another one of more than 16 bytes")


def test_a_tree_and_a_note_arrive_as_they_were_sent():
    packer, unpacker = Packer("c1", "n1", 77), Unpacker("c1", Keyring((SECRET,)))
    message = journal_of({"node": {"state": "idle"}}).message(0)
    first = unpacker.opened(packer.tree(message, SECRET))
    assert (first.node, first.incarnation, first.message, first.note) == ("n1", 77, message, None)
    second = unpacker.opened(packer.note({"do": "want", "service": "svc1"}, SECRET))
    assert (second.message, second.note) == (None, {"do": "want", "service": "svc1"})
    assert second.counter > first.counter


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-1], lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:], lambda _: b"", lambda _: b"x" * 99]
)
def test_what_was_changed_on_its_way_is_refused(spoil):
    data = Packer("c1", "n1", 77).note({"do": "want"}, SECRET)
    with pytest.raises(Unreadable):
        Unpacker("c1", Keyring((SECRET,))).opened(spoil(data))


def test_the_secret_and_the_cluster_have_to_be_the_same():
    data = Packer("c1", "n1", 77).note({"do": "want"}, SECRET)
    for unpacker in (Unpacker("c1", Keyring((OTHER,))), Unpacker("c2", Keyring((SECRET,)))):
        with pytest.raises(Unreadable):
            unpacker.opened(data)


def test_either_secret_opens_while_one_replaces_the_other():
    unpacker = Unpacker("c1", Keyring((SECRET, OTHER)))
    packer = Packer("c1", "n1", 77)
    assert [unpacker.opened(packer.note({"n": 1}, secret)).note for secret in (SECRET, OTHER)] == [{"n": 1}, {"n": 1}]
