"""Container images for tests, made of the host's busybox in the data directory of a docker daemon."""

import shutil

import pytest

needs_docker = pytest.mark.skipif(
    not shutil.which("dockerd") or not shutil.which("/bin/busybox"),
    reason="needs a docker daemon and something to run in it: apt-get install docker.io busybox-static",
)
DATE = "opensvc/busybox:date"
HTTPD = "registry:latest"
# Makes images, with a daemon of its own, in the data directory that is on a device; prints their numbers.
LOAD = r"""set -e
work=$(mktemp -d)
mkdir -p $work/image/bin $work/data
cp /bin/busybox $work/image/bin/
for name in sh httpd date sleep true cat env tty; do ln -s busybox $work/image/bin/$name; done
mount $1 $work/data
dockerd -H unix://$work/sock --data-root $work/data/$2 --exec-root $work/exec --pidfile $work/pid \
    --bridge none --iptables=false 2>$work/log &
until docker -H unix://$work/sock version >/dev/null 2>&1; do kill -0 $! || { cat $work/log; exit 1; }; sleep 0.05; done
load() { tar -C $work/image -c . | docker -H unix://$work/sock import --change "CMD $2" - $1 | cut -c8-19; }
load opensvc/busybox:date '["/bin/sh", "-c", "trap exit TERM; while true; do date; sleep 0.2 & wait; done"]'
load registry:latest '["/bin/sh", "-c", "trap exit TERM; httpd -p 5000 -h ${STORAGE_PATH}; while true; do sleep 60 & wait; done"]'
kill $!
wait $! || true
umount $work/data
"""


def load(node, disk, folder=""):
    """Make a file system with images on a disk; the number of each."""
    node(f"mkfs.ext4 -q /run/shared/{disk}")
    node.write("/root/load", LOAD)
    return dict(zip((DATE, HTTPD), node(f"sh /root/load /run/shared/{disk} {folder}").stdout.split(), strict=True))
