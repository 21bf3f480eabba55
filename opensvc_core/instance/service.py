"""A service, as an integrator or a command sees it: its configuration, its status, its actions.

What a status or an action needs is imported when one is asked for: a command that reads one value of the file takes half the time.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from opensvc_core.instance.subject import Subject
from opensvc_core.plan.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    import threading

    from opensvc_core.instance.ahead import Ahead
    from opensvc_core.instance.executors import Noted, Watch
    from opensvc_core.instance.instance import Instance
    from opensvc_core.instance.journal import Sink
    from opensvc_core.instance.looking import Look
    from opensvc_core.instance.part import Part
    from opensvc_core.instance.plan import Plan
    from opensvc_core.instance.request import Request
    from opensvc_core.model.events import Event
    from opensvc_core.model.snapshot import ServiceStatus
    from opensvc_core.system.locks import Holder


class Service(Subject):
    """One service of a node. Nothing is kept between two calls: each reads the file and sees the host anew."""

    def __repr__(self) -> str:
        return f"Service({str(self.path)!r})"

    # -- status

    def status(self, *, shows_disabled: bool = False, shared: dict[str, Any] | None = None) -> ServiceStatus:
        """What is to be seen of the service on this node, now; disabled resources as `DEFAULT.show_disabled` says, or in any case.

        `shared`, empty at first, is what one look at several services keeps: reports of the host that tell of all of them.
        """
        from opensvc_core.instance import looking

        return looking.status(self, shows_disabled=shows_disabled, shared=shared)

    def look(self, *, shared: dict[str, Any], beginning: Callable[[Part], None] | None = None) -> Look:
        """The same, disabled resources included, with the resources that were looked at; `beginning` is told each before it is."""
        from opensvc_core.instance import looking

        return looking.look(self, shared=shared, beginning=beginning)

    def tell_status(self, status: ServiceStatus) -> None:
        """Tell the plugins when the overall status is another one than was told before. Needs the right to write `var`."""
        from opensvc_core.instance import looking

        looking.tell(self, status)

    def instance(self) -> Instance:
        """Its resources on this node, made from its file. Raises NoSuchObject, ConfigError."""
        from opensvc_core.instance import looking

        return looking.instance(self)

    def info(self) -> dict[str, dict[str, str]]:
        """What its resources tell of themselves, by rid."""
        from opensvc_core.instance import looking

        return looking.info(self)

    # -- actions

    def plan(self, action: str, selection: Selection = EVERYTHING, *, is_forced: bool = False, rolls_back: bool = True) -> Plan:
        """What an action would do. Changes nothing. Raises ActionRefused, ConfigError, UsageError, NoSuchObject."""
        from opensvc_core.instance.request import Request

        return self.rehearse(Request(action, selection, is_forced=is_forced, rolls_back=rolls_back))

    def rehearse(self, request: Request) -> Plan:
        """The plan of a request."""
        from opensvc_core.instance import conduct

        return conduct.rehearse(self, request)

    def run(self, plan: Plan, *, wait_lock: float | None = None) -> Iterator[Event]:
        """Carry out a plan, telling each event as it happens. The last word is an exception where the action failed.

        To leave the iteration early interrupts the action: what it was running is ended, a start is taken back.
        """
        from opensvc_core.instance import conduct

        return conduct.stream(self, plan.request, wait_lock)

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
        from opensvc_core.instance import conduct

        return conduct.perform(self, request, sink, wait_lock=wait_lock, by_scheduler=by_scheduler, cancel=cancel, watch=watch)

    def monitor(
        self, sink: Sink, *, due_at: float | None = None, by_scheduler: bool = False, cancel: threading.Event | None = None
    ) -> None:
        """Look after the monitored resources of a service that a cluster manager has started here.

        `due_at`: only where its schedule lets it at this moment. Raises ActionRefused without such a manager, ActionFailed.
        """
        from opensvc_core.instance import monitoring

        monitoring.monitor(self, sink, due_at=due_at, by_scheduler=by_scheduler, cancel=cancel)

    def look_ahead(self, request: Request) -> Ahead:
        """What some resources find of who uses them elsewhere, while their start is not yet decided on; see `Preflight.can_look_ahead`.

        A start that follows soon is given it (`Request.ahead`), and those do not look again.
        """
        from opensvc_core.instance import conduct

        return conduct.look_ahead(self, request)

    def running(self) -> Holder | None:
        """Who carries out an action on it now, whichever process that is; None: nobody. A copy to other nodes is none."""
        from opensvc_core.instance import conduct

        return conduct.running(self)

    def end_action(self, *, grace: float) -> None:
        """End the action that runs on it, whoever began it: it may take back what it did for `grace` seconds, then it is killed.

        Raises LockTimeout when a process can't be ended, ActionRefused when it is not ours to end.
        """
        from opensvc_core.instance import conduct

        conduct.end_action(self, grace)

    # -- state

    def set_provisioned(self, *, value: bool, selection: Selection = EVERYTHING) -> None:
        """Record that its resources, or those selected, are provisioned or not; nothing is made or removed."""
        from opensvc_core.instance.request import Request
        from opensvc_core.instance.way import rids_of

        for rid in rids_of(Request("provision", selection), self.instance()):
            self.state.set_provisioned(rid, value=value)

    def up(self) -> list[str]:
        """The resources that are up here, in whole or in part, of those that make the service available."""
        from opensvc_core.instance import conduct

        return conduct.up(self)

    def delete(self, *, is_forced: bool = False, wait_lock: float | None = None) -> None:
        """Delete its file, its state and its log. Raises ActionRefused while it has something up on this node."""
        from opensvc_core.instance import conduct

        conduct.delete(self, is_forced=is_forced, wait_lock=wait_lock)
