#!/bin/sh
# Process 1 of a guest: what an init system would do, or has to find. Its tools are static ones: an exec of a dynamic program
# takes 0.1 s here.
exec </dev/console >/dev/console 2>&1
tools=/run/lab/own/tools
export PATH=$tools
. /run/lab/own/guest.conf
mkdir -p /dev/pts /dev/shm /run/lock /run/sshd /run/shared
mount -t devpts -o ptmxmode=666,mode=620,gid=5 devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
hostname "$name"
echo 1 >/proc/sys/kernel/sysrq
ip link set lo up
for ring in 0 1; do
    ip link set eth$ring up
    ip addr add 10.98.$ring.$index/24 dev eth$ring
    echo 0 >/proc/sys/net/ipv6/conf/eth$ring/accept_dad
    ip addr add fd98:$ring::$index/64 dev eth$ring
done
ip route add 224.0.0.0/4 dev eth0
export PATH="$path"
/lib/systemd/systemd-udevd --daemon
# disks are found by it, not before it
$tools/insmod $tools/virtio_scsi.ko
/usr/sbin/sshd -f /etc/ssh/lab_sshd_config
PYTHONPATH=$tools $tools/setsid "$python" -S -m vmlab.guest.agent &
while :; do
    $tools/sleep 100000 &
    wait $!
done
