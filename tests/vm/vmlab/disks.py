"""Shared disks: one raw file each, which every guest has on its SCSI bus."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# of a vendor's range; the last digits count the disks of a lab, so that none is taken for an earlier one
WWN: Final = 0x5000C50015EA7000


@dataclass(frozen=True)
class Disk:
    """A file as a disk."""

    name: str
    number: int
    file: Path

    @property
    def path(self) -> str:
        """The device in a guest."""
        return f"/dev/disk/by-id/wwn-0x{WWN + self.number:x}"

    @property
    def back(self) -> dict[str, Any]:
        """The file as QEMU's monitor wants it; without locks several guests have it."""
        file = {"driver": "file", "filename": str(self.file), "locking": "off"}
        return {"driver": "raw", "node-name": f"disk{self.number}", "file": file}

    @property
    def front(self) -> dict[str, Any]:
        """The device on the guest's bus."""
        place = {"driver": "scsi-hd", "id": f"scsi{self.number}", "bus": "shared.0", "scsi-id": 0, "lun": self.number}
        names = {"serial": self.name, "device_id": self.name, "wwn": WWN + self.number}
        return {**place, **names, "drive": f"disk{self.number}", "share-rw": True}
