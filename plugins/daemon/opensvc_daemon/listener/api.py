"""The API: its table of routes, and what each of them does with the monitor."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from opensvc_core.api import Node, NoSuchObject, ServicePath, UsageError
from opensvc_daemon.listener import schemas
from opensvc_daemon.listener.calls import Call, Lines, Text
from opensvc_daemon.listener.logs import follow, last_lines
from opensvc_daemon.listener.members import Members
from opensvc_daemon.listener.metrics import metrics
from opensvc_daemon.listener.openapi import description
from opensvc_daemon.listener.rights import Forbidden, Right
from opensvc_daemon.listener.routes import Route, Value
from opensvc_daemon.listener.served import KINDS, Json, Served

_SERVICE: Final = Value("service", "The service: NAME, or NAMESPACE/svc/NAME with %2F for each slash.", longest=512)
_ELSEWHERE: Final = Value("node", "Another member, that answers in the place of this one.", default="")
_LARGEST_TEXT: Final = 1024 * 1024
_ENDED: Final = ("done", "refused", "failed", "aborted")


class Api:
    """What the routes call."""

    def __init__(self, node: Node, served: Served, members: Members) -> None:
        self.node, self.served, self.members = node, served, members

    async def status(self, _: Call) -> Mapping[str, Any]:
        """The cluster document."""
        return self.served.document()

    async def alive(self, _: Call) -> Json:
        """That somebody answers."""
        return {"node": self.node.name}

    async def explain(self, call: Call) -> Mapping[str, Any]:
        """The reasons, and all that they are made of."""
        return self.served.explain(call.values["service"])

    async def ask(self, call: Call) -> Mapping[str, Any]:
        """Take a request on, once what a person knows of silent members is known."""
        asked = call.values
        if asked["confirmed_down"] and not call.who.may(Right.ADMINISTER):
            raise Forbidden(f"confirmed_down: to say that a member is down is to {Right.ADMINISTER.value}, and not for {call.who}")
        for node in asked["confirmed_down"]:
            await self.served.confirm_down(node, id=call.id)
        return await self.served.ask(asked["service"], asked["wish"], asked["to"], f"{call.who} by {self.node.name}", id=call.request)

    async def request(self, call: Call) -> Mapping[str, Any]:
        """A request, once it has ended or `wait` seconds have passed. It is looked at before anything else can happen to it."""
        name, found = call.values["id"], self._request(call.values["id"])
        if call.values["wait"] <= 0 or _has_ended(found):
            return found
        try:
            # an instance that goes may be the last one on which it was still to be done
            events = self.served.events.subscribe(kinds=("request", "instance"), services=(found["service"],))
            async with asyncio.timeout(call.values["wait"]), aclosing(events):
                async for _ in events:
                    if _has_ended(self._request(name)):
                        break
        except TimeoutError:
            pass
        return self._request(name)

    async def ask_node(self, call: Call) -> Mapping[str, Any]:
        """Freeze it, and so on."""
        return await self.served.ask_node(call.values["do"], call.values["node"] or self.node.name, id=call.id)

    async def ask_daemon(self, call: Call) -> Json:
        """Stop it, or have it read its configuration."""
        if call.values["do"] == "reload":
            await self.members.edited()
        else:
            await self.served.stop_daemon(call.values["do"])
        return {}

    async def link(self, call: Call) -> Json:
        """Stop or start one direction of a heartbeat."""
        await self.served.link(call.values["name"], run=call.values["run"])
        return {}

    async def events(self, call: Call) -> Lines:
        """What happens."""
        given = call.values
        if unknown := sorted(set(given["kind"]) - KINDS):
            raise UsageError(f"kind: {unknown[0][:40]!r} is none of {', '.join(sorted(KINDS))}")
        return Lines(self.served.events.subscribe(after=given["after"], kinds=given["kind"], services=given["service"]))

    async def config(self, call: Call) -> Json:
        """A service's file."""
        text, generations = self.served.config_of(call.values["service"])
        return {"text": text, "digest": hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest(), "generations": dict(generations)}

    async def take_config(self, call: Call) -> Json:
        """Write a service's file."""
        given = call.values
        return {"generations": dict(await self.served.take_config(given["service"], given["text"], replaces=given["replaces"]))}

    async def log(self, call: Call) -> Lines:
        """The lines of a service's log on this node."""
        file = self.node.paths.log_file(ServicePath.parse(call.values["service"]))
        lines, place = await asyncio.to_thread(last_lines, file, call.values["lines"])

        async def told() -> AsyncGenerator[Json, None]:
            for line in lines:
                yield {"node": self.node.name, "line": line}
            if call.values["follow"]:
                async with aclosing(follow(file, place)) as more:
                    async for found in more:
                        for line in found:
                            yield {"node": self.node.name, "line": line}

        return Lines(told())

    async def refresh(self, call: Call) -> Json:
        """Look anew."""
        await self.served.refresh(call.values["services"])
        return {}

    async def metrics(self, _: Call) -> Text:
        """For Prometheus."""
        return Text(metrics(self.served.document(), self.served.counters()), "text/plain; version=0.0.4; charset=utf-8")

    async def openapi(self, _: Call) -> Json:
        """This description."""
        return description(ROUTES)

    async def join(self, call: Call) -> Json:
        """One step of a join."""
        return await self.members.join(call)

    async def leave(self, call: Call) -> Json:
        """The caller leaves."""
        return await self.members.leave(call)

    async def change_members(self, call: Call) -> Json:
        """Add or remove one."""
        return await self.members.change(call)

    async def cluster_config(self, call: Call) -> Json:
        """The cluster's file."""
        return await self.members.config(call)

    async def take_cluster_config(self, call: Call) -> Json:
        """Take it from a member."""
        return await self.members.take_config(call)

    def _request(self, name: str) -> Mapping[str, Any]:
        found = self.served.request(name)
        if found is None:
            raise NoSuchObject(f"no request {name} is known here; ended ones are kept for a while only")
        return found


