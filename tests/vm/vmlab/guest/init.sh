#!/bin/sh
# The first program of a guest: puts its root together - the host's files, read-only, below a disk of its own - and goes there.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs -o mode=755 run /run
for module in $(cat /modules); do insmod "/lib/modules/$module"; done
mount -t virtiofs -o ro host /lower || exec sh
until [ -b /dev/vda ]; do usleep 10000; done
mount -t ext4 /dev/vda /own || exec sh
# what an overlay left unfinished when the power went is of no use
rm -rf /own/work
mkdir /own/work
mount -t overlay -o lowerdir=/lower/root,upperdir=/own/upper,workdir=/own/work root /new || exec sh
# before the places: one of them may be below it
mount -t tmpfs -o mode=1777 tmp /new/tmp
while read -r number place; do
    mkdir -p "/new$place"
    mount -o bind,ro "/lower/places/$number" "/new$place"
done </own/places
mkdir -p /run/lab/own /run/lab/lower
for folder in own lower; do mount -o move /$folder /run/lab/$folder; done
for folder in proc sys dev run; do mount -o move /$folder /new/$folder; done
exec switch_root /new /run/lab/own/tools/sh /run/lab/own/tools/process1.sh
