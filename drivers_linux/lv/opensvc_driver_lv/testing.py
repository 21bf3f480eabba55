"""How the conformance suite tries disk.lv: with a volume of a group on a loop device."""

from __future__ import annotations

from opensvc_linux.testing import GroupPromises


class Promises(GroupPromises):
    """A volume of a group that is there; a group that is a resource below would activate it before."""

    def service(self, group: str, _device: str) -> tuple[str, str]:
        """The volume alone, with what makes it."""
        return f"[disk#1]\ntype = lv\nvg = {group}\nname = app\nsize = 8m\n", "disk#1"
