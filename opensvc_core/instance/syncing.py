"""Syncing: copying the data of a service to its other nodes: to which, whether it may be done, and what is due there afterwards."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from opensvc_core.driver.capabilities import Syncable
from opensvc_core.errors import ActionFailed, ActionRefused
from opensvc_core.instance.evaluate import Evaluation
from opensvc_core.instance.executors import Executor
from opensvc_core.instance.instance import Instance
from opensvc_core.instance.journal import Journal
from opensvc_core.instance.manifest import Manifest, Offer
from opensvc_core.model.descent import read_descent
from opensvc_core.model.operations import Call, Command, CommandResult, Together
from opensvc_core.plan.actions import Action

# Seconds that another action on the target is waited for, and that all of it may take.
_WAIT = 3600
_LIMIT = _WAIT + 120.0
_ANY_CODE = range(-64, 256)
# ssh closes what it inherits, and the lock with it: a shell holds it until the command has ended there, also when the agent is killed.
_HOLDING = ("sh", "-c", '"$@"; exit $?', "sh")


def targets(instance: Instance, action: Action) -> list[str]:
    """The other nodes that an action copies to."""
    nodes = {"nodes": instance.facts.nodes, "drpnodes": instance.facts.drpnodes}
    return [node for node in dict.fromkeys(node for word in action.targets for node in nodes[word]) if node != instance.node]


def why_not_up(instance: Instance) -> str:
    """Why nothing is copied from here; an empty text where the service is up, applications aside."""
    evaluation = Evaluation(instance.parts, instance.state)
    if evaluation.standing().is_up:
        return ""
    return f"{instance.facts.path} is not up here (without its applications it is {evaluation.avail_below()})"


def refuse_where_not_up(instance: Instance) -> None:
    """Raise ActionRefused where the service is not up: the data here may be the older."""
    if reason := why_not_up(instance):
        raise ActionRefused(f"{reason}; it is copied from the node where it is up")


class Finish:
    """What follows the copies: each target puts in place what it was sent, and both sides note what is fresh."""

    def __init__(self, instance: Instance, executor: Executor, journal: Journal, *, shown_as: str, keeps_own: bool) -> None:
        self._instance, self._executor, self._journal = instance, executor, journal
        path = str(instance.facts.path)
        self._argv = ["svcmgr", "-s", path, "--waitlock", str(_WAIT), "postsync"]
        self._shown = f"{shown_as or f'svcmgr -s {path}'} --waitlock {_WAIT} postsync"
        self._keeps_own = keeps_own
        self._shell = instance.facts.peer_shell
        self._resources: dict[str, Syncable] = {}
        for part in instance.parts:
            if isinstance(part.resource, Syncable):
                self._resources[part.rid] = part.resource

    def run(self) -> list[str]:
        """Do it; why it failed, for each node where it did."""
        nodes = sorted({node for resource in self._resources.values() for node in resource.sent})
        if not nodes:
            return []
        offer = self._offer()
        for node in nodes:
            self._journal.say(f"exec '{self._shown}' on node {node}", name="command")
        outcomes = self._executor.execute(Together([self._command(node, offer) for node in nodes]), "")
        return [text for node, outcome in zip(nodes, outcomes, strict=True) if (text := self._end(node, outcome))]

    def _command(self, node: str, offer: Offer | None) -> Command:
        argv = self._shell.command(node, self._argv, folder=str(Path(sys.executable).parent), environment=_environment(self._instance))
        return Command(
            [*_HOLDING, *argv],
            succeeds=_ANY_CODE,
            timeout=_LIMIT,
            text=f"exec '{self._shown}' on node {node}",
            is_quiet=True,
            stdin=self._manifest(node, offer).text(),
        )

    def _manifest(self, node: str, offer: Offer | None) -> Manifest:
        sent = {rid: resource for rid, resource in self._resources.items() if node in resource.sent}
        moments = {rid: _moments(resource, node, self._instance.node) for rid, resource in sent.items()}
        return Manifest(self._instance.node, moments, offer if offer and offer.rid in sent else None)

    def _offer(self) -> Offer | None:
        """The service's own files, where they were sent."""
        rid = next((rid for rid, one in self._resources.items() if one.carries_configuration and one.sent), "")
        store, file = self._instance.store, self._instance.facts.file
        if not rid or store is None:
            return None
        descent = store.descent(file) if self._executor.is_rehearsal else store.settle(file)
        return Offer(rid, store.place(file), tuple(map(store.place, self._instance.facts.beside())), descent, self._keeps_own)

    def _end(self, node: str, outcome: CommandResult | ActionFailed) -> str:
        """Note what was copied, or tell why it does not count."""
        if isinstance(outcome, ActionFailed):
            return f"{node}: {outcome}"
        if outcome.code:
            return self._shell.reason(node, outcome.stderr) or f"{node}: {shlex.join(self._argv)}: exit code {outcome.code}"
        self._learn(outcome.stdout)
        for rid, resource in self._resources.items():
            if node in resource.sent:
                note = partial(resource.note_syncs, {node: resource.sent[node]})
                self._executor.execute(Call(f"note that {node} is as fresh", note, is_quiet=True), rid)
        return ""

    def _learn(self, said: str) -> None:
        """What the target knows of the descent of the file that both now have."""
        store, file, known = self._instance.store, self._instance.facts.file, read_descent(said)
        if store is not None and known is not None:
            store.learn(file, known)


def _environment(instance: Instance) -> Mapping[str, str]:
    """What leads the agent there to the same folders."""
    root = instance.store.root if instance.store else None
    return {"OSVC_ROOT_PATH": str(root)} if root else {}


def _moments(resource: Syncable, node: str, here: str) -> dict[str, float]:
    """How fresh the nodes are, as far as is known: the target is as fresh as the sender."""
    moment = resource.sent[node]
    return {**resource.last_syncs(), **resource.sent, here: moment, node: moment}


def finish(instance: Instance, executor: Executor, journal: Journal, *, shown_as: str, keeps_own: bool) -> Sequence[str]:
    """See `Finish`."""
    return Finish(instance, executor, journal, shown_as=shown_as, keeps_own=keeps_own).run()
