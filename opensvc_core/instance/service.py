"""A service, as an integrator or a command sees it: its configuration, its status, its actions.

What only a status or an action needs is imported there: a command that reads one value of the file takes half the time.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from opensvc_core.config.document import Document
from opensvc_core.config.service import ServiceConfig
from opensvc_core.errors import ActionInterrupted, ActionRefused, OpensvcError
from opensvc_core.instance.state import State
from opensvc_core.instance.surroundings import Surroundings
from opensvc_core.model.names import Rid, ServicePath
from opensvc_core.plan.selection import EVERYTHING, Selection
from opensvc_core.system import files

if TYPE_CHECKING:
    import threading

    from opensvc_core.config.findings import Finding
    from opensvc_core.driver.capabilities import Informative
    from opensvc_core.driver.context import Context, ServiceFacts
    from opensvc_core.instance.executors import HostExecutor, Noted, Watch
    from opensvc_core.instance.instance import Instance
    from opensvc_core.instance.journal import Journal, Sink
    from opensvc_core.instance.part import Part
    from opensvc_core.instance.performer import Request
    from opensvc_core.instance.plan import Plan
    from opensvc_core.model.events import Event
    from opensvc_core.model.snapshot import ServiceStatus

_FORCED_GRACE = 10.0


class Service:
    """One service of a node. Nothing is kept between two calls: each reads the file and sees the host anew."""

    def __init__(self, node: Surroundings, path: ServicePath) -> None:
        self.node, self.path = node, path
        self.state = State(node.paths.state(path))

    def __repr__(self) -> str:
        return f"Service({str(self.path)!r})"

    # -- configuration

    @property
    def file(self) -> Path:
        """Its file of configuration. Raises NoSuchObject."""
        return self.node.store.file(self.path)

    def document(self) -> Document:
        """The text of its file. Raises NoSuchObject, ConfigError."""
        return self.node.store.read(self.file)

    def config(self, document: Document | None = None, *, node: str = "") -> ServiceConfig:
        """Its configuration, evaluated for this node or, with `node`, for another one."""
        return ServiceConfig(document or self.document(), self.node.world(self.path, node), self.node.registry.driver)

    def validate(self, document: Document | None = None) -> list[Finding]:
        """What is wrong or doubtful in its file, or in a text that may become its file."""
        from opensvc_core.config.findings import Finding, Severity
        from opensvc_core.config.validation import validate

        found = validate(self.config(document))
        if other := self.node.store.shadowed(self.path):
            text = f"{other} is there as well, and not read"
            found.append(Finding(Severity.WARNING, "two-files", text, str(self.file), hint="remove one of them"))
        return found

    def change(self, edit: Callable[[Document], Document]) -> None:
        """Edit its file: all of the edit, or nothing where that would make an error that was not there before."""
        self.node.store.change(self.file, edit, lambda before, after: self.refuse_errors(after, known=before))

    def replace(self, read: str, document: Document) -> None:
        """Write a whole new text in the place of what was read; errors that stood there before may stay."""
        self.refuse_errors(document, known=self.node.store.parsed(read, self.file))
        self.node.store.replace(self.file, read, document.text())

    def refuse_errors(self, after: Document, *, known: Document | None = None) -> None:
        """Raise ConfigError for the errors of a text, other than those that a known text has as well."""
        from opensvc_core.config.findings import refuse_new_errors

        refuse_new_errors(self.validate(known) if known else [], self.validate(after))

    # -- status

    def status(self, *, shows_disabled: bool = False) -> ServiceStatus:
        """What is to be seen of the service on this node, now; disabled resources as `DEFAULT.show_disabled` says, or in any case."""
        from opensvc_core.model.snapshot import ServiceStatus
        from opensvc_core.system.locks import InstanceLock

        instance = self.instance()
        lock = InstanceLock(self.state.lock_file)
        local = instance.evaluate(self.state.in_progress() if lock.holder() else frozenset())
        keywords = instance.keywords
        if not (keywords.show_disabled or shows_disabled):
            local = local._replace(resources=tuple(one for one in local.resources if not one.is_disabled))
        return ServiceStatus(
            path=self.path,
            avail=local.avail,
            overall=local.overall,
            instances=(local,),
            env=keywords.env or self.node.settings.env,
            mode=keywords.mode,
            topology=keywords.topology,
            orchestrate=keywords.orchestrate,
            nodes=tuple(keywords.nodes or [self.node.name]),
        )

    def tell_status(self, status: ServiceStatus) -> None:
        """Tell the plugins when the overall status is another one than was told before. Needs the right to write `var`."""
        after = str(status.overall)
        try:
            before = self.state.last_overall()
            if before == after:
                return
            self.state.keep_overall(after)
        except OpensvcError:
            return  # who may only read tells nobody
        self.node.notify("opensvc_status_changed", self.journal(lambda _event: None), service=str(self.path), before=before, after=after)

    def instance(
        self, *, request: Request | None = None, journal: Journal | None = None, planned_paths: set[str] | None = None
    ) -> Instance:
        """Its resources on this node, made from its file. Raises NoSuchObject, ConfigError."""
        from opensvc_core.driver.context import Context
        from opensvc_core.instance.build import Builder, devices
        from opensvc_core.instance.instance import Instance

        parts: list[Part] = []
        world = self.node.world(self.path)
        config = ServiceConfig(self.document(), world, self.node.registry.driver, lambda rid, name: devices(parts, rid, name))
        keywords = config.service
        facts = self._facts(config)
        log = journal or self.journal(lambda _event: None)

        def context(rid: str) -> Context:
            return Context(
                rid=Rid(rid),
                system=self.node.host,
                log=log.of(rid),
                node=self.node.name,
                service=facts,
                var_dir=self.state.resource_dir(rid),
                confirmed_down=request.confirmed_down if request else frozenset(),
                action=request.action if request else "",
                is_forced=bool(request and request.is_forced),
                planned_paths=frozenset() if planned_paths is None else planned_paths,
            )

        parts.extend(Builder(config, self.node.registry.driver, context).parts())
        return Instance(
            parts,
            node=self.node.name,
            keywords=keywords,
            facts=facts,
            state=self.state,
            subsets=config.subsets(),
            is_node_frozen=self.node.state.is_frozen(),
        )

    def _facts(self, config: ServiceConfig) -> ServiceFacts:
        from opensvc_core.driver.context import ServiceFacts

        keywords, paths = config.service, self.node.paths
        return ServiceFacts(
            path=self.path,
            id=keywords.id or "",
            nodes=tuple(keywords.nodes or [self.node.name]),
            launchers=paths.etc / f"{self.path.config_path}.d",
            run_dir=paths.run / self.path.state_path,
            tmp_dir=paths.tmp,
            cgroup=f"{self.node.cgroup}/{self.path.state_path.replace('/', '.')}",
        )

    # -- actions

    def plan(self, action: str, selection: Selection = EVERYTHING, *, is_forced: bool = False, rolls_back: bool = True) -> Plan:
        """What an action would do. Changes nothing. Raises ActionRefused, ConfigError, UsageError, NoSuchObject."""
        from opensvc_core.instance.performer import Request

        return self.rehearse(Request(action, selection, is_forced=is_forced, rolls_back=rolls_back))

    def rehearse(self, request: Request) -> Plan:
        """The plan of a request."""
        import threading

        from opensvc_core.instance.executors import Rehearsal
        from opensvc_core.instance.journal import Journal
        from opensvc_core.instance.performer import Performer
        from opensvc_core.instance.plan import Plan

        executor = Rehearsal()
        silent = Journal(None, lambda _event: None, node=self.node.name, service=str(self.path), clock=self.node.clock)
        instance = self.instance(request=request, journal=silent, planned_paths=set())
        self._refuse_elsewhere(instance)
        Performer(instance, request, executor, silent, threading.Event()).perform()
        return Plan(self.path, request, tuple(executor.noted))

    def run(self, plan: Plan, *, wait_lock: float | None = None) -> Iterator[Event]:
        """Carry out a plan, telling each event as it happens. The last word is an exception where the action failed.

        To leave the iteration early interrupts the action: what it was running is ended, a start is taken back.
        """
        import queue
        import threading

        events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        cancel, errors = threading.Event(), list[BaseException]()

        def work() -> None:
            try:
                self.perform(plan.request, events.put, wait_lock=wait_lock, cancel=cancel)
            except BaseException as error:  # noqa: BLE001 - raised again by the reader of the events
                errors.append(error)
            finally:
                events.put(None)

        worker = threading.Thread(target=work, name=f"{plan.request.action} {self.path}")
        worker.start()
        try:
            while (event := events.get()) is not None:
                yield event
        finally:
            cancel.set()
            worker.join()
        if errors:
            raise errors[0]

    def perform(
        self,
        request: Request,
        sink: Sink,
        *,
        wait_lock: float | None = None,
        by_scheduler: bool = False,
        cancel: threading.Event | None = None,
        watch: Watch | None = None,
    ) -> tuple[Noted, ...]:
        """Carry out a request in this thread, and return the operations done. Raises what became of it, where that is not success."""
        import threading

        from opensvc_core.instance.executors import HostExecutor
        from opensvc_core.system.commands import CommandRunner
        from opensvc_core.system.locks import InstanceLock

        journal = self.journal(sink, by_scheduler=by_scheduler)
        cancel = cancel or threading.Event()
        text = self.node.store.text(self.file)
        instance = self.instance(request=request, journal=journal)
        self._refuse_elsewhere(instance)
        lock = InstanceLock(self.state.lock_file, name=str(self.path))
        if request.is_forced:
            lock.end_holder(_FORCED_GRACE)
        lock.acquire(request.action, wait=instance.keywords.lock_timeout if wait_lock is None else wait_lock)
        runner = CommandRunner(lock.fd, cancel, groups=self.node.host.groups)
        try:
            if self.node.store.text(self.file) != text:  # edited, or deleted, while we waited for the lock
                instance = self.instance(request=request, journal=journal)
                self._refuse_elsewhere(instance)
            executor = HostExecutor(runner, journal, watch)
            self._perform(instance, request, executor, journal, cancel)
        finally:
            self.state.forget_progress()
            lock.release(is_left_to_commands=runner.has_left_processes)
        return tuple(executor.noted)

    def _perform(self, instance: Instance, request: Request, executor: HostExecutor, journal: Journal, cancel: threading.Event) -> None:
        import time

        from opensvc_core.instance.performer import Performer, rids_of
        from opensvc_core.model.events import Level

        began, outcome = time.monotonic(), "failed"
        journal.say(f"{request.action} begins", level=Level.DEBUG, name="begin")
        try:
            self.node.refuse_by_plugins(str(self.path), request.action, list(rids_of(request, instance)))
            self.state.keep_progress(rids_of(request, instance))
            Performer(instance, request, executor, journal, cancel).perform()
            outcome = "done"
        except ActionRefused:
            outcome = "refused"
            raise
        except ActionInterrupted:
            outcome = "interrupted"
            raise
        finally:
            seconds = time.monotonic() - began
            journal.say(
                f"{request.action}: {outcome} after {seconds:.3f} s", level=Level.DEBUG, name="end", seconds=seconds, outcome=outcome
            )
            self.node.notify(
                "opensvc_after_action", journal, service=str(self.path), action=request.action, outcome=outcome, seconds=seconds
            )

    def _refuse_elsewhere(self, instance: Instance) -> None:
        keywords = instance.keywords
        nodes = {*keywords.nodes, *keywords.drpnodes, *keywords.encapnodes, *(keywords.drpnode or "").split()}
        if nodes and self.node.name not in nodes:
            raise ActionRefused(f"{self.path} is not for this node: {self.node.name} is not among its nodes ({' '.join(sorted(nodes))})")
        env = keywords.env or self.node.settings.env
        if self.node.settings.env == "PRD" and env != "PRD":
            raise ActionRefused(f"{self.path} is of environment {env}, and this is a PRD node; DEFAULT.env or node.env says otherwise")
        if keywords.disable:
            raise ActionRefused(f"{self.path} is disabled; 'enable' makes it manageable again")

    def journal(self, sink: Sink, *, by_scheduler: bool = False) -> Journal:
        """Where its events go: its log file and `sink`."""
        from opensvc_core.instance.journal import Journal

        file = self.node.paths.log_file(self.path)
        return Journal(file, sink, node=self.node.name, service=str(self.path), clock=self.node.clock, by_scheduler=by_scheduler)

    # -- state

    def set_provisioned(self, *, value: bool, selection: Selection = EVERYTHING) -> None:
        """Record that its resources, or those selected, are provisioned or not; nothing is made or removed."""
        from opensvc_core.instance.performer import Request, rids_of

        instance = self.instance()
        for rid in rids_of(Request("provision", selection), instance):
            self.state.set_provisioned(rid, value=value)

    def starts_at_boot(self) -> bool:
        """Whether this node starts the service by itself when it comes up, where there is no daemon."""
        keywords = self.config().service
        if self.state.is_frozen() or self.node.state.is_frozen() or keywords.disable:
            return False
        return self.node.name in (
            keywords.autostart_node or (keywords.nodes or [self.node.name])[:1] * (keywords.orchestrate in ("start", "ha"))
        )

    def delete(self, *, is_forced: bool = False, wait_lock: float | None = None) -> None:
        """Delete its file, its state and its log. Raises ActionRefused while it has something up on this node."""
        from opensvc_core.system.locks import InstanceLock

        lock = InstanceLock(self.state.lock_file, name=str(self.path))
        file = self.file
        lock.acquire("delete", wait=60.0 if wait_lock is None else wait_lock)
        try:
            if not is_forced:
                self._refuse_while_up()
            with self.node.store.editing(file):
                files.remove(file)
            self.node.links.remove(self.path)
            files.remove(self.node.paths.log_file(self.path))
            files.remove_tree(self.state.folder)
            with suppress(OSError):  # what a forced delete leaves up may still need it
                (self.node.paths.run / self.path.state_path).rmdir()
        finally:
            lock.release()

    def up(self) -> list[str]:
        """The resources that are up here, in whole or in part, of those that make the service available."""
        from opensvc_core.instance.part import ASIDE
        from opensvc_core.model.status import Status

        status = self.status(shows_disabled=True).local
        counted = [one for one in status.resources if one.group not in ASIDE]
        doubtful = [one.rid for one in counted if one.status is Status.WARN]
        ending = self._ended_by_stop() if doubtful else set()
        return [one.rid for one in counted if one.status in (Status.UP, Status.STDBY_UP) or (one.rid in doubtful and one.rid in ending)]

    def _ended_by_stop(self) -> set[str]:
        """The resources for which a stop would do something: a directory with a wrong mode is in `warn`, and has nothing to end."""
        from opensvc_core.instance.performer import Request

        return {operation.rid for operation in self.rehearse(Request("stop", is_forced=True)).operations if operation.is_change}

    def _refuse_while_up(self) -> None:
        if up := self.up():
            raise ActionRefused(f"{self.path} has {', '.join(up)} up here; stop it first (--force deletes it and leaves them)")

    def info(self) -> dict[str, dict[str, str]]:
        """What its resources tell of themselves, by rid."""
        from opensvc_core.driver.capabilities import Informative

        resources = [part.resource for part in self.instance().parts if part.resource and not part.is_disabled]
        return {resource.rid: _told(resource) for resource in resources if isinstance(resource, Informative)}


def _told(resource: Informative) -> dict[str, str]:
    try:
        return dict(resource.info())
    except Exception as error:  # noqa: BLE001 - one that fails hides no other
        return {"error": str(error)}
