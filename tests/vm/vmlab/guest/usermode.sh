#!/bin/sh
# The first program of a kernel that is a process of the host: puts a root together - the host's files, read-only, below a layer in
# memory, or on a disk of its own - and serves the agent there. $lab is a folder of the host, $kernel what the kernel was unpacked to,
# $name that of the machine, $address that on its network, where it has one.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
root=/run/root
if [ "$1" != inside ]; then
    mount -n -t proc proc /proc
    mount -n -t sysfs sys /sys
    mount -n -t tmpfs -o mode=755 run /run
    mkdir /run/own $root
    # a power cut here is one of this kernel, not of the host: what the host has need not be flushed there;
    # written at once, as the last moments before a halt have been lost here
    [ ! -b /dev/ubda ] || mount -n -t ext4 -o nobarrier,sync /dev/ubda /run/own
    [ -d /run/own/upper ] || is_new=new
    # what an overlay left unfinished when the power went is of no use
    rm -rf /run/own/work
    mkdir -p /run/own/upper /run/own/work
    modprobe -d "$kernel" overlay
    mount -n -t overlay -o lowerdir=/,upperdir=/run/own/upper,workdir=/run/own/work root $root
    for folder in proc sys dev; do mount -n --move /$folder $root/$folder; done
    mount -n -t tmpfs -o mode=755 run $root/run
    mkdir -p $root/run/lock $root/dev/shm $root/lib/modules
    mount -n --bind "$kernel/lib/modules" $root/lib/modules
    if [ -e "$lab/ready.so" ]; then
        cp "$lab/ready.so" $root/run
        echo /run/ready.so >$root/etc/ld.so.preload
    fi
    exec chroot $root /bin/sh "$0" inside $is_new
fi
mount -n -t cgroup2 cgroup2 /sys/fs/cgroup
mount -n -t tmpfs shm /dev/shm
hostname "$name"
echo "$name" >/etc/hostname
ip link set lo up
if [ -n "$address" ]; then
    ip link set vec0 name eth0
    ip link set eth0 up
    ip addr add "$address/24" dev eth0
fi
echo 1 >/proc/sys/kernel/sysrq
[ "$2" != new ] || rm -rf /etc/lvm/archive /etc/lvm/backup /etc/lvm/devices /etc/iscsi/nodes /etc/iscsi/send_targets /etc/opensvc /var/lib/opensvc /var/log/opensvc
mkdir -p /etc/opensvc /var/lib/opensvc /var/log/opensvc
# each page that LVM touches in advance costs much here
echo 'activation { reserved_memory = 0 reserved_stack = 64 }' >/etc/lvm/lvmlocal.conf
modprobe -a loop dm_mod
if [ -e /etc/systemd/system/default.target ]; then
    PYTHONPATH=$lab setsid "$python" -S -m vmlab.guest.agent /dev/ttyS0 &
    exec env -i PATH="$PATH" /lib/systemd/systemd
fi
# Programs of udev that would do more here than all else does, and are of no use: they look for groups to activate, by systemd, which is
# not here; for names that another rule finds as well; for paths of multipathd, which looks for them itself.
mkdir -p /run/udev/rules.d
for rules in 69-lvm 55-scsi-sg3_id 58-scsi-sg3_symlink 60-multipath; do ln -s /dev/null /run/udev/rules.d/$rules.rules; done
/lib/systemd/systemd-udevd --daemon
PYTHONPATH=$lab "$python" -S -m vmlab.guest.agent /dev/ttyS0
