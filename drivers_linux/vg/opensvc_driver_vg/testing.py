"""How the conformance suite tries disk.vg: with groups on loop devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final

from opensvc_linux.testing import GroupPromises

_NOT_ALL: Final = "a group with volumes of others is not removed: `MadePromises` have one that the service makes"


class Promises(GroupPromises):
    """A group that somebody has made, with volumes that are no resources."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            **GroupPromises.does_not_apply,
            "test_second_provision_and_unprovision_change_nothing": _NOT_ALL,
            "test_missing_program_of_a_provision_is_told": _NOT_ALL,
            "test_missing_rights_of_a_provision_are_told": _NOT_ALL,
            "test_two_made_at_once_are_as_if_alone": _NOT_ALL,
            "test_provision_killed_anywhere_is_completed_by_the_next": _NOT_ALL,
            "test_plan_is_what_is_done": _NOT_ALL,
            "test_nothing_is_left_behind": _NOT_ALL,
        }
    )
    volumes = ("app", "web")

    def service(self, group: str, _device: str) -> tuple[str, str]:
        """The group alone."""
        return f"[disk#0]\ntype = vg\nname = {group}\n", "disk#0"


class MadePromises(GroupPromises):
    """A group that the service makes: what the other suite can't try."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            **GroupPromises.does_not_apply,
            "test_removed_behind_its_back_is_seen_and_started_again": "of a group without volumes nothing is active",
        }
    )
    volumes: ClassVar[Sequence[str]] = ()

    def service(self, group: str, device: str) -> tuple[str, str]:
        """The group alone, with what makes it."""
        return f"[disk#0]\ntype = vg\nname = {group}\npvs = {device}\noptions = --setautoactivation n\n", "disk#0"
