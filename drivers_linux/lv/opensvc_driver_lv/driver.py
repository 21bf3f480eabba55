"""The driver disk.lv."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opensvc_linux import lvm, lvm_config
from opensvc_linux.devices import mapper_name
from opensvc_linux.lvm import Group, Volume
from opensvc_linux.lvm_use import cut_off, mounted, opened
from opensvc_linux.mapper import partitions_of, volumes_of
from opensvc_linux.partitions import map_partitions, named_on, unmap_partitions

from opensvc_core.api import (
    ActionFailed,
    Already,
    Command,
    DataAtStake,
    ExposesDevices,
    Keyword,
    Observation,
    Operations,
    Provisionable,
    Resource,
    Startable,
    Status,
    UsesDevices,
    shell_words,
)
from opensvc_driver_lv.sizes import has_size, size_options, volume_size

_LIMIT = 120.0


class LogicalVolume(Resource, Startable, Provisionable, ExposesDevices, UsesDevices, DataAtStake):
    """A logical volume of LVM that is active while the service is up."""

    id = "disk.lv"
    older_sections = ("lv",)
    settle_seconds = 2.0

    name = Keyword(lvm.name_of_lvm, required=True, scopable=True, text="Name of the volume.", example="app")
    vg = Keyword(
        lvm.name_of_lvm,
        required=True,
        scopable=True,
        stands_on=True,
        text="Name of its volume group: `{disk#0.name}` where that is a resource.",
        example="vgdata",
    )
    size = Keyword(
        volume_size,
        default="",
        scopable=True,
        provisioning=True,
        text="Its size, where 'provision' has to make it: with a unit, or a share of what is free (`80%FREE`) or of the group (`100%VG`).",
        example="10m",
    )
    create_options = Keyword(
        shell_words,
        default=[],
        scopable=True,
        provisioning=True,
        text="Further options of lvcreate, for 'provision'.",
        example="--type raid1",
    )
    _is_made = False

    @classmethod
    def host_problem(cls) -> str:
        """It needs LVM and a kernel with device-mapper."""
        return lvm.host_problem()

    @property
    def path(self) -> str:
        """Its device, by the name that is known also while it is not active."""
        return f"/dev/{self.full_name}"

    @property
    def full_name(self) -> str:
        """Group and name."""
        return f"{self.vg}/{self.name}"

    def label(self) -> str:
        """Its group and name, and what it is."""
        return f"lv {self.full_name}"

    def classic_label(self) -> str:
        """Its group and name alone."""
        return self.full_name

    def occupies(self) -> str:
        """Its device."""
        return self.path

    def exposed_devices(self) -> Sequence[str]:
        """Its device, active or not, then the partitions on it that the service names."""
        return [self.path, *self._partitions()]

    def sub_devices(self) -> Sequence[str]:
        """The devices that it stands on; none while LVM can't tell."""
        try:
            volume = self._volume(self._group())
        except ActionFailed:
            return []
        return list(volume.devices) if volume else []

    def is_provisioned(self) -> bool:
        """There is a volume of this name in the group."""
        return self._volume(self._group()) is not None

    # -- what is to be seen

    def status(self) -> Status | Observation:
        """Up while it is active."""
        volume = self._volume(self._group())
        if volume is None:
            return Status.WARN.because(self._absent()) if self._is_left() else Status.DOWN.because(self._absent(), level="info")
        wrong = [*_wrong(volume), *cut_off([volume])]
        if volume.is_active:
            return Status.WARN.because(*wrong) if wrong else Status.UP
        return Status.DOWN.because(*wrong) if wrong else Status.DOWN

    # -- start

    def start(self) -> Operations:
        """Activate it, and map the partitions that the service names; never where another node of the service has the group."""
        unmapped = [name for name in self._partitions() if not self.is_there(name)]
        if self._is_planned_up() and not unmapped:
            yield Already(f"{self.label()} is already up", f"{self.classic_label()} is already up")
            return
        group = self._there()
        volume = self._volume(group)
        if volume is None:
            raise ActionFailed(f"{self.rid}: {self._absent()}")
        self._refuse(group, volume)
        is_active = volume.is_active and self.assumed is not Status.DOWN and volume.path not in self.context.planned_gone
        if is_active and not unmapped:
            yield Already(f"{self.label()} is already up", f"{self.classic_label()} is already up")
            return
        if not is_active and not self._is_planned_up():
            yield self._activation(volume)
            self._refuse_inactive()
        if unmapped:
            yield from map_partitions(self.context, self.path, unmapped)

    def _activation(self, volume: Volume) -> Command:
        return Command(
            ["lvchange", "-a", "y", *(["-K"] if volume.is_skipped else []), self.full_name],
            undo=Command(["lvchange", "-a", "n", self.full_name], timeout=_LIMIT),
            undo_on_failure=True,
            timeout=_LIMIT,
        )

    # -- stop

    def stop(self) -> Operations:
        """Deactivate it, with the partitions that are mapped on it; never while somebody uses it."""
        volume = self._volume(self._group())
        if volume is None and self._is_left():
            raise ActionFailed(f"{self.rid}: {self._absent()}")
        if volume is None or not volume.is_active or self.assumed is Status.DOWN or self.path in self.context.planned_gone:
            yield Already(f"{self.label()} is already down", f"{self.classic_label()} is already down")
            return
        if not self._is_rehearsed:
            self._refuse_use(mounted([volume]))
        if partitions_of(self.path):
            yield from unmap_partitions(self.path)
        if not self._is_rehearsed:
            self._refuse_use(opened(self.context, self._volumes))
        yield Command(["lvchange", "-a", "n", self.full_name], timeout=_LIMIT)

    # -- provision

    def provision(self) -> Operations:
        """Make it of what is free in the group. What earlier volumes have left there is wiped: nobody has it any more."""
        group = self._there()
        if self._volume(group) is not None:
            yield Already(f"{self.label()} is there already", f"{self.classic_label()} is there already")
            return
        if not has_size(self.size, self.create_options):
            raise ActionFailed(f"{self.rid}.size: no size is given to make {self.full_name} of; 10m or 80%FREE, for instance")
        self._refuse_holder(group)
        options = [*self.create_options, *size_options(self.size, self.create_options)]
        undo = Command(["lvremove", "--yes", self.full_name], timeout=_LIMIT)
        yield Command(["lvcreate", "--yes", *options, "-n", self.name, self.vg], undo=undo, timeout=_LIMIT)
        self._is_made = True

    def unprovision(self) -> Operations:
        """Remove it, and all that it holds."""
        group = self._group()
        volume = self._volume(group)
        if group is None or volume is None:
            yield Already(f"{self.label()} is not there", f"{self.classic_label()} is not there")
            return
        self._refuse_holder(group)
        if volume.is_active and self.assumed is not Status.DOWN:
            raise ActionFailed(f"{self.rid}: {self.path} is active; what is in use is not removed")
        yield Command(["lvremove", "--yes", self.full_name], timeout=_LIMIT)

    # -- the volume

    def _group(self) -> Group | None:
        return lvm.find(lvm.look(self.context), self.vg)

    def _volume(self, group: Group | None) -> Volume | None:
        """The volume; in a plan, also one that a step before will have made."""
        if self._is_made and self._is_rehearsed:
            return Volume(self.name, self.path, "active")
        return group.volume(self.name) if group else None

    def _there(self) -> Group:
        """The group. Raises ActionFailed where there is none, and no step before will have made it."""
        group = self._group()
        if group is None and f"/dev/{self.vg}" not in self.context.planned_paths:
            raise ActionFailed(f"{self.rid}: {self._absent()}")
        return group or Group(self.vg)

    def _is_planned_up(self) -> bool:
        return self.assumed is Status.UP or self.path in self.context.planned_paths

    @property
    def _is_rehearsed(self) -> bool:
        return isinstance(self.context.planned_paths, set)

    def _is_left(self) -> bool:
        """The kernel has it, active; asked where LVM does not find it."""
        return mapper_name(self.path) in volumes_of(self.vg)

    def _absent(self) -> str:
        if self._is_left():
            return f"the devices of {self.vg} are gone, while {self.path} is active; bring them back"
        group = self._group()
        if group:
            return f"the volume group {self.vg} has no volume {self.name}"
        hidden = lvm_config.hides_devices(self.context.system)
        return f"no volume group {self.vg} is to be seen on this host" + (f"; {hidden}" if hidden else "")

    def _partitions(self) -> list[str]:
        """The partitions on it that the service names. LVM is only asked where some could be."""
        own = Volume(self.name, self.path)
        found = named_on(own, [own], self.named)
        try:
            group = self._group() if found else None
        except ActionFailed:
            return found
        return named_on(own, group.volumes, self.named) if group else found

    # -- refusals

    def _refuse(self, group: Group, volume: Volume) -> None:
        """Raise ActionFailed where it may not be activated."""
        self._refuse_holder(group)
        if problem := next(_wrong(volume), ""):
            raise ActionFailed(f"{self.rid}: {problem}")
        if group.is_exported:
            raise ActionFailed(f"{self.rid}: {self.vg} is exported; import it (vgimport {self.vg})")

    def _refuse_holder(self, group: Group) -> None:
        """Raise ActionFailed where the group carries the tag of another node of the service."""
        others = {node.lower() for node in self.context.service.nodes} - {self.context.node.lower(), *self.context.confirmed_down}
        held = [tag for tag in group.tags if tag.lower() in others]
        if held:
            raise ActionFailed(
                f"{self.rid}: {self.vg} is held by {held[0]}, whose tag it carries; stop it there, or if {held[0]} is dead:"
                f" --confirm-down {held[0]}"
            )

    def _refuse_inactive(self) -> None:
        """Raise ActionFailed where LVM said that it is done, and it is not."""
        group = None if self._is_rehearsed else self._group()
        volume = self._volume(group)
        if group and volume and not volume.is_active:
            why = lvm_config.keeps_inactive(self.context.system, group, self.name)
            raise ActionFailed(f"{self.rid}: {self.full_name} is not active after 'lvchange -a y'" + (f": {why}" if why else ""))

    def _refuse_use(self, problem: str) -> None:
        if problem:
            raise ActionFailed(f"{self.rid}: {problem}, and stays active")

    def _volumes(self) -> list[Volume]:
        volume = self._volume(self._group())
        return [volume] if volume else []


def _wrong(volume: Volume) -> Iterator[str]:
    """What is wrong with a volume in itself."""
    if volume.health:
        yield f"LVM says of it: {volume.health}" + (" (a physical volume is missing)" if volume.health == "partial" else "")
    if volume.is_suspended:
        yield f"it is suspended: a command of LVM was interrupted (dmsetup resume {mapper_name(volume.path)})"
    if volume.active == "unknown":
        yield lvm.UNKNOWN
