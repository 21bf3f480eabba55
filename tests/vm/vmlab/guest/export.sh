#!/bin/sh
# Makes a block device an iSCSI target of its own: NAME DEVICE SERIAL ADDRESS
set -e
name=$1 device=$2 serial=$3 address=$4
store=/sys/kernel/config/target/core/iblock_0/$name
group=/sys/kernel/config/target/iscsi/iqn.2026-01.lab:$name/tpgt_1
/sbin/modprobe -a target_core_iblock iscsi_target_mod
grep -q configfs /proc/mounts || mount -t configfs configfs /sys/kernel/config
mkdir -p /var/target/pr /var/target/alua
echo /var/target >/sys/kernel/config/target/dbroot
mkdir -p "$store"
echo "udev_path=$device" >"$store/control"
echo "$serial" >"$store/wwn/vpd_unit_serial"
echo 1 >"$store/enable"
mkdir -p "$group/lun/lun_0"
mkdir "$group/np/$address:3260"
ln -s "$store" "$group/lun/lun_0/store"
# whoever comes may log in
echo 1 >"$group/attrib/generate_node_acls"
echo 1 >"$group/attrib/cache_dynamic_acls"
echo 0 >"$group/attrib/demo_mode_write_protect"
echo 0 >"$group/attrib/authentication"
echo 1 >"$group/enable"
