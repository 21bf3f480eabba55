"""A storage array, which a further light node is: each of its units can be had by two targets of iSCSI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vmlab import VmLab
from vmlab.disks import Disk

# arguments: its address, then the devices of its units
EXPORT: Final = """\
set -e
modprobe -a target_core_iblock iscsi_target_mod
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
mkdir -p /var/target/pr /var/target/alua
echo /var/target >/sys/kernel/config/target/dbroot
ip addr add $1/27 dev eth0
portal=$1:3260
shift
core=/sys/kernel/config/target/core/iblock_0
number=0
for device; do
    number=$((number + 1))
    mkdir -p $core/unit$number
    echo udev_path=$device >$core/unit$number/control
    printf '%025d\\n' $number >$core/unit$number/wwn/vpd_unit_serial
    echo 1 >$core/unit$number/enable
done
# who asks is told the last one first
for target in 2 1; do
    group=/sys/kernel/config/target/iscsi/iqn.2006-01.com.openfiler:tsn.sles.$target/tpgt_1
    for unit in $(seq $number); do
        mkdir -p $group/lun/lun_$((unit - 1))
        ln -s $core/unit$unit $group/lun/lun_$((unit - 1))/unit
    done
    mkdir $group/np/$portal
    # whoever comes may log in
    echo 1 >$group/attrib/generate_node_acls
    echo 1 >$group/attrib/cache_dynamic_acls
    echo 0 >$group/attrib/demo_mode_write_protect
    echo 0 >$group/attrib/authentication
    echo 1 >$group/enable
done
"""


def export(vms: VmLab, address: str, disks: Sequence[Disk]) -> None:
    """Give disks at an address, until the end of the test."""
    devices = [vms.target.plug(disk) for disk in disks]
    vms.target.power_on()
    vms.target.write("/root/export", EXPORT)
    vms.target(f"sh /root/export {address} {' '.join(devices)}")
