"""The command `service`: which services there are, in which state, and what is done with one."""

from __future__ import annotations

import syslog
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from opensvc_core.errors import ActionRefused, NoSuchObject, OpensvcError, UsageError
from opensvc_openha.acting import Acting
from opensvc_openha.actions import Action
from opensvc_openha.background import complain, log
from opensvc_openha.files import Board, read_text, replace
from opensvc_openha.services import Service, added, name_problem, parse_nodes, without
from opensvc_openha.states import State
from opensvc_openha.store import Store

USAGE: Final = """\
Usage: service -s [-c]                                   the services and their states, -c as a table
       service -i SERVICE                                the part of this node in a service
       service -a SERVICE SCRIPT PRIMARY SECONDARY CHECK add a service
       service -r SERVICE                                remove a service
       service -A [SERVICE] ACTION                       act on a service, or on all of this node
Actions: start, stop, freeze-stop, freeze-start, unfreeze, force-stop, force-start"""
# The C implementation ends with -1.
FAILED: Final = 255
_ROW: Final = "{:<16} {:<16} {:<14} {:<16} {:<14}"


class ServiceCommand:
    """The command on one node."""

    def __init__(self, store: Store, node: str) -> None:
        self._store, self._node = store, node

    def run(self, words: Sequence[str]) -> int:
        """Its exit code: 0, 1 where the manager does not run, 255 for all else."""
        match list(words):
            case ["-s", *shown] if shown in ([], ["-c"]):
                if not self._is_known():
                    return 1
                return self._table() if shown else self._listed()
            case ["-i", name]:
                return self._part(name)
            case ["-a", name, script, primary, secondary, check]:
                return self._add(Service(name, script, primary, secondary, check))
            case ["-r", name]:
                return self._remove(name)
            case ["-A", *names, action] if len(names) < 2:
                return self._act(names[0], _action(action)) if names else self._act_on_all(_action(action))
        raise UsageError(USAGE)

    # -- telling

    def _listed(self) -> int:
        found = self._store.services()
        print(f"{len(found.services)} service(s) defined:  ")
        for service in found:
            print(f"Service: {service.name}")
            print(f"\tPrimary  : {service.primary}, {self._shown(service, service.primary)}")
            print(f"\tSecondary: {service.secondary}, {self._shown(service, service.secondary)}")
        return 0

    def _table(self) -> int:
        print(_ROW.format("service", "prinode", "pristate", "secnode", "secstate"))
        for one in self._store.services():
            states = (self._shown(one, one.primary), self._shown(one, one.secondary))
            print(_ROW.format(one.name, one.primary, states[0], one.secondary, states[1]))
        return 0

    def _part(self, name: str) -> int:
        service = self._store.services().named(name)
        if service is None:
            raise NoSuchObject(f"Error : service {name} does not exist")
        if service.peer(self._node):
            print(f"we are {'Primary' if self._node == service.primary else 'Secondary'} for service {name}")
        print(f"Service: {name}\t state: {self._shown(service, service.primary)} , {self._shown(service, service.secondary)}")
        return 0

    def _shown(self, service: Service, node: str) -> str:
        state = self._store.state(service.name, node)
        return str(State.UNKNOWN if state is None else state)

    def _is_known(self) -> bool:
        for problem in self._store.services().problems:
            complain(str(problem))
        is_running = Board(self._store.tree.proc, "nmond").is_held()
        if not is_running:
            complain("nmond does not run, the states of the services are not known; 'ezha start' starts it")
        return is_running

    # -- changing

    def _add(self, service: Service) -> int:
        if problem := name_problem(service.name):
            print(problem)
            return FAILED
        print(f"Creating service {service.name} :")
        services = self._store.tree.services
        with self._store.changing(services):
            if self._store.services().named(service.name):
                print(f"Service {service.name} already created.")
                return FAILED
            if problem := self._wrong(service):
                complain(problem)
                print("Failed.")
                return FAILED
            services.parent.mkdir(parents=True, exist_ok=True)
            replace(services, added(read_text(services), service).encode("utf-8", "surrogateescape"))
        for node in (service.primary, service.secondary):
            self._store.state(service.name, node)
        print("Done.")
        return 0

    def _wrong(self, service: Service) -> str:
        for path, what in ((service.script, "startup script file"), (service.check, "check script")):
            if not path.startswith("/") or not Path(path).is_file():
                return f"Error: unable to open {what} {path}"
        known = parse_nodes(read_text(self._store.tree.nodes))
        for node in (service.primary, service.secondary):
            if node not in known:
                return f"Error: unknown host {node}: {self._store.tree.nodes} has {', '.join(known) or 'no nodes'}"
            names = [*(one.name for one in self._store.services().of(node)), service.name]
            if problem := self._store.monitor().room_problem(node, names):
                return f"Error: {problem}"
        return "ERROR: primary and secondary node must differ." if service.primary == service.secondary else ""

    def _remove(self, name: str) -> int:
        service = self._store.services().named(name)
        if service is None:
            print(f"Service {name} not found.\nFailed.")
            return FAILED
        own = self._store.state(name, self._node) if service.peer(self._node) else State.STOPPED
        if own not in (State.STOPPED, State.FROZEN_STOP, State.START_FAILED, State.UNKNOWN):
            is_stoppable = own in (State.STARTED, State.STOP_FAILED)
            way = f"'service -A {name} freeze-stop' first" if is_stoppable else f"'service -A {name} force-stop' when it is down"
            raise ActionRefused(f"service {name} is {own} on this node, and may run: {way}")
        services = self._store.tree.services
        with self._store.changing(services):
            replace(services, without(read_text(services), name).encode("utf-8", "surrogateescape"))
        self._store.forget(service)
        print(f"Remove of service {name} done\nDone.")
        return 0

    # -- acting

    def _act(self, name: str, action: Action) -> int:
        return 0 if Acting(self._store, self._node, name, _say).act(action) else FAILED

    def _act_on_all(self, action: Action) -> int:
        codes: list[int] = []

        def one(name: str) -> None:
            try:
                codes.append(self._act(name, action))
            except OpensvcError as error:
                complain(str(error))
                codes.append(FAILED)

        threads = [threading.Thread(target=one, args=(service.name,)) for service in self._store.services().of(self._node)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return max(codes, default=0)


def _action(word: str) -> Action:
    try:
        return Action(word.lower())
    except ValueError:
        raise UsageError(f"action {word} not found; actions are {', '.join(action.value for action in Action)}") from None


def _say(text: str) -> None:
    print(text, flush=True)
    log(syslog.LOG_NOTICE, text)
