#!/bin/sh
# The first program of a kernel that is a process of the host: puts a root together - the host's files, read-only, below a layer in
# memory - and serves the agent there. $lab is a folder of the host, $kernel what the kernel was unpacked to, $name that of the machine.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
root=/run/root
if [ "$1" != inside ]; then
    mount -n -t proc proc /proc
    mount -n -t sysfs sys /sys
    mount -n -t tmpfs -o mode=755 run /run
    mkdir /run/upper /run/work $root
    modprobe -d "$kernel" overlay
    mount -n -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work root $root
    for folder in proc sys dev; do mount -n --move /$folder $root/$folder; done
    mount -n -t tmpfs -o mode=755 run $root/run
    mkdir -p $root/run/lock $root/dev/shm $root/lib/modules
    mount -n --bind "$kernel/lib/modules" $root/lib/modules
    exec chroot $root /bin/sh "$0" inside
fi
mount -n -t cgroup2 cgroup2 /sys/fs/cgroup
mount -n -t tmpfs shm /dev/shm
hostname "$name"
ip link set lo up
rm -rf /etc/lvm/archive /etc/lvm/backup /etc/lvm/devices /etc/opensvc /var/lib/opensvc /var/log/opensvc
mkdir -p /etc/opensvc /var/lib/opensvc /var/log/opensvc
# each page that LVM touches in advance costs much here
echo 'activation { reserved_memory = 0 reserved_stack = 64 }' >/etc/lvm/lvmlocal.conf
modprobe -a loop dm_mod
/lib/systemd/systemd-udevd --daemon
PYTHONPATH=$lab "$python" -S -m vmlab.guest.agent /dev/ttyS0
