"""Declarations of the drivers that the facts describe, so that files of every generation can be read without any driver installed."""

import pytest

from opensvc_core.config.converters import (
    boolean,
    duration,
    expanded_shell_words,
    integer,
    shell_words,
    size,
    speed,
    text,
    tristate,
    word_set,
    words,
)
from opensvc_core.config.document import Document
from opensvc_core.config.keywords import Declares, Keyword
from opensvc_core.config.service import ServiceConfig, World
from opensvc_core.config.validation import validate
from opensvc_core.errors import ConfigError, DriverUnavailable
from opensvc_core.model.names import ServicePath


class Ip(Declares):
    ipname = Keyword(text, required=True, scopable=True, claims="address", text="The address.")
    ipdev = Keyword(text, required=True, scopable=True, text="The interface.")
    netmask = Keyword(text, scopable=True, text="The mask.")
    gateway = Keyword(text, scopable=True, text="The gateway.")
    alias = Keyword(boolean, default=True, scopable=True, text="Stack it.")
    check_carrier = Keyword(boolean, default=True, scopable=True, text="Look at the carrier.")
    expose = Keyword(words, default=[], scopable=True, text="Ports.")


class NetnsIp(Ip):
    netns = Keyword(text, scopable=True, aliases=("container_rid",), text="The container.")
    mode = Keyword(text, default="bridge", candidates=("bridge", "dedicated", "macvlan", "ipvlan-l2", "ipvlan-l3", "ovs"), text="How.")


class Vg(Declares):
    has_data_at_stake = True
    name = Keyword(text, required=True, scopable=True, aliases=("vgname",), text="The group.")
    pvs = Keyword(words, default=[], scopable=True, required=False, text="Its devices.")
    options = Keyword(shell_words, default=[], scopable=True, text="For vgcreate.")


class Lv(Declares):
    name = Keyword(text, required=True, scopable=True, text="The volume.")
    vg = Keyword(text, required=True, scopable=True, text="Its group.")
    size = Keyword(size, scopable=True, text="Its size.")
    create_options = Keyword(shell_words, default=[], scopable=True, text="For lvcreate.")


class Loop(Declares):
    file = Keyword(text, required=True, scopable=True, claims="device", text="The file.")
    size = Keyword(size, default=100 << 20, scopable=True, text="Its size.")


class Pool(Declares):
    name = Keyword(text, required=True, scopable=True, aliases=("poolname",), text="The pool.")
    vdev = Keyword(shell_words, default=[], scopable=True, text="Its devices.")


class Raw(Declares):
    devs = Keyword(word_set, required=True, scopable=True, claims="device", text="Devices.")


class Drbd(Declares):
    res = Keyword(text, required=True, scopable=True, text="The resource.")


class Fs(Declares):
    dev = Keyword(text, required=True, scopable=True, claims="device", text="The device.")
    mnt = Keyword(text, required=True, scopable=True, claims="mount point", text="The mount point.")
    mnt_opt = Keyword(text, scopable=True, aliases=("mnt_opts", "mnt_option", "mnt_options"), text="Options.")
    user = Keyword(text, scopable=True, text="Owner.")
    group = Keyword(text, scopable=True, text="Group.")
    perm = Keyword(text, scopable=True, text="Mode.")
    size = Keyword(size, scopable=True, text="Size.")
    vg = Keyword(text, scopable=True, text="Group of volumes.")
    mkfs_opt = Keyword(shell_words, default=[], scopable=True, text="For mkfs.")
    stat_timeout = Keyword(duration, default=5.0, scopable=True, text="Patience.")


class Directory(Declares):
    path = Keyword(text, required=True, scopable=True, text="The directory.")
    user = Keyword(text, scopable=True, text="Owner.")
    perm = Keyword(text, scopable=True, text="Mode.")


class Nothing(Declares):
    """Has no words of its own."""


class App(Declares):
    script = Keyword(text, scopable=True, text="The script.")
    start = Keyword(text, default="False", scopable=True, text="Start.")
    stop = Keyword(text, default="False", scopable=True, text="Stop.")
    check = Keyword(text, default="False", scopable=True, text="Check.")
    info = Keyword(text, default="False", scopable=True, text="Info.")
    timeout = Keyword(duration, scopable=True, text="Patience.")
    start_timeout = Keyword(duration, scopable=True, text="Patience.")
    retcodes = Keyword(text, default="0:up 1:down", scopable=True, text="Codes.")
    environment = Keyword(shell_words, default=[], scopable=True, text="Variables.")
    user = Keyword(text, scopable=True, text="User.")
    cwd = Keyword(text, scopable=True, text="Folder.")
    umask = Keyword(text, scopable=True, text="Mask.")


class Task(Declares):
    command = Keyword(text, scopable=True, text="The command.")
    schedule = Keyword(text, scopable=True, inherit="run_schedule", text="When.")
    timeout = Keyword(duration, scopable=True, text="Patience.")
    user = Keyword(text, scopable=True, text="User.")


