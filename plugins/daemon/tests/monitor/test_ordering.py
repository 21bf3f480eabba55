"""Orders to other nodes: given to each life until one answers, but for what ends it."""

import asyncio
from types import SimpleNamespace

import pytest
from opensvc_daemon.heartbeat.digests import digested
from opensvc_daemon.heartbeat.replica import Replica
from opensvc_daemon.monitor.knowledge import Peer
from opensvc_daemon.monitor.ordering import Ordering
from opensvc_daemon.orchestration.view import Reach

from opensvc_core.api import ActionFailed, ActionRefused


class Mail:
    """What is posted, in place of the publishing."""

    def __init__(self):
        self.notes, self.news = [], asyncio.Event()

    def post(self, peer, note):
        self.notes.append((peer, note))
        self.news.set()

    async def next(self):
        """The next note."""
        async with asyncio.timeout(60):
            await self.news.wait()
        self.news.clear()
        return self.notes[-1][1]


def peer_in(state, life=1, **more):
    return Peer("n2", Reach.BEATING, incarnation=life, replica=Replica(life, 1, digested({"node": {"state": state, **more}})))


def tried(play, what="freeze", peer=None):
    """Order something, with a play on the other side; what was posted."""

    async def run():
        mail = Mail()
        ordering = Ordering(SimpleNamespace(publishing=mail))
        played = asyncio.ensure_future(play(mail, ordering, peer))
        await ordering.order(peer, what, "aaaa.1")
        await played
        return mail.notes

    peer = peer or peer_in("idle", version=2)
    return asyncio.run(run())


async def answer(mail, ordering, _peer, error=""):
    ordering.answered({"do": "answer", "answer": (await mail.next())["answer"], "error": error})


def test_an_order_is_done_when_the_node_says_so():
    [(to, note)] = tried(answer)
    assert (to, note["do"], note["what"], note["id"]) == ("n2", "node", "freeze", "aaaa.1")


def test_what_the_node_refuses_is_told_as_it_says_it():
    async def refuse(*given):
        await answer(*given, error="not now")

    with pytest.raises(ActionRefused, match=r"^n2: not now$"):
        tried(refuse)


def test_a_daemon_that_said_that_it_restarts_is_waited_for_and_its_next_life_is_asked_again():
    async def restart(mail, ordering, peer):
        await mail.next()
        peer.reach = Reach.SILENT
        await asyncio.sleep(0.3)  # some looks at it
        peer.incarnation, peer.reach = 2, Reach.BEATING
        await answer(mail, ordering, peer)

    first, second = tried(restart, peer=peer_in("maintenance", version=2))
    assert first == second


def test_a_node_that_falls_silent_without_a_word_has_done_nobody_knows_what():
    async def crash(mail, _ordering, peer):
        await mail.next()
        peer.reach = Reach.SILENT

    with pytest.raises(ActionFailed, match=r"^n2 does not answer: whether it has done 'freeze' is not known"):
        tried(crash)


def test_a_shutdown_is_not_asked_of_the_life_after_it():
    async def play(mail, ordering, peer):
        note = await mail.next()
        peer.incarnation = 2
        await asyncio.sleep(0.3)  # some looks at it
        ordering.answered({"do": "answer", "answer": note["answer"]})

    assert len(tried(play, what="shutdown")) == 1


def test_a_node_of_protocol_1_is_not_waited_for():
    async def nothing(*_):
        pass

    assert len(tried(nothing, peer=peer_in("idle", version=1))) == 1


def test_an_answer_that_nobody_waits_for_is_passed_over():
    Ordering(SimpleNamespace()).answered({"do": "answer", "answer": "abcd"})
