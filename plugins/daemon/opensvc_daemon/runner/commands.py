"""Commands: what children do that is no action of a service: a command of the administrator, a fence, the end of an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from opensvc_core.api import Journal, Level, Node, Service, Setting
from opensvc_daemon.channel import Channel
from opensvc_daemon.runner.acting import Outcome, interruptible, outcome_of
from opensvc_daemon.runner.crew import Work


def running(node: Node, service: str, argv: Sequence[str], *, limit: float, environment: Mapping[str, str]) -> Work:
    """Run a command; what it prints goes to the log of the service, or of the node."""

    def do() -> Outcome:
        journal = node.service(service).journal(_drop) if service else _journal(node)
        result = node.host.query(argv, timeout=limit, setting=Setting(environment={"LC_ALL": "", **environment}))
        for line in (*result.stdout.splitlines(), *result.stderr.splitlines()):
            journal.say(line, name="output")
        said = (result.stderr or result.stdout).strip().splitlines()
        journal.say(f"{argv[0]}: {result.seconds:.3f} s, exit code {result.code}", level=Level.INFO if result.code == 0 else Level.ERROR)
        return Outcome(result.code, (said[-1] if said else f"exit code {result.code}") if result.code else "")

    return _telling(do)


def fencing(node: Node, target: str, limit: float | None) -> Work:
    """Fence a node by what the cluster is configured with."""

    def do() -> Outcome:
        from opensvc_daemon.guards.fencing import fence  # noqa: PLC0415 - where there is nothing to fence it costs nothing

        return outcome_of(lambda: fence(node, target, limit))

    return _telling(do)


def ending(service: Service, grace: float) -> Work:
    """End what acts on a service, whoever has begun it."""
    return _telling(lambda: outcome_of(lambda: service.end_action(grace=grace)))


def _telling(do: Callable[[], Outcome]) -> Work:
    def work(channel: Channel) -> int:
        interruptible()
        try:
            outcome = do()
        except KeyboardInterrupt:
            outcome = Outcome(130, "it was ended")
        with suppress(ConnectionError):
            channel.send(outcome._asdict())
        return outcome.code

    return work


def _journal(node: Node) -> Journal:
    return Journal(node.paths.log / "node.log", _drop, node=node.name, clock=node.clock)


def _drop(_event: object) -> None:
    """Nobody listens."""
