#!/run/lab/own/tools/sh
# Makes a block device an iSCSI target of its own, reached on both rings: NAME DEVICE SERIAL ADDRESS...; with NAME alone takes it away.
set -e
[ ! -d /run/lab/own/tools ] || PATH=/run/lab/own/tools
name=$1 device=$2 serial=$3
core=/sys/kernel/config/target/core/iblock_0
store=$core/$name
target=/sys/kernel/config/target/iscsi/iqn.2026-01.lab:$name
group=$target/tpgt_1
if [ $# = 1 ]; then
    if [ -d "$group" ]; then
        echo 0 >"$group/enable"
        rm "$group"/lun/lun_0/store
        rmdir "$group"/lun/lun_0 "$group"/np/* "$group" "$target"
    fi
    [ ! -d "$store" ] || rmdir "$store"
    exit
fi
shift 3
if ! [ -d /sys/kernel/config/target ]; then
    /sbin/modprobe -a target_core_iblock iscsi_target_mod
    grep -q configfs /proc/mounts || mount -t configfs configfs /sys/kernel/config
    mkdir -p /var/target/pr /var/target/alua
    echo /var/target >/sys/kernel/config/target/dbroot
fi
mkdir -p "$store"
echo "udev_path=$device" >"$store/control"
echo "$serial" >"$store/wwn/vpd_unit_serial"
echo 1 >"$store/enable"
mkdir -p "$group/lun/lun_0"
for address; do mkdir "$group/np/$address:3260"; done
ln -s "$store" "$group/lun/lun_0/store"
# whoever comes may log in
echo 1 >"$group/attrib/generate_node_acls"
echo 1 >"$group/attrib/cache_dynamic_acls"
echo 0 >"$group/attrib/demo_mode_write_protect"
echo 0 >"$group/attrib/authentication"
echo 1 >"$group/enable"
