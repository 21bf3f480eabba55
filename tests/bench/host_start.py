"""A start on the host, beside a shell script that does the same: an address, a disk, a file system and an application.

Both run in a network and a mount namespace of their own, on a pair of virtual devices and a file of 64 MB. Both ask for one
second whether somebody has the address, announce it, check the file system before it is mounted, and look after each step
whether it is so. What is left to compare is the work around these steps.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

from tests.bench.measure import BARE, BIN, above_bare, beyond, seconds_of, shown, tell, told_missing

RUNS = 7
ADDRESS = "10.98.0.50"
PROBE = 1.0
LIMIT = 1.5
SERVICE = """[DEFAULT]
nodes = n1

[ip#0]
type = host
ipname = {address}
netmask = 24
ipdev = eth0

[disk#0]
type = loop
file = {folder}/disk.img

[fs#0]
type = ext4
dev = {{disk#0.exposed_devs[0]}}
mnt = {folder}/mnt

[app#0]
type = forking
script = {folder}/launcher
start = true
stop = true
check = true
"""
LAUNCHER = """#!/bin/sh
# An application that stays: the shortest thing that runs on.
pid={folder}/pid
case $1 in
start) sleep 3600 >/dev/null 2>&1 </dev/null & echo $! >$pid ;;
stop) kill $(cat $pid) && rm $pid ;;
status) test -e $pid && kill -0 $(cat $pid) ;;
esac
"""
START = """#!/bin/sh
# What the service does at a start, one command for each step and one to see that it is done. To announce the address takes
# arping another second, which nobody has to wait for.
set -e
arping -q -D -c 2 -w 1 -I eth0 {address}
ip addr add {address}/24 dev eth0
ip -o addr show dev eth0 to {address} | grep -q .
arping -q -U -c 1 -I eth0 {address} &
device=$(losetup --find --show --nooverlap {folder}/disk.img)
losetup -nO NAME -j {folder}/disk.img | grep -q .
e2fsck -p $device
mount -t ext4 $device {folder}/mnt
mountpoint -q {folder}/mnt
{folder}/launcher status && exit 1
{folder}/launcher start
{folder}/launcher status
"""
STOP = """#!/bin/sh
set -e
{folder}/launcher stop
umount {folder}/mnt
losetup -d $(losetup -nO NAME -j {folder}/disk.img)
ip addr del {address}/24 dev eth0
"""


def measure(folder: Path) -> None:
    """Run the comparison in namespaces of its own; without root there are none."""
    if os.geteuid() != 0:
        told_missing("start of ip, loop, ext4 and app beside a shell script", "needs root")
        return
    inside = [sys.executable, "-m", __spec__.name, str(folder)]
    line = ["unshare", "--net", "--mount", "--propagation", "private", *inside]
    done = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    print(done.stdout, end="", flush=True)


def main(folder: Path) -> None:
    """Inside: print the lines of the result."""
    prepare(folder)
    environment = {**os.environ, "OSVC_ROOT_PATH": str(folder), "OSVC_NODENAME": "n1"}
    begin, end = ([str(BIN / "om"), "svc1", verb, "--local"] for verb in ("start", "stop"))
    agent, script, bare = [], [], []
    try:
        for _ in range(RUNS):
            bare.append(seconds_of(BARE, environment))
            agent.append(seconds_of(begin, environment))
            seconds_of(end, environment)
            script.append(seconds_of([str(folder / "start")], environment))
            seconds_of([str(folder / "stop")], environment)
        compare_starts(beyond(agent, bare), script)
        seconds_of(begin, environment)
        above_bare("om svc1 print status of that service, up", environment, [str(BIN / "om"), "svc1", "print", "status"], 100)
    finally:
        subprocess.run(end, env=environment, check=False, stdout=subprocess.DEVNULL)


def compare_starts(agent: list[float], script: list[float]) -> None:
    """The two starts, and how the agent's compares once the interpreter runs: with the second of asking and without it."""
    ours, theirs = statistics.median(agent), statistics.median(script)
    ratio, work = ours / theirs, (ours - PROBE) / (theirs - PROBE)
    beside = f"by a shell script: {shown(script)}; ratio {ratio:.2f}, without the second of asking {work:.2f}"
    tell("om svc1 start --local of ip, loop, ext4 and app", agent, "ms", beside=beside, limit=LIMIT, judged=ratio)


def prepare(folder: Path) -> None:
    """Two connected devices, a disk with a file system, the service and the scripts."""
    for name, text, mode in (
        ("etc/svc1.conf", SERVICE, 0o644),
        ("launcher", LAUNCHER, 0o755),
        ("start", START, 0o755),
        ("stop", STOP, 0o755),
    ):
        place = folder / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text.format(folder=folder, address=ADDRESS))
        place.chmod(mode)
    (folder / "mnt").mkdir()
    for line in (
        "ip link add eth0 type veth peer name eth1",
        "ip link set eth1 up",
        "ip link set eth0 up",
        "ip addr add 10.98.0.1/24 dev eth0",
        f"truncate -s 64m {folder}/disk.img",
        f"mkfs.ext4 -q {folder}/disk.img",
    ):
        subprocess.run(line.split(), check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
