"""File systems between nodes: the data arrives whole, and nobody mounts what is mounted elsewhere."""

import json

import pytest

DEVICE = "/run/shared/data"
WEB = f"[fs#1]\ntype = ext4\ndev = {DEVICE}\nmnt = /srv/web\n"
# Writes lines for ever, and tells of each when it is on the disk.
WRITER = """
import os, sys
with open(sys.argv[1], "a") as file:
    number = 0
    while True:
        file.write(f"line {number}\\n")
        file.flush()
        os.fsync(file.fileno())
        print(number, flush=True)
        number += 1
"""


@pytest.fixture
def nodes(lab):
    lab.disk("data", 48)
    lab.nodes[0](f"mkfs.ext4 -q {DEVICE}")
    for node in lab.nodes:
        node.write("/etc/opensvc/web.conf", WEB)
        node.write("/root/writer.py", WRITER)
    return lab.nodes


def resource(node, rid="fs#1"):
    """Status and messages of a resource, as a machine reads them."""
    found = json.loads(node("om web print status --format json", code=None).stdout)["resources"][rid]
    return found["status"], found.get("log", [])


def said(done):
    return done.stdout + done.stderr


def is_mounted(node, point="/srv/web"):
    return node(f"mountpoint -q {point}", code=None).code == 0


def test_power_is_cut_under_writes_and_the_other_node_has_every_synced_line(nodes):
    n1, n2 = nodes
    n1("om web start --local")
    writer = n1.begin("python3 /root/writer.py /srv/web/log")
    synced = [writer.stdout.readline() for _ in range(300)]
    n1.power_off()
    synced += writer.stdout.readlines()
    done = n2("om web start --local")
    assert f"  e2fsck -p {DEVICE}" in done.stdout and "recovering journal" in done.stdout
    lines = n2.read("/srv/web/log").splitlines()
    assert len(lines) >= len(synced) >= 300
    assert lines == [f"line {number}" for number in range(len(lines))]
    n1.power_on()
    assert resource(n1)[0] == "down"


def test_a_node_that_lost_its_power_starts_again(nodes):
    n1, _ = nodes
    n1("om web start --local")
    n1("sh -c 'echo text >/srv/web/file; sync /srv/web/file'")
    n1.power_off()
    n1.power_on()
    assert resource(n1)[0] == "down"
    n1("om web start --local")
    assert n1.read("/srv/web/file") == "text\n"


def test_a_service_moves_and_its_data_with_it(nodes):
    n1, n2 = nodes
    for source, target in ((n1, n2), (n2, n1)):
        source("om web start --local")
        source(f"sh -c 'echo {source.name} >>/srv/web/names'")
        source("om web stop --local")
        target("om web start --local")
        assert source.name in target.read("/srv/web/names")
        target("om web stop --local")


def test_multi_mount_protection_keeps_the_second_node_out(nodes):
    n1, n2 = nodes
    n1(f"mkfs.ext4 -q -F -O mmp -E mmp_update_interval=1 {DEVICE}")
    n1("om web start --local")
    text = said(n2("om web start --local", code=1))
    assert "fs#1: /run/shared/data is in use on another host (its multi-mount protection says so); stop the service there first" in text
    assert not is_mounted(n2)


def test_who_keeps_it_busy_is_named_and_ended_by_force_alone(nodes):
    n1, _ = nodes
    n1("om web start --local")
    holder = n1.begin("sh -c 'cd /srv/web; trap \"\" TERM; echo ready; while :; do sleep 1; done'")
    assert holder.stdout.readline() == "ready\n"
    text = said(n1("om web stop --local", code=1))
    assert "umount /srv/web: it is busy: pid " in text and "(sh) works in /srv/web" in text and "--force ends the processes" in text
    assert resource(n1)[0] == "up"
    n1("om web stop --local --force")
    assert holder.wait(60) and not is_mounted(n1)


def test_a_mount_that_lives_on_in_another_namespace_is_told_and_keeps_the_service_from_being_down(nodes):
    n1, _ = nodes
    n1("om web start --local")
    other = n1.begin("unshare --mount --propagation private sh -c 'echo ready; exec sleep 100'")
    assert other.stdout.readline() == "ready\n"
    assert "in the mount namespace of pid" in said(n1("om web stop --local", code=1))
    status, (text,) = resource(n1)
    assert status == "warn" and "(sleep)" in text
    assert "already; unmount it there first" in said(n1("om web start --local", code=5))
    n1("pkill -x sleep")
    n1.wait_for(lambda: resource(n1) == ("down", []))


