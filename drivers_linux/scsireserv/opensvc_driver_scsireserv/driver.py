"""The driver disk.scsireserv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    CommandResult,
    Companion,
    Conflict,
    DataAtStake,
    Exclusive,
    Informative,
    Keyword,
    Observation,
    Operations,
    Preflight,
    Resource,
    Startable,
    Status,
    UsesDevices,
    boolean,
    reservation_key,
)
from opensvc_driver_scsireserv import findings, persist
from opensvc_driver_scsireserv.disks import Disk, disks_below
from opensvc_driver_scsireserv.findings import Look
from opensvc_driver_scsireserv.keys import Keys, derived
from opensvc_driver_scsireserv.persist import TYPE, State


class Reservation(Resource, Companion, Startable, Preflight, DataAtStake, Exclusive, Informative):
    """The disks of another resource, reserved while the service is up: only this node can write on them."""

    id = "disk.scsireserv"
    older_sections = ("disk-scsireserv",)

    prkey = Keyword(
        reservation_key,
        scopable=True,
        text="The key of this node; default: the one in node.conf, else one made of its name.",
        example="0x2f00000000000001",
    )
    no_preempt_abort = Keyword(
        boolean, default=False, scopable=True, text="Take a reservation over without ending the commands that the other node has under way."
    )

    @classmethod
    def host_problem(cls) -> str:
        """It needs sg_persist."""
        from shutil import which  # noqa: PLC0415 - 3 ms that no status needs

        return "" if which("sg_persist") else "sg_persist is missing (apt-get install sg3-utils, dnf install sg3_utils)"

    def label(self) -> str:
        """Whose disks."""
        return f"scsireserv of {self.leader.rid if self.leader else 'no resource'}"

    def is_provisioned(self) -> bool:
        """There is nothing to make beforehand."""
        return True

    # -- what is to be seen

    def status(self) -> Status | Observation:
        """Up while this node holds all disks."""
        looks = self._looks()
        if not looks:
            return Status.DOWN.because(self._none(), level="info")
        return findings.together([findings.seen(look, self._keys) for look in looks])

    def holder(self) -> str:
        """The node that holds a disk of it, another before this one; a key that is of no known node as it is."""
        held = [look.state.holder for look in self._looks() if look.state.type]
        key = next((key for key in held if key != self._keys.own), next(iter(held), 0))
        return (self._keys.node_of(key) or f"{key:#x}") if held else ""

    def info(self) -> Mapping[str, str]:
        """This node's key, and who holds each disk."""
        looks = {look.disk.path: look.state for look in self._looks()}
        told = {path: state.problem or (self._keys.who(state.holder) if state.type else "") for path, state in looks.items()}
        return {"key": f"{self._keys.own:#x}", **told}

    # -- start

    def preflight(self) -> Operations:
        """Refuse a disk that another node holds, or could write on."""
        for look in self._looks():
            if problem := self._held(look):
                raise Conflict(problem)
        yield from ()

    def start(self) -> Operations:
        """Register this node with every disk, then reserve each. What a dead node has left is taken away."""
        looks = self._looks()
        if not looks:
            yield from self._later()
            return
        self._refuse(looks)
        if all(look.is_up(self._keys) and not look.foreign(self._keys) for look in looks):
            yield Already(f"{self.label()} is already up")
            return
        yield from self._register(looks)
        for look in looks:
            yield from self._reserve(look)
        if not self._is_current():
            yield self._note_boot()

    def take_over(self, node: str) -> Operations:
        """Take the disks from a node that is known to be dead."""
        looks = [look for look in self._looks() if derived(node) in look.state.keys]
        yield from self._register(looks)
        for look in looks:
            yield from self._preempt(look.disk, derived(node))
        if looks and not self._is_current():
            yield self._note_boot()

    def _register(self, looks: Sequence[Look]) -> Operations:
        for look in looks:
            if not look.is_registered(self._keys):
                yield persist.register(look.disk, self._keys.own)

    def _reserve(self, look: Look) -> Operations:
        own, disk = self._keys.own, look.disk
        foreign = look.foreign(self._keys)
        if not look.state.type or (look.is_held(self._keys) and not look.is_registered(self._keys)):
            done: CommandResult = yield persist.reserve(disk, own)
            if done.code in persist.CONFLICT:
                yield from self._again(disk)
        for key in foreign:
            yield from self._preempt(disk, key)

    def _again(self, disk: Disk) -> Operations:
        """What another way of this node to the disk holds, from before it booted, is taken over; what another node holds refuses."""
        look = Look(disk, persist.look(self.context.system, disk))
        if not look.is_held(self._keys):
            who = self._keys.who(look.state.holder)
            raise ActionFailed(f"{self.rid}: {disk} was reserved by {who} in the same moment; nothing was taken from it")
        yield persist.preempt(disk, self._keys.own, self._keys.own, aborts=False)
        if disk.is_multipath:  # the other paths have lost their registrations by that
            yield persist.register(disk, self._keys.own)

    def _preempt(self, disk: Disk, key: int) -> Operations:
        reason = "is taken by force" if self._keys.node_of(key).lower() not in self.context.confirmed_down else "is confirmed to be down"
        self.context.log.warning(f"{self._keys.who(key)} {reason}: what it has on {disk} is taken away")
        yield persist.preempt(disk, self._keys.own, key, aborts=not self.no_preempt_abort)

    # -- stop

    def stop(self) -> Operations:
        """Release the disks, but for those that another resource of the service, still up, has reserved as well."""
        kept = self._kept()
        looks = [look for look in self._looks() if look.disk not in kept]
        if silent := next((look.state.problem for look in looks if look.state.problem and not look.state.is_unable), ""):
            raise ActionFailed(f"{self.rid}: {silent}; whether this node has it reserved is not known")
        ours = [look for look in looks if self._keys.own in look.state.keys]
        for look in ours:
            yield from self._release(look)
        if not ours:
            yield Already(f"{self.label()} is already down" if not kept else f"{', '.join(map(str, kept))} stays reserved: it is in use")

    def _release(self, look: Look) -> Operations:
        own, disk = self._keys.own, look.disk
        if not look.is_current:
            yield from self._gather(disk)
        if look.is_held(self._keys):
            yield persist.release(disk, own)
            if not self._is_rehearsed and Look(disk, persist.look(self.context.system, disk)).is_held(self._keys):
                # a way to the disk that is gone, by a new login, holds it
                yield from self._gather(disk)
                yield persist.release(disk, own)
        yield persist.unregister(disk)

    def _gather(self, disk: Disk) -> Operations:
        """Bring what any way of this node has on a disk to the ways that there are now."""
        yield persist.register(disk, self._keys.own)
        yield persist.preempt(disk, self._keys.own, self._keys.own, aborts=False)

    def _kept(self) -> list[Disk]:
        """The disks that a fellow guards, whose leader is up."""
        if self.context.action == "unprovision":
            return []
        others = [one for one in self.fellows if one.leader is not None and one.leader.seen() not in (Status.DOWN, Status.NA)]
        return [disk for one in others for disk in one.disks()]

    # -- the disks

    def disks(self) -> list[Disk]:
        """The disks below the leader. Raises ActionFailed for a leader that stands on none by its nature."""
        if not isinstance(self.leader, UsesDevices):
            who = self.leader.rid if self.leader else self.rid
            raise ActionFailed(f"{self.rid}: {who} tells of no devices that could be reserved; take scsireserv out of its section")
        return disks_below(self.leader.sub_devices())

    def _looks(self) -> list[Look]:
        """What the disks tell; in a plan, as the steps before will have left it."""
        if self.assumed is not None:
            state = State((self._keys.own,), self._keys.own, TYPE) if self.assumed is Status.UP else State()
            return [Look(disk, state) for disk in self.disks()]
        is_current = self._is_current()
        return [Look(disk, persist.look(self.context.system, disk), is_current) for disk in self.disks()]

    @property
    def _keys(self) -> Keys:
        service = self.context.service
        others = (*service.nodes, *service.drpnodes, *service.cluster_nodes)
        return Keys.of(self.context.node, others, self.prkey or service.prkey)

    @property
    def _is_rehearsed(self) -> bool:
        return isinstance(self.context.planned_paths, set)

    def _later(self) -> Operations:
        """In a plan, devices that its steps will make; else there is nothing to start."""
        if not self._is_rehearsed:
            raise ActionFailed(f"{self.rid}: {self._none()}")
        text = f"sg_persist --out --reserve (the devices of {self.leader.rid if self.leader else self.rid})"
        yield Command(["sg_persist"], text=text, condition="the devices are there; each is registered before")

    # -- the boot

    def _is_current(self) -> bool:
        """Whether this node has reserved them since it booted. A registration outlives the node, and says nothing of what is up here."""
        try:
            return self._boot_file.read_text(encoding="ascii") == self.context.system.boot_id()
        except OSError:
            return False

    def _note_boot(self) -> Call:
        return Call(f"note in {self._boot_file} that this boot has reserved", self._write_boot, is_quiet=True)

    def _write_boot(self) -> None:
        self._boot_file.parent.mkdir(parents=True, exist_ok=True)
        self._boot_file.write_text(self.context.system.boot_id(), encoding="ascii")

    @property
    def _boot_file(self) -> Path:
        return self.context.var_dir / "boot"

    # -- refusals

    def _held(self, look: Look) -> str:
        return findings.held(look, self._keys, self.context.confirmed_down, is_forced=self.context.is_forced)

    def _refuse(self, looks: Sequence[Look]) -> None:
        """Raise ActionFailed where the disks can't be reserved, before any of them is touched."""
        for look in looks:
            wrong = look.is_held(self._keys) and look.is_current and not look.is_up(self._keys)
            if problem := look.state.problem or self._held(look) or (findings.wrong_type(look) if wrong else ""):
                way_out = "; take scsireserv out, or reserve what lies below" if look.state.is_unable else ""
                raise ActionFailed(f"{self.rid}: {problem}{way_out}")

    def _none(self) -> str:
        return f"{self.leader.rid if self.leader else self.rid} tells of no devices that are there now"
