"""How the conformance suite tries disk.lv: with a volume and its group, which are made and removed with the service."""

from __future__ import annotations

from opensvc_linux.testing import GroupPromises

from opensvc_core.testing.installed import NotThere, driver_point


class Promises(GroupPromises):
    """A volume, and its group as a resource below."""

    def lacks(self) -> str:
        """The driver of groups beside the rest."""
        try:
            driver_point("disk.vg")
        except NotThere as error:
            return str(error)
        return super().lacks()

    def service(self, group: str, device: str) -> tuple[str, str]:
        """Both, with what makes them."""
        below = f"[disk#0]\ntype = vg\nname = {group}\npvs = {device}\noptions = --setautoactivation n\n"
        return f"{below}[disk#1]\ntype = lv\nvg = {{disk#0.name}}\nname = app\nsize = 8m\n", "disk#1"