def test_a_device_that_is_mounted_elsewhere_is_refused_before_anything_is_started(nodes):
    n1, _ = nodes
    n1.write("/etc/opensvc/web.conf", f"[fs#0]\ntype = tmpfs\nmnt = /srv/first\n{WEB}")
    n1("mkdir /mnt/other")
    n1(f"mount {DEVICE} /mnt/other")
    text = said(n1("om web start --local", code=5))
    assert f"fs#1: {DEVICE} is mounted on /mnt/other already; unmount it there first" in text
    assert not is_mounted(n1, "/srv/first")


def test_nested_mounts_come_up_from_above_and_go_down_from_below(nodes):
    n1, _ = nodes
    text = "".join(f"[fs#{rid}]\ntype = tmpfs\nmnt = {mnt}\n" for rid, mnt in ((0, "/srv/web/a/b"), (2, "/srv/web/a")))
    n1.write("/etc/opensvc/web.conf", text + WEB)
    done = n1("om web start --local")
    mounted = [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("  mount ")]
    assert mounted == ["/srv/web", "/srv/web/a", "/srv/web/a/b"]
    done = n1("om web stop --local")
    assert [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("  umount ")] == mounted[::-1]


def test_other_names_of_the_device_are_the_device(nodes):
    n1, _ = nodes
    n1("om web start --local")
    device = n1(f"readlink -f {DEVICE}").stdout.strip()
    for name in (device, "/dev/disk-of-web", "LABEL=web-data"):
        n1("ln -sfn /run/shared/data /dev/disk-of-web")
        n1(f"tune2fs -L web-data {device}")
        n1.write("/etc/opensvc/web.conf", WEB.replace(DEVICE, name))
        if name.startswith("LABEL"):  # the loop devices of both nodes have it, and every node sees both of them
            assert resource(n1) == ("up", [])
            continue
        assert "is already up" in n1("om web start --local").stdout
        assert resource(n1) == ("up", [])
    n1("om web stop --local")


def test_a_service_is_provisioned_from_nothing_and_never_over_something(lab):
    n1, n2 = lab.nodes
    lab.disk("data", 48)
    for node in lab.nodes:
        node.write("/etc/opensvc/web.conf", WEB)
    done = n1("om web provision --local")
    assert f"  mkfs.ext4 -q {DEVICE}" in done.stdout and is_mounted(n1)
    n1("om web stop --local")
    n2("om web start --local")
    n2("om web unprovision --local")
    assert n2(f"wipefs {DEVICE}").stdout == ""
    n2(f"mkswap {DEVICE}")
    text = said(n2("om web provision --local", code=1))
    assert f"fs#1.dev: {DEVICE} holds swap" in text and "nothing was made" in text
    assert "swap" in n2(f"wipefs {DEVICE}").stdout


def test_what_another_node_has_mounted_is_not_wiped(nodes):
    n1, n2 = nodes
    n1("om web start --local")
    assert f"{DEVICE} is mounted on another host, or was left by one that died" in said(n2("om web unprovision --local", code=1))
    n1("sh -c 'echo text >/srv/web/file'")
    n1("om web stop --local")
    n2("om web start --local")
    assert n2.read("/srv/web/file") == "text\n"


def test_a_device_that_takes_no_writes_is_told(nodes):
    n1, _ = nodes
    n1(f"blockdev --setro {DEVICE}")
    try:
        assert f"{DEVICE} takes no writes" in said(n1("om web start --local", code=1))
        n1.write("/etc/opensvc/web.conf", f"{WEB}mnt_opt = ro\n")
        n1("om web start --local")
        assert resource(n1) == ("up", [])
    finally:
        n1(f"blockdev --setrw {DEVICE}")  # the kernel keeps it for who has the loop device next


def test_a_full_file_system_stays_up_and_moves(nodes):
    n1, n2 = nodes
    n1("om web start --local")
    n1("dd if=/dev/zero of=/srv/web/fill bs=1M", code=1)
    assert resource(n1) == ("up", [])
    n1("om web stop --local")
    n2("om web start --local")
    assert resource(n2) == ("up", [])


def test_an_agent_that_is_killed_while_it_checks_is_followed_by_one_that_completes(nodes):
    n1, n2 = nodes
    n1.write("/usr/local/bin/e2fsck", "#!/bin/sh\ntouch /run/checking\nexec sleep 1000\n", mode=0o755)
    command = n1.begin("sh -c 'echo $$; exec om web start --local'", PATH=f"/usr/local/bin:{n1('printenv PATH').stdout.strip()}")
    agent = command.stdout.readline().strip()
    n1.wait_for(lambda: n1.exists("/run/checking"))
    n1(f"kill -9 {agent}")
    assert resource(n1) == ("down", [])
    n1("rm /usr/local/bin/e2fsck")
    n1("om web start --local --waitlock 1", code=6)  # the check that the dead agent began still runs
    n1("om web start --local --force")
    assert resource(n1) == ("up", [])
    n1("om web stop --local")
    n2("om web start --local")