def _has_ended(request: Mapping[str, Any]) -> bool:
    return request.get("progress") in _ENDED


# What the API can be asked: method, path, right, what it is for, what does it, the schema of the answer.
ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/v1/status",
        Right.LOOK,
        "The cluster: nodes, services, instances.",
        Api.status,
        schemas.STATUS,
        (_ELSEWHERE,),
        may_pass=True,
    ),
    Route("GET", "/v1/alive", Right.LOOK, "Whether the daemon answers.", Api.alive, schemas.record("node", node=schemas.TEXT)),
    Route(
        "GET",
        "/v1/services/{service}/explain",
        Right.LOOK,
        "Why the service is where it is, and not elsewhere: the reasons, and every rule with its verdict.",
        Api.explain,
        schemas.EXPLANATION,
        (_ELSEWHERE,),
        places=(_SERVICE,),
        may_pass=True,
    ),
    Route(
        "POST",
        "/v1/services/{service}/requests",
        Right.OPERATE,
        "Ask the cluster for something; the request is followed until it has ended.",
        Api.ask,
        schemas.REQUEST,
        body=(
            Value(
                "wish",
                "What is wanted: start, stop, restart, freeze, thaw, switch, takeover, giveback and so on.",
                is_required=True,
                longest=32,
            ),
            Value("to", "The nodes to switch to.", "words", default=()),
            Value("confirmed_down", "Silent members of which a person knows that they run nothing.", "words", default=()),
        ),
        places=(_SERVICE,),
        code=202,
    ),
    Route(
        "GET",
        "/v1/requests/{id}",
        Right.LOOK,
        "How far a request is.",
        Api.request,
        schemas.REQUEST,
        (Value("wait", "Seconds to wait for its end.", "number", default=0, least=0, most=3600), _ELSEWHERE),
        places=(Value("id", "Its id.", longest=64),),
        may_pass=True,
    ),
    Route(
        "POST",
        "/v1/node",
        Right.ADMINISTER,
        "Freeze, thaw or drain a node, and the like; another one has done it, or refused, when this is answered.",
        Api.ask_node,
        schemas.NOTHING,
        body=(
            Value("do", "What.", is_required=True, choices=("freeze", "thaw", "drain", "undrain", "clear", "abort", "shutdown")),
            Value("node", "The member; default: this one.", default=""),
        ),
    ),
    Route(
        "POST",
        "/v1/daemon",
        Right.ADMINISTER,
        "Stop the daemon (the services stay; `shutdown` stops them first), or have it read its configuration anew.",
        Api.ask_daemon,
        schemas.NOTHING,
        body=(Value("do", "What.", is_required=True, choices=("maintenance", "upgrade", "stop", "shutdown", "reload")),),
        code=202,
    ),
    Route(
        "POST",
        "/v1/links/{name}",
        Right.ADMINISTER,
        "Stop or start one direction of a heartbeat.",
        Api.link,
        schemas.NOTHING,
        body=(Value("run", "Whether it is to run.", "boolean", is_required=True),),
        places=(Value("name", "The direction: hb#1.rx, with %23 for the #."),),
    ),
    Route(
        "GET",
        "/v1/events",
        Right.LOOK,
        "What happens, as it happens: a line of JSON each. Of a slow reader the oldest are dropped, which a line of kind `missed` tells.",
        Api.events,
        schemas.EVENT,
        (
            Value("after", "The id of the last event that is known; those after it are told first, as far as they are kept.", "integer"),
            Value("kind", "Only these kinds.", "words", default=()),
            Value("service", "Only these services.", "words", default=()),
            _ELSEWHERE,
        ),
        kind="application/x-ndjson",
        may_pass=True,
    ),
    Route(
        "GET",
        "/v1/services/{service}/config",
        Right.READ,
        "The service's file.",
        Api.config,
        schemas.CONFIG,
        (_ELSEWHERE,),
        places=(_SERVICE,),
        may_pass=True,
    ),
    Route(
        "PUT",
        "/v1/services/{service}/config",
        Right.ADMINISTER,
        "Write the service's file, as a whole or not at all.",
        Api.take_config,
        schemas.GENERATIONS,
        body=(
            Value("text", "Its new text.", is_required=True, longest=_LARGEST_TEXT),
            Value("replaces", "The SHA-256 of the text it was made from, empty for a new service; default: whatever is there."),
        ),
        places=(_SERVICE,),
        largest=2 * _LARGEST_TEXT,
    ),
    Route(
        "GET",
        "/v1/services/{service}/log",
        Right.READ,
        "The service's log on one node: a line of JSON for each of its lines.",
        Api.log,
        schemas.LINE,
        (
            Value("lines", "So many of the last ones first.", "integer", default=20, least=0, most=10000),
            Value("follow", "Go on with those that come.", "boolean", default=False),
            _ELSEWHERE,
        ),
        places=(_SERVICE,),
        kind="application/x-ndjson",
        may_pass=True,
    ),
    Route(
        "POST",
        "/v1/refresh",
        Right.OPERATE,
        "Look at services anew; the answer comes when their status is known.",
        Api.refresh,
        schemas.NOTHING,
        body=(Value("services", "Which; default: all.", "words", longest=512),),
    ),
    Route("GET", "/metrics", Right.LOOK, "Metrics for Prometheus.", Api.metrics, None, kind="text/plain"),
    Route("GET", "/openapi.json", Right.LOOK, "This description.", Api.openapi, schemas.record("openapi", "paths")),
    Route(
        "POST",
        "/v1/join",
        Right.JOIN,
        "One of the two steps by which a node joins; both sides prove that they know the secret. Only over TLS.",
        Api.join,
        schemas.JOINED,
        body=(
            Value("step", "Which.", is_required=True, choices=("hello", "prove")),
            Value("node", "The name of who joins.", is_required=True, longest=63),
            Value("nonce", "32 random bytes of who joins, in base64.", is_required=True, longest=64),
            Value("answered", "prove: the nonce that hello answered.", default=""),
            Value("proof", "prove: the HMAC.", default=""),
            Value("request", "prove: the request for a certificate (PEM).", default="", longest=4096),
            Value("again", "prove: the join is repeated.", "boolean", default=False),
        ),
        largest=16384,
    ),
    Route("POST", "/v1/leave", Right.LEAVE, "The calling member leaves, or has left.", Api.leave, schemas.NOTHING, body=()),
    Route(
        "POST",
        "/v1/cluster/members",
        Right.BELONG,
        "Add or remove a member, on the first member that answers.",
        Api.change_members,
        schemas.CONFIG,
        body=(Value("add", "Its name.", default="", longest=63), Value("remove", "Its name.", default="", longest=63)),
    ),
    Route("GET", "/v1/cluster/config", Right.BELONG, "The cluster's file, with its secret.", Api.cluster_config, schemas.CONFIG),
    Route(
        "PUT",
        "/v1/cluster/config",
        Right.BELONG,
        "Take the cluster's file from another member; refused where ours is newer.",
        Api.take_cluster_config,
        schemas.GENERATIONS,
        body=(
            Value("text", "Its text.", is_required=True, longest=_LARGEST_TEXT),
            Value("digest", "The SHA-256 of it.", is_required=True),
            Value("generations", "Edits by node.", "counts", is_required=True),
        ),
        largest=2 * _LARGEST_TEXT,
    ),
)
