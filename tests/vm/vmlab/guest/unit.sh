#!/bin/sh
# Makes a file a SCSI disk that knows persistent reservations, on a bus inside the kernel: MEGABYTES WAYS. Each way to it is a target of
# its own, and an initiator of its own. Prints its device by name, then that of each way.
set -e
modprobe -a sd_mod sg target_core_file tcm_loop
core=/sys/kernel/config/target/core/fileio_0/unit
serial=0000000000000000000000001
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
mkdir -p /var/target/pr /var/target/alua
truncate -s "$1M" /run/unit
mkdir -p $core
echo "fd_dev_name=/run/unit,fd_dev_size=$(($1 << 20))" >$core/control
echo $serial >$core/wwn/vpd_unit_serial
echo 1 >$core/enable
device=/dev/disk/by-id/wwn-0x6001405$serial
for way in $(seq "$2"); do
    target=/sys/kernel/config/target/loopback/naa.600140500000000$way/tpgt_1
    mkdir -p $target
    echo naa.600140500000001$way >$target/nexus
    mkdir $target/lun/lun_0
    ln -s $core $target/lun/lun_0/unit
    until [ "$(ls -d /sys/class/scsi_disk/* 2>/dev/null | wc -l)" = "$way" ]; do sleep 0.05; done
done
until [ -e $device ]; do sleep 0.05; done
udevadm settle
echo $device
for disk in /sys/class/scsi_disk/*; do echo /dev/$(ls "$disk/device/block"); done
