"""The driver disk.vg."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_linux import lvm, lvm_config
from opensvc_linux.lvm import Group
from opensvc_linux.lvm_use import cut_off, mounted, opened
from opensvc_linux.mapper import partitions_of, volumes_of
from opensvc_linux.partitions import map_partitions, named_on, unmap_partitions

from opensvc_core.api import (
    ActionFailed,
    Already,
    Command,
    Conflict,
    DataAtStake,
    Exclusive,
    ExposesDevices,
    Keyword,
    Observation,
    Operations,
    Preflight,
    Provisionable,
    Resource,
    Startable,
    Status,
    UsesDevices,
    shell_words,
    words,
)
from opensvc_driver_vg import findings
from opensvc_driver_vg.making import unfit, without_signature
from opensvc_driver_vg.owner import Owner, owner_of

_LIMIT = 120.0


class VolumeGroup(Resource, Startable, Preflight, Provisionable, ExposesDevices, UsesDevices, DataAtStake, Exclusive):
    """A volume group of LVM: its volumes are active while the service is up, on the node that its tag names."""

    id = "disk.vg"
    older_sections = ("vg",)
    settle_seconds = 2.0

    name = Keyword(
        lvm.name_of_lvm,
        required=True,
        scopable=True,
        claims="device",
        aliases=("vgname",),
        text="Name of the volume group.",
        example="vgdata",
    )
    kept_tags = Keyword(
        words,
        default=[],
        scopable=True,
        text="Tags of the group that name no node: they say nothing of who uses it, and stay. A start refuses any other but this node's.",
        example="backup prod",
    )
    pvs = Keyword(
        words,
        default=[],
        scopable=True,
        provisioning=True,
        text="The devices that 'provision' makes the group of; nothing may be on them.",
        example="/dev/disk/by-id/scsi-0data1 /dev/disk/by-id/scsi-0data2",
    )
    options = Keyword(
        shell_words, default=[], scopable=True, provisioning=True, text="Further options of vgcreate, for 'provision'.", example="-s 8m"
    )
    _is_made = False

    @classmethod
    def host_problem(cls) -> str:
        """It needs LVM and a kernel with device-mapper."""
        return lvm.host_problem()

    def label(self) -> str:
        """Its name, and what it is."""
        return f"vg {self.name}"

    def classic_label(self) -> str:
        """Its name alone."""
        return self.name

    def occupies(self) -> str:
        """The folder of its volumes: what names one of them needs the group."""
        return f"/dev/{self.name}"

    def exposed_devices(self) -> Sequence[str]:
        """Its volumes, active or not, then the partitions on them that the service names; none while LVM can't tell."""
        group = self._quietly()
        paths = [volume.path for volume in group.volumes if volume.path]
        return [*paths, *(name for names in self._partitions(group).values() for name in names)]

    def sub_devices(self) -> Sequence[str]:
        """Its physical volumes; none while LVM can't tell."""
        return list(self._quietly().devices)

    def is_provisioned(self) -> bool:
        """There is a group of this name."""
        return self._look() is not None

    # -- what is to be seen

    def status(self) -> Status | Observation:
        """Up while its volumes are active, whatever its tags; an empty group is up while it carries this node's tag."""
        group = self._look()
        if group is None:
            is_left = bool(volumes_of(self.name))
            return Status.WARN.because(self._absent()) if is_left else Status.DOWN.because(self._absent(), level="info")
        owner = self._owner(group)
        wrong = [*findings.wrong(group), *findings.doubled(group, owner)]
        hints = lvm_config.against_tags(self.context.system, group) if group.system_id or group.lock_type else []
        if not owner.own and not findings.active(group):
            return Status.DOWN.because(*wrong, *hints)
        wrong += [*findings.halves(group), *cut_off(group.volumes)]
        return (Status.WARN if wrong else Status.UP).because(*wrong, *hints)

    def holder(self) -> str:
        """The node whose tag it carries; another's before this node's."""
        owner = self._owner(self._quietly())
        return next(iter((*owner.others, *owner.own)), "")

    # -- start

    def preflight(self) -> Operations:
        """Refuse a group that another node has."""
        group = self._quietly()
        if problem := self._held(group, self._owner(group)):
            raise Conflict(problem)
        yield from ()

    def start(self) -> Operations:
        """Tag it, activate its volumes, map the partitions that the service names. What dead nodes have left is removed."""
        group = self._there()
        owner = self._owner(group)
        self._refuse(group, owner)
        unmapped = self._unmapped(group)
        if not owner.others and not findings.inactive(group) and not unmapped and (owner.own or findings.wanted(group)):
            yield Already(f"{self.label()} is already up", f"{self.classic_label()} is already up")
            return
        for node in owner.others:
            yield from self.take_over(node)
        if not owner.own:
            yield self._tag("--addtag", self.context.node, undo=self._tag("--deltag", self.context.node))
            self._refuse_race(group)
        if findings.inactive(group):
            yield self._activation(group)
            self._refuse_inactive()
        for path, names in unmapped.items():
            yield from map_partitions(self.context, path, names)

    def take_over(self, node: str) -> Operations:
        """Remove the tag of a node that is known to be dead."""
        self.context.log.warning(f"{node} is confirmed to be down: its tag is removed from {self.name}")
        yield self._tag("--deltag", node, undo=self._tag("--addtag", node))

    # -- stop

    def stop(self) -> Operations:
        """Deactivate it; the tag goes last, because a group that stays active must keep its owner's mark."""
        group = self._here()
        own = self._owner(group).own if group else ()
        active = [volume for volume in findings.active(group) if volume.path not in self.context.planned_gone] if group else []
        if group is None and volumes_of(self.name):
            raise ActionFailed(f"{self.rid}: {self._absent()}")
        if not active and not own:
            yield Already(f"{self.label()} is already down", f"{self.classic_label()} is already down")
            return
        if not self._is_rehearsed:
            self._refuse_use(mounted(active))
        for volume in active:
            if volume.path and partitions_of(volume.path):
                yield from unmap_partitions(volume.path)
        if active:
            if not self._is_rehearsed:
                self._refuse_use(opened(self.context, lambda: self._there().volumes))
            yield Command(["vgchange", "-a", "n", self.name], timeout=_LIMIT)
        if own and group and group.missing:
            raise ActionFailed(f"{self.rid}: {findings.missing(group)}: LVM does not change it, and the tag @{own[0]} stays")
        for tag in own:
            yield self._tag("--deltag", tag)

    # -- provision

    def provision(self) -> Operations:
        """Make it of devices that nothing is on."""
        if self._look() is not None:
            yield Already(f"{self.label()} is there already", f"{self.classic_label()} is there already")
            return
        if not self.pvs:
            raise ActionFailed(f"{self.rid}.pvs: no devices are named to make {self.name} of; or make it by hand")
        bare = without_signature(self.context, self.rid, self.pvs)
        if bare:
            yield Command(["pvcreate", *bare], undo=Command(["pvremove", *bare]), undo_on_failure=True, timeout=_LIMIT)
        yield Command(["vgcreate", *self.options, self.name, *self.pvs], undo=Command(["vgremove", self.name]), timeout=_LIMIT)
        self._is_made = True

    def unprovision(self) -> Operations:
        """Remove it, and the marks on the devices in `pvs`; never while it has volumes, or another node has it."""
        group = self._here()
        if group is None:
            yield Already(f"{self.label()} is not there", f"{self.classic_label()} is not there")
            return
        owner = self._owner(group)
        if problem := unfit(group, owner, is_planned=self._is_rehearsed):
            raise ActionFailed(f"{self.rid}: {problem}; nothing is removed")
        condition = "its volumes are removed" if group.volumes else ""
        yield Command(["vgremove", self.name], timeout=_LIMIT, condition=condition)
        if marked := [device for device in self.pvs if lvm.is_one_of(device, group.devices)]:
            yield Command(["pvremove", *marked], timeout=_LIMIT, condition=condition)

    # -- the group

    def _look(self) -> Group | None:
        return lvm.find(lvm.look(self.context), self.name)

    def _quietly(self) -> Group:
        """The group, or an empty one where LVM can't tell."""
        try:
            return self._here() or Group(self.name)
        except ActionFailed:
            return Group(self.name)

    def _here(self) -> Group | None:
        """The group; in a plan, as the steps before will have left it."""
        try:
            group = self._look()
        except ActionFailed as error:
            raise ActionFailed(f"{self.rid}: {error}") from error
        if self.assumed is None or group is None:
            return group
        is_up = self.assumed is Status.UP
        own = self._owner(group).own
        return group._replace(
            tags=tuple(tag for tag in group.tags if tag not in own) + ((self.context.node,) if is_up else ()),
            volumes=tuple(volume._replace(active="active" if is_up and not volume.is_skipped else "") for volume in group.volumes),
        )

    def _there(self) -> Group:
        """The group. Raises ActionFailed where there is none, and no step before will have made it."""
        group = self._here()
        if group is None and not (self._is_rehearsed and self._is_made):
            raise ActionFailed(f"{self.rid}: {self._absent()}")
        return group or Group(self.name)

    def _owner(self, group: Group) -> Owner:
        return owner_of(group, self.context.node, self.kept_tags)

    @property
    def _is_rehearsed(self) -> bool:
        return isinstance(self.context.planned_paths, set)

    def _partitions(self, group: Group) -> dict[str, list[str]]:
        """The partitions that the service names, by the path of their volume."""
        found = {volume.path: named_on(volume, group.volumes, self.named) for volume in findings.wanted(group)} if self.named else {}
        return {path: names for path, names in found.items() if names}

    def _unmapped(self, group: Group) -> dict[str, list[str]]:
        return {path: names for path, names in self._partitions(group).items() if not all(map(self.is_there, names))}

    # -- operations

    def _tag(self, option: str, node: str, *, undo: Command | None = None) -> Command:
        return Command(["vgchange", option, f"@{node}", self.name], undo=undo, timeout=_LIMIT)

    def _activation(self, group: Group) -> Command:
        """Activate what is not active; an undo deactivates no other."""
        ours = [f"{self.name}/{volume.name}" for volume in findings.inactive(group)]
        undo = ["lvchange", "-a", "n", *ours] if findings.active(group) else ["vgchange", "-a", "n", self.name]
        return Command(["vgchange", "-a", "y", self.name], undo=Command(undo, timeout=_LIMIT), undo_on_failure=True, timeout=_LIMIT)

    # -- refusals

    def _refuse(self, group: Group, owner: Owner) -> None:
        """Raise ActionFailed where it may not be started."""
        for problem in (self._held(group, owner), *findings.wrong(group)):
            if problem:
                raise ActionFailed(f"{self.rid}: {problem}")
        if group.system_id and not lvm_config.is_ours(self.context.system, group.system_id):
            raise ActionFailed(f"{self.rid}: {lvm_config.against_tags(self.context.system, group)[-1]}")

    def _refuse_race(self, before: Group) -> None:
        """Raise ActionFailed where another node has tagged it in the same moment."""
        if self._is_rehearsed:
            return
        now = self._owner(self._there())
        new = [tag for tag in now.others if tag not in before.tags]
        if new or not now.own:
            who = ", ".join(new) or "another node"
            raise ActionFailed(f"{self.rid}: {self.name} was taken by {who} in the same moment; start it once more")

    def _refuse_inactive(self) -> None:
        """Raise ActionFailed where LVM said that all is done, and nothing is active."""
        group = None if self._is_rehearsed else self._there()
        left = findings.inactive(group) if group else []
        if group and left and left == findings.wanted(group):
            why = lvm_config.keeps_inactive(self.context.system, group, left[0].name)
            raise ActionFailed(f"{self.rid}: no volume of {self.name} is active after 'vgchange -a y'" + (f": {why}" if why else ""))

    def _refuse_use(self, problem: str) -> None:
        if problem:
            raise ActionFailed(f"{self.rid}: {problem}; {self.name} stays active")

    # -- words

    def _held(self, group: Group, owner: Owner) -> str:
        return findings.held(group, owner, self.context.service.nodes, self.context.confirmed_down)

    def _absent(self) -> str:
        if left := volumes_of(self.name):
            return findings.vanished(self.name, left)
        hidden = lvm_config.hides_devices(self.context.system)
        return f"no volume group {self.name} is to be seen on this host" + (f"; {hidden}" if hidden else "")
