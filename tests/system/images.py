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


# Makes an archive of images as they stand on a page, with a daemon of its own on a file system in memory.
SAVE = r"""set -e
mkdir -p /run/making
mount -t tmpfs making /run/making
cd /run/making
mkdir -p image/bin image/www data
cp /bin/busybox image/bin/
for name in sh httpd ls sleep; do ln -s busybox image/bin/$name; done
program='["/bin/sh", "-c", "trap exit TERM; echo ready; httpd -p 8080 -h /www; while true; do sleep 60 & wait; done"]'
dockerd -H unix:///run/making/sock --data-root $PWD/data --exec-root $PWD/exec --pidfile $PWD/pid --bridge none --iptables=false 2>log &
until docker -H unix:///run/making/sock version >/dev/null 2>&1; do kill -0 $! || { cat log; exit 1; }; sleep 0.05; done
for name; do
    echo "served by $name" >image/www/index.html
    tar -C image -c . | docker -H unix:///run/making/sock import --change "CMD $program" - $name
done
docker -H unix:///run/making/sock save --output /root/shop.tar "$@"
kill $!
wait $! || true
cd /
umount /run/making
"""


def save(node, *names):
    """Images that serve a page on port 8080, in /root/shop.tar."""
    node.write("/root/save", SAVE)
    node(f"sh /root/save {' '.join(names)}")
