#!/bin/sh
# Makes a file a SCSI disk that knows persistent reservations, a target of Linux on a bus inside the kernel: MEGABYTES; prints its device.
set -e
modprobe -a sd_mod sg target_core_file tcm_loop
core=/sys/kernel/config/target/core/fileio_0/unit
target=/sys/kernel/config/target/loopback/naa.6001405000000001/tpgt_1
serial=0000000000000000000000001
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
mkdir -p /var/target/pr /var/target/alua
truncate -s "$1M" /run/unit
mkdir -p $core
echo "fd_dev_name=/run/unit,fd_dev_size=$(($1 << 20))" >$core/control
echo $serial >$core/wwn/vpd_unit_serial
echo 1 >$core/enable
mkdir -p $target
echo naa.6001405000000002 >$target/nexus
mkdir $target/lun/lun_0
ln -s $core $target/lun/lun_0/unit
device=/dev/disk/by-id/wwn-0x6001405$serial
until [ -e $device ]; do sleep 0.05; done
udevadm settle
echo $device
