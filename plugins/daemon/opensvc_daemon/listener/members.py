"""The members, changed: joins and leaves, one after the other in the whole cluster."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from opensvc_core.api import ActionFailed, ActionRefused, Node, OpensvcError, UsageError
from opensvc_daemon import clock
from opensvc_daemon.listener.calls import Call, Log
from opensvc_daemon.listener.identity import neighbourhood
from opensvc_daemon.listener.peers import Peers
from opensvc_daemon.listener.served import Json, Served
from opensvc_daemon.trust import admitting, files, membership
from opensvc_daemon.trust.door import Door
from opensvc_daemon.trust.exchange import Transcript, seal
from opensvc_daemon.trust.files import TrustFiles

# Seconds that a join waits for those before it, and that a member may take to write a new text down.
_PATIENCE: Final = 30.0
_PUSH: Final = 3.0


class Members:
    """What this member does for nodes that come and go. `reload` has the listener use new certificates and tokens."""

    def __init__(self, node: Node, served: Served, peers: Peers, reload: Callable[[], Awaitable[None]], log: Log) -> None:
        self._node, self._served, self._peers, self._reload, self._log = node, served, peers, reload, log
        self._door, self._lock = Door(), asyncio.Lock()
        self._told, self._telling = "", set[asyncio.Task[None]]()

    async def join(self, call: Call) -> Json:
        """One step of the exchange. Raises ActionRefused."""
        name, address = call.values["node"], neighbourhood(call.address)
        asked = _bytes(call.values["nonce"])
        if call.values["step"] == "hello":
            return {"nonce": _b64(self._door.nonce(name, asked, address, clock.now()))}
        request = call.values["request"].encode()
        transcript = Transcript(name, asked, _bytes(call.values["answered"]), await asyncio.to_thread(self._certificate), request)
        secret = await asyncio.to_thread(membership.secret_of, self._node)
        self._door.refuse_unproven(secret, transcript, _bytes(call.values["proof"]), address, clock.now())
        reach = self._served.document().get("nodes", {}).get(name, {}).get("reach", "")
        is_beating = name in await asyncio.to_thread(membership.members, self._node) and reach in ("beating", "heard")
        admitting.refuse_twin(self._node, name, is_beating=is_beating, is_again=call.values["again"])
        await asyncio.to_thread(admitting.certificate, self._node, name, request)  # what can't be certified becomes no member
        cluster = await self._edit(f"add {name}", {"add": name}, call)
        answer = await asyncio.to_thread(admitting.answer, self._node, name, request, cluster)
        self._log("info", f"{name} has proven that it knows the secret, from {address}: it is a member", request=call.id)
        return {"sealed": _b64(seal(secret, transcript, answer))}

    async def leave(self, call: Call) -> Json:
        """Take the caller out: a member, or one whose leave was interrupted, so that it can't know. Raises ActionRefused."""
        await self._edit(f"remove {call.who.name}", {"remove": call.who.name}, call)
        return {}

    async def change(self, call: Call) -> Json:
        """Add or remove a member here, because this is the first one that answers; the cluster's file as it is then."""
        added, removed = call.values["add"], call.values["remove"]
        if bool(added) == bool(removed):
            raise UsageError("one of add and remove")
        return await self._edit_here(membership.add if added else membership.remove, added or removed)

    async def config(self, _: Call) -> Json:
        """The cluster's file, with its secret."""
        return await asyncio.to_thread(membership.cluster_text, self._node)

    async def take_config(self, call: Call) -> Json:
        """Take the cluster's file from another member. Raises ActionRefused where ours is newer."""
        text, descent = membership.told(call.values)
        taken = await asyncio.to_thread(membership.install_cluster_text, self._node, text, descent, call.who.name)
        await self.tell()
        return {"digest": taken.digest, "generations": dict(taken.generations)}

    async def _edit(self, what: str, body: Json, call: Call) -> Json:
        """Have the first member that answers do it, so that two joins never edit two copies; all members choose the same one."""
        known = await asyncio.to_thread(membership.members, self._node)
        leaves = body.get("remove", "")
        for name in known:
            if name == self._node.name or self._node.name not in known:
                edit = membership.add if "add" in body else membership.remove
                return await self._edit_here(edit, body.get("add") or leaves)
            if name == leaves:
                continue
            try:
                cluster: Json = await self._peers.call(name, "POST", "/v1/cluster/members", body, request=call.id, limit=_PATIENCE)
            except ActionFailed:
                continue  # it is away: the next one decides
            with suppress(ActionRefused):  # another edit came in between: replication settles it
                await asyncio.to_thread(membership.install_cluster_text, self._node, *membership.told(cluster), name)
            await self.tell()
            return cluster
        raise ActionRefused(f"{what}: {self._node.name} is no member itself")

    async def _edit_here(self, edit: Callable[[Node, str], Json], name: str) -> Json:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._lock.acquire()
        except TimeoutError as error:
            raise ActionRefused("another node is joining or leaving, and takes its time: try again") from error
        try:
            cluster = await asyncio.to_thread(edit, self._node, name)
            await self._push(cluster, but=name)
        finally:
            self._lock.release()
        await self.tell()
        return cluster

    async def _push(self, cluster: Json, *, but: str) -> None:
        """Tell the members that answer; the others learn it as they learn any new configuration."""
        others = [one for one in await asyncio.to_thread(membership.everyone, self._node) if one not in (self._node.name, but)]

        async def tell(member: str) -> None:
            with suppress(OpensvcError):
                await self._peers.call(member, "PUT", "/v1/cluster/config", cluster, limit=_PUSH)

        async with asyncio.TaskGroup() as group:
            for member in others:
                group.create_task(tell(member))

    async def tell(self) -> None:
        """Have the daemon use the configuration and the certificates as they are now."""
        await self._reload()
        await self._served.configuration_changed()

    async def edited(self) -> None:
        """Files were edited here: use them, and send the cluster's to the members, as the heartbeats may be what was changed."""
        cluster = await asyncio.to_thread(membership.cluster_text, self._node)
        await self.tell()
        if cluster["digest"] != self._told:
            self._told = cluster["digest"]
            task = asyncio.create_task(self._send(cluster), name="send cluster.conf")
            self._telling.add(task)  # the loop alone would let go of it
            task.add_done_callback(self._telling.discard)

    async def _send(self, cluster: Json) -> None:
        try:
            await self._push(cluster, but="")
        except OpensvcError as error:  # it can't be read here: the members go on with what they have
            self._log("warning", f"cluster.conf is not sent to the other members: {error}", request="")

    def _certificate(self) -> bytes:
        pem = files.read(TrustFiles.below(self._node.paths.var).node).decode("ascii")
        begin = pem.index("-----BEGIN CERTIFICATE")
        return ssl.PEM_cert_to_DER_cert(pem[begin:])


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(text or "", validate=True)
    except (ValueError, TypeError) as error:
        raise UsageError("nonces and proofs are written in base64") from error
