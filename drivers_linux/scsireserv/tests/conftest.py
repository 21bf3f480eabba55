"""A disk for the tests: a model of persistent reservations as SPC-4 describes them, and nodes that reach it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from opensvc_driver_scsireserv.driver import Reservation
from opensvc_linux.testing import Ground, ground_in

from opensvc_core.api import ActionFailed, Already, Call, CommandResult, Resource, Status, UsesDevices
from opensvc_core.testing.fakes import FakeSystem, context_for

OK, CONFLICT = CommandResult(0), CommandResult(24, stderr="Reservation conflict")


class Lun:
    """A logical unit: who is registered (a nexus: a node on a way to the disk), with what key, and which nexus holds it."""

    def __init__(self):
        self.keys, self.holder, self.type = {}, None, ""

    def read(self, what):
        if what == "--read-keys":
            return self._read_keys()
        if self.holder is None:
            return "  PR generation=0x1, there is NO reservation held\n"
        key = self.keys[self.holder]
        return f"  PR generation=0x1, Reservation follows:\n    Key={key:#x}\n    scope: LU_SCOPE,  type: {self.type}\n"

    def _read_keys(self):
        if not self.keys:
            return "  PR generation=0x1, there are NO registered reservation keys\n"
        lines = [
            f"  PR generation=0x1, {len(self.keys)} registered reservation keys follow:",
            *(f"    {key:#x}" for key in self.keys.values()),
        ]
        return "\n".join(lines) + "\n"

    def change(self, nexus, action, own, other):
        """One service action of a nexus; its result."""
        if action == "--register-ignore":
            return self._register(nexus, other)
        if self.keys.get(nexus) != own:
            return CONFLICT
        if action == "--reserve":
            if self.holder not in (None, nexus):
                return CONFLICT
            self._hold(nexus)
        elif action == "--release" and self.holder == nexus:
            self.holder = None
        elif action.startswith("--preempt"):
            self._preempt(nexus, other)
        return OK

    def _register(self, nexus, key):
        if key:
            self.keys[nexus] = key
        else:
            self.keys.pop(nexus, None)
            self.holder = None if self.holder == nexus else self.holder
        return OK

    def _preempt(self, nexus, key):
        takes = self.holder is not None and self.keys[self.holder] == key
        for one in [one for one, known in self.keys.items() if known == key and (one != nexus or not takes)]:
            del self.keys[one]
        if takes:
            self._hold(nexus)

    def _hold(self, nexus):
        self.holder, self.type = nexus, "Write Exclusive, registrants only"


class Initiator(FakeSystem):
    """A node's host: `luns` by path; `login` numbers its ways to them."""

    def __init__(self, name, luns):
        super().__init__()
        self.name, self.luns, self.login, self.done = name, luns, 1, []

    def query(self, argv, *, timeout=10.0, setting=None):
        if argv[-1] in self.answers:
            return self.answers[argv[-1]]
        return CommandResult(0, self.luns[argv[-1]].read(argv[-2]))

    def execute(self, command):
        """Carry out a command that the driver yields."""
        words = dict(word.partition("=")[::2] for word in command.argv[1:-1])
        action = next(word for word in command.argv if word in words and word not in ("--out", "--no-inquiry") and "=" not in word)
        own, other = (int(words.get(name, "0"), 16) for name in ("--param-rk", "--param-sark"))
        found = self.luns[command.argv[-1]].change((self.name, self.login), action, own, other)
        self.done.append(f"{self.name} {action.lstrip('-')}")
        if found.code not in command.succeeds:
            raise ActionFailed(f"{command}: exit code {found.code}")
        return found


class Group(Resource, UsesDevices):
    """In the place of the resource whose disks are reserved."""

    id = "disk.group"
    devices = ()
    is_up = False

    def status(self):
        return Status.UP if self.is_up else Status.DOWN

    def sub_devices(self):
        return self.devices


class Nodes:
    """Two nodes, n1 and n2, and disks that both reach."""

    def __init__(self, ground: Ground, folder: Path):
        self.folder, self.ground, self.luns = folder, ground, {}
        self.hosts = {name: Initiator(name, self.luns) for name in ("n1", "n2")}
        self.add_disk()

    def add_disk(self) -> str:
        path = self.ground.disk(f"disk{len(self.luns)}")
        self.luns[path] = Lun()
        return path

    @property
    def lun(self):
        return next(iter(self.luns.values()))

    def resource(self, node="n1", values=None, rid="disk#1", devices=None, **context) -> Reservation:
        """The reservation as a node sees it."""
        found = context_for(f"{rid}pr", self.folder / node, system=self.hosts[node], node=node, **context)
        found = found._replace(service=found.service._replace(nodes=("n1", "n2")))
        made = Reservation(found, values or {})
        made.leader = Group(found._replace(rid=rid), {})
        made.leader.devices = list(self.luns) if devices is None else devices
        return made

    def perform(self, verb, node="n1", *, until=None, resource=None, **context):
        """Carry out a start or a stop, or its first operations; what was done."""
        resource = resource or self.resource(node, **context)
        operations, outcome, failure, texts = getattr(resource, verb)(), None, None, []
        while until is None or len(texts) < until:
            try:
                operation = operations.send(outcome) if failure is None else operations.throw(failure)
            except StopIteration:
                break
            outcome, failure = None, None
            texts.append(str(operation))
            try:
                outcome = self.hosts[node].execute(operation) if not isinstance(operation, Call | Already) else _do(operation)
            except ActionFailed as error:
                failure = error
        return texts

    def reboot(self, node):
        """The node has crashed and is back: another boot, and a new way to the disks, which remember the old one."""
        self.hosts[node].boot = f"boot after {self.hosts[node].boot}"
        self.hosts[node].login += 1


def _do(operation):
    return operation.do() if isinstance(operation, Call) else None


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    """Two nodes and a disk."""
    for ground in ground_in(tmp_path):
        yield Nodes(ground, tmp_path)
