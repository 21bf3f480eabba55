"""Signatures: what else a disk may be, seen from its first bytes. Pure.

Offsets and marks: libblkid's superblocks and partition tables.
"""

from __future__ import annotations

from typing import Final

# As many bytes as the marks below need.
LOOKED_AT: Final = 1 << 17
_MARKS: Final = (
    (1080, b"\x53\xef", "an ext2, ext3 or ext4 file system"),
    (0, b"XFSB", "an XFS file system"),
    (65600, b"_BHRfS_M", "a btrfs file system"),
    (4086, b"SWAPSPACE2", "swap space"),
    (0, b"LUKS\xba\xbe", "an encrypted volume (LUKS)"),
    *((offset, b"LABELONE", "a physical volume of LVM") for offset in (0, 512, 1024, 1536)),
    (4096, b"\xfc\x4e\x2b\xa9", "a part of an array (md)"),
    (512, b"EFI PART", "a partition table (GPT)"),
    (32769, b"CD001", "a file system of a compact disc"),
    (65536, b"\x01\x16\x19\x70", "a GFS2 file system"),
    (0, b"\x83\x74\x02\x67", "a DRBD device"),
    (510, b"\x55\xaa", "a partition table or a boot sector"),
)


def signature(first: bytes) -> str:
    """What some first bytes say that the disk is, in a few words; empty where nothing is recognised."""
    return next((name for offset, mark, name in _MARKS if first[offset : offset + len(mark)] == mark), "")