class Docker(Declares):
    image = Keyword(text, scopable=True, aliases=("run_image",), text="The image.")
    command = Keyword(shell_words, default=[], scopable=True, aliases=("run_command",), text="The command.")
    run_args = Keyword(expanded_shell_words, default=[], scopable=True, text="Arguments.")
    entrypoint = Keyword(text, scopable=True, text="The entry point.")
    hostname = Keyword(text, scopable=True, text="Its name.")
    rm = Keyword(boolean, default=False, scopable=True, text="Remove it.")
    detach = Keyword(boolean, default=True, scopable=True, text="In the background.")
    interactive = Keyword(tristate, scopable=True, text="Keep stdin.")
    tty = Keyword(tristate, scopable=True, text="A terminal.")
    privileged = Keyword(tristate, scopable=True, text="All rights.")
    netns = Keyword(text, scopable=True, aliases=("net",), text="Its network.")
    pidns = Keyword(text, scopable=True, text="Its processes.")
    volume_mounts = Keyword(shell_words, default=[], scopable=True, text="Folders.")
    devices = Keyword(shell_words, default=[], scopable=True, text="Devices.")
    environment = Keyword(shell_words, default=[], scopable=True, text="Variables.")
    image_pull_policy = Keyword(text, default="once", candidates=("once", "always"), scopable=True, text="When it is pulled.")
    start_timeout = Keyword(duration, default=5.0, scopable=True, text="Patience.")
    stop_timeout = Keyword(duration, default=120.0, scopable=True, text="Patience.")


class Rsync(Declares):
    src = Keyword(words, required=True, scopable=True, text="From.")
    dst = Keyword(text, required=True, scopable=True, text="To.")
    target = Keyword(words, required=True, candidates=(), text="Where.")
    options = Keyword(shell_words, default=[], scopable=True, text="For rsync.")
    reset_options = Keyword(boolean, default=False, scopable=True, text="Only those.")
    dstfs = Keyword(text, text="A mount point there.")
    snap = Keyword(boolean, default=False, scopable=True, text="From a snapshot.")
    bwlimit = Keyword(speed, text="Speed.")
    schedule = Keyword(text, scopable=True, inherit="sync_schedule", text="When.")


class Heartbeat(Declares):
    name = Keyword(text, text="The service's name there.")
    timeout = Keyword(integer, text="Patience.")


class Ring(Declares):
    addr = Keyword(text, scopable=True, inherit="", text="The address.")
    port = Keyword(integer, inherit="", text="The port.")


class SharedDisk(Declares):
    dev = Keyword(text, required=True, scopable=True, inherit="", text="The disk.", example="/dev/sdb")


class Share(Declares):
    path = Keyword(text, required=True, scopable=True, text="The directory.")
    opts = Keyword(text, required=True, scopable=True, text="For whom.")


class Fence(Declares):
    type = Keyword(text, default="command", inherit="", text="The driver.")
    cmd = Keyword(text, text="What ends the node.", inherit="", required=True)
    timeout = Keyword(duration, default=60.0, inherit="", text="Seconds.")


class PackagedFence(Declares):
    hands_words_on = True
    type = Keyword(text, default="command", inherit="", text="The driver.")
    agent = Keyword(text, text="Which.", inherit="", required=True)


FS_TYPES = (
    "ext2",
    "ext3",
    "ext4",
    "xfs",
    "btrfs",
    "zfs",
    "nfs",
    "nfs4",
    "cifs",
    "tmpfs",
    "none",
    "bind",
    "ocfs2",
    "gfs2",
    "vfat",
    "reiserfs",
)
DRIVERS = {
    **dict.fromkeys(("ip", "ip.host"), Ip),
    **dict.fromkeys(("ip.netns", "ip.docker"), NetnsIp),
    **dict.fromkeys(("disk", "disk.vg", "disk.lvm", "vg"), Vg),
    **dict.fromkeys(("disk.lv", "lv"), Lv),
    **dict.fromkeys(("disk.loop", "loop"), Loop),
    **dict.fromkeys(("disk.zpool", "disk.pool", "zpool", "pool"), Pool),
    **dict.fromkeys(("disk.raw", "raw"), Raw),
    **dict.fromkeys(("disk.drbd", "drbd"), Drbd),
    **{f"fs.{kind}": Fs for kind in FS_TYPES},
    "fs.directory": Directory,
    "fs.flag": Nothing,
    "app": App,
    "app.forking": App,
    "app.simple": App,
    "task": Task,
    "task.host": Task,
    **dict.fromkeys(("container.docker", "container.podman", "container.oci", "container", "task.docker"), Docker),
    **dict.fromkeys(("sync", "sync.rsync"), Rsync),
    "hb.openha": Heartbeat,
    "hb.unicast": Ring,
    "hb.disk": SharedDisk,
    "share.nfs": Share,
    "stonith.command": Fence,
    "stonith.fence_agents": PackagedFence,
}


def driver(name):
    """The declarations of a driver of the facts."""
    if name not in DRIVERS:
        raise DriverUnavailable(f"no installed plugin provides {name}")
    return DRIVERS[name]


def load(source, *, older=False, node="n1", path="svc1", name="svc1.conf", **world):
    """A service's configuration, as a node of the cluster clu1 reads it."""
    facts = {"cluster": "clu1", "cluster_nodes": ("n1", "n2", "n3"), "cluster_drpnodes": ("d1",), **world}
    return ServiceConfig(Document.parse(source, older=older, path=name), World(node=node, path=ServicePath.parse(path), **facts), driver)


@pytest.fixture
def loaded():
    """`load`."""
    return load


@pytest.fixture(scope="session")
def loaded_text():
    """`load` for a text that may be none: None then. Made once, so that it serves every example of a property."""

    def loaded_or_none(source, older=False, node="n1"):
        try:
            return load(source, older=older, node=node, environ={"HOME": "/root"})
        except ConfigError:
            return None

    return loaded_or_none


@pytest.fixture
def found():
    """The findings of a text: `code section.key` each."""
    return lambda source, **more: [f"{one.code} {one.section}{'.' if one.key else ''}{one.key}" for one in validate(load(source, **more))]
