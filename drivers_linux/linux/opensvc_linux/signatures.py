"""Signatures: what the first bytes of a device say that it holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from opensvc_core.api import ActionFailed, System


class Signature(NamedTuple):
    """One signature: its type (`ext4`, `LVM2_member`, `gpt`), and label and identity where it has them."""

    type: str
    label: str = ""
    uuid: str = ""

    def __str__(self) -> str:
        return f"{self.type} ({', '.join(filter(None, (self.label, self.uuid)))})" if self.label or self.uuid else self.type


def parse_wipefs(text: str) -> list[Signature]:
    """The signatures in what `wipefs --json` prints; it prints nothing where there are none. Raises ValueError."""
    if not text.strip():
        return []
    found = json.loads(text)["signatures"]
    return [Signature(one["type"] or "?", one.get("label") or "", one.get("uuid") or "") for one in found]


def parse_export(text: str) -> dict[str, str]:
    """What `blkid -p -o export` prints: `LABEL`, `UUID`, `TYPE` and others."""
    pairs = (line.partition("=") for line in text.splitlines())
    # blanks and other characters of a shell stand behind a backslash
    return {name: value.replace("\\", "") for name, mark, value in pairs if mark}


def signatures(system: System, device: str) -> list[Signature]:
    """All signatures on a device, partition tables included. Raises ActionFailed where they can't be read."""
    result = system.query(["wipefs", "--json", device])
    try:
        if result.code == 0:
            return parse_wipefs(result.stdout)
    except (ValueError, KeyError, TypeError) as error:
        raise ActionFailed(f"{device}: wipefs prints what can't be read ({error}); is it of util-linux 2.33 or newer?") from error
    raise ActionFailed(f"{device} can't be looked at: {result.stderr.strip() or f'wipefs: exit code {result.code}'}")


def tags(system: System, device: str) -> dict[str, str]:
    """Label, identity and others of one device; empty where it has none or can't be read."""
    result = system.query(["blkid", "-p", "-o", "export", device])
    return parse_export(result.stdout) if result.code == 0 else {}


def devices_with(system: System, name: str, value: str) -> Sequence[str]:
    """The devices that have a label or an identity, all of them, read anew."""
    result = system.query(["blkid", "-c", "/dev/null", "-o", "device", "-t", f"{name}={value}"], timeout=30)
    return result.stdout.split()
