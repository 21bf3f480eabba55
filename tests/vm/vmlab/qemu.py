"""The command lines that make a machine."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.faults import RINGS, port

QEMU: Final = "qemu-system-x86_64"
VIRTIOFSD: Final = "/usr/lib/qemu/virtiofsd"
KERNEL_LINE: Final = "console=ttyS0 quiet panic=1 mitigations=off net.ifnames=0 rcupdate.rcu_expedited=1 audit=0"
# more would hold a gigabyte of translated code
CACHE: Final = 128
# of ring 0, where the host of the virtual machines is; a port of it is each guest's monitor, for other guests: that plus its index
HOST: Final = "10.98.0.254"
PORT: Final = 4440


@dataclass(frozen=True)
class Hardware:
    """A machine to be built: `agent` and `monitor` are connected sockets."""

    name: str
    index: int
    memory: int
    image: Path
    agent: int
    monitor: int


def files(top: Path) -> list[str]:
    """The server of the files below a folder, without its socket."""
    return [VIRTIOFSD, "-f", "-o", f"source={top}", "-o", "cache=always", "-o", "sandbox=chroot", "-o", "xattr", "-o", "log_level=err"]


def machine(hardware: Hardware) -> list[str]:
    """QEMU with a disk of its own, the host's files, two rings, and a bus for shared disks; processors are translated, not virtual."""
    name, memory = hardware.name, hardware.memory
    argv = [
        *(shutil.which(QEMU) or QEMU, "-name", name, "-machine", "q35,memory-backend=memory", "-accel", f"tcg,tb-size={CACHE}"),
        *("-cpu", "max", "-smp", "1", "-m", str(memory), "-object", f"memory-backend-memfd,id=memory,size={memory}M,share=on"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-serial", f"file:{name}.console"),
        *("-kernel", str(hardware.image), "-initrd", "initramfs", "-append", KERNEL_LINE),
        *("-chardev", f"socket,id=monitor,fd={hardware.monitor}", "-mon", "chardev=monitor,mode=control"),
        *("-chardev", f"socket,id=hand,host={HOST},port={PORT + hardware.index},server=on,wait=off", "-mon", "chardev=hand,mode=control"),
        *("-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,fd={hardware.agent}"),
        *("-device", "virtserialport,chardev=agent,name=lab.agent", "-device", "virtio-rng-pci"),
        *("-drive", f"if=virtio,format=raw,file={name}.root,cache=writeback", "-device", "virtio-scsi-pci,id=shared"),
        *("-chardev", f"socket,id=files,path={name}.files", "-device", "vhost-user-fs-pci,chardev=files,tag=host"),
    ]
    for ring in RINGS:
        argv += ["-netdev", f"tap,id=ring{ring},ifname={port(name, ring)},script=no,downscript=no"]
        argv += ["-device", f"virtio-net-pci,netdev=ring{ring},id=eth{ring},mac=02:98:0{ring}:00:00:{hardware.index:02x}"]
    return argv
