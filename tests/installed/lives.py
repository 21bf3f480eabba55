"""The life of each distribution that is no library, alone with what it declares."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest
from alone import Alone

from opensvc_core.testing.ports import free_port
from opensvc_core.testing.waiting import PATIENCE, wait_for

# What is started is there while the file `running` is.
_LAUNCHER: Final = """\
#!/bin/sh
case $1 in
start) touch "{root}/running" ;;
stop) rm -f "{root}/running" ;;
*) test -e "{root}/running" ;;
esac
"""
_AGENT: Final = """\
#!/bin/sh
case $1 in
meta-data) echo '<resource-agent name="Small"><parameters/><actions><action name="monitor" timeout="20s"/></actions></resource-agent>' ;;
start) touch "{root}/running" ;;
stop) rm -f "{root}/running" ;;
monitor) test -e "{root}/running" || exit 7 ;;
esac
"""


def app_forking(alone: Alone) -> None:
    script = alone.root.write("launcher", _LAUNCHER, mode=0o755)
    alone.up_and_down(f"[app#1]\ntype = forking\nscript = {script}\nstart = true\nstop = true\ncheck = true\n", "app#1")


def app_launchers(alone: Alone) -> None:
    for name, word in (("S10web", "start"), ("K10web", "stop"), ("C10web", "status")):
        alone.root.write(f"etc/web.d/{name}", _LAUNCHER.replace("$1", word), mode=0o755)
    alone.up_and_down("", "app")


def app_simple(alone: Alone) -> None:
    alone.up_and_down("[app#1]\ntype = simple\nstart = sleep 979\n", "app#1")


def ocf(alone: Alone) -> None:
    alone.root.write("ocf/resource.d/own/Small", _AGENT, mode=0o755)
    alone.environ["OCF_ROOT"] = str(alone.root / "ocf")
    alone.up_and_down("[app#1]\ntype = ocf\nagent = ocf:own:Small\n", "app#1")


def task_host(alone: Alone) -> None:
    alone.create(f"[task#1]\ntype = host\ncommand = touch {alone.root / 'done'}\n")
    alone("om web run --local")
    assert (alone.root / "done").exists()


def fs_directory(alone: Alone) -> None:
    alone.up_and_down(f"[fs#1]\ntype = directory\npath = {alone.root / 'data'}\n", "fs#1", up="n/a", down="n/a")
    assert (alone.root / "data").is_dir()


def fs_flag(alone: Alone) -> None:
    alone.up_and_down("[fs#1]\ntype = flag\n", "fs#1")


def fs_mount(alone: Alone) -> None:
    alone.up_and_down(f"[fs#1]\ntype = tmpfs\nmnt = {alone.ground.folder / 'mnt'}\n", "fs#1")


def fs_ext4(alone: Alone) -> None:
    alone.provisioned(f"[fs#1]\ntype = ext4\ndev = {alone.ground.disk()}\nmnt = {alone.ground.folder / 'mnt'}\n", "fs#1")


def loop(alone: Alone) -> None:
    alone.provisioned(f"[disk#1]\ntype = loop\nfile = {alone.ground.folder / 'disk.img'}\nsize = 8m\n", "disk#1")


def ip(alone: Alone) -> None:
    holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "ip link set lo up && echo ready && exec sleep 600"], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == b"ready\n"
        alone.before = f"nsenter -t {holder.pid} -n"
        alone.up_and_down("[ip#1]\nipname = 10.99.7.7\nipdev = lo\n", "ip#1")
    finally:
        holder.kill()
        holder.communicate()


def vg(alone: Alone) -> None:
    group = _volume_group(alone)
    alone.planned(f"[disk#1]\ntype = vg\nname = {group}\n", {"disk#1": "down"}, said=f"vgchange --addtag @n1 {group}")


def lv(alone: Alone) -> None:
    group = _volume_group(alone)
    alone.create(f"[disk#1]\ntype = lv\nname = data\nvg = {group}\nsize = 4m\n")
    assert alone.statuses == {"disk#1": "down"}
    assert f" {group}" in alone("om web provision --local --plan").stdout


def _volume_group(alone: Alone) -> str:
    """A volume group on a loop device, with which it goes; nothing of it is active."""
    group, disk = f"osvc{secrets.token_hex(6)}", alone.ground.disk()
    subprocess.run(["vgcreate", "--driverloaded", "n", "-qq", group, disk], check=True, timeout=120, stdout=subprocess.DEVNULL)
    return group


def scsireserv(alone: Alone) -> None:
    disk = alone.ground.made("ext4")
    text = f"[fs#1]\ntype = ext4\ndev = {disk}\nmnt = {alone.ground.folder / 'mnt'}\nscsireserv = true\n"
    alone.planned(text, {"fs#1": "down", "fs#1pr": "warn"}, said=f"fs#1pr: {disk} knows no persistent reservations", code=1)


def container_docker(alone: Alone) -> None:
    text = f"[DEFAULT]\ncontainer_data_dir = {alone.root / 'docker'}\n[container#1]\ntype = docker\nimage = busybox\n"
    alone.planned(text, {"container#1": "down"}, said="create --name web.container.1 busybox")


def sync_rsync(alone: Alone) -> None:
    text = "[DEFAULT]\nnodes = n1 n2\n[sync#1]\ntype = rsync\nsrc = /etc/hosts\ndst = /tmp\ntarget = nodes\n"
    alone.create(text)
    assert alone.statuses == {"sync#1": "n/a", "sync#i0": "n/a"}
    assert "web is not up here" in alone("om web sync nodes --plan", code=None).stderr


def hb_openha(alone: Alone) -> None:
    text = "[DEFAULT]\nnodes = n1 n2\n[hb#0]\ntype = OpenHA\n"
    alone.planned(text, {"hb#0": "warn", "sync#i0": "undef"}, said="managed by a clusterware", code=1)
    tree, script = alone.root / "cluster", alone.root.write("startup", "#!/bin/sh\n", mode=0o755)
    alone(f"openha install {tree}")
    alone.root.write("cluster/conf/nodes", "n1\nn2\n")
    alone.environ["EZ"] = str(tree)
    alone(f"{tree}/bin/service -a web {script} n1 n2 /bin/true")
    assert "web" in (tree / "conf/services").read_text()


def hb_disk(alone: Alone) -> None:
    disk = alone.ground.disk()
    alone.configure("cluster.name=alone", "hb#1.type=disk", f"hb#1.dev={disk}")
    assert f"{disk}: prepared for " in alone("om node prepare hb#1").stdout


def hb_unicast(alone: Alone) -> None:
    _beat(alone, "hb#1.type=unicast", "hb#1.addr@n1=127.0.0.1", "hb#1.addr@n2=127.0.0.2")


def hb_multicast(alone: Alone) -> None:
    _beat(alone, "hb#1.type=multicast", "hb#1.intf=lo", "hb#1.data_addr@n1=127.0.0.1", "hb#1.data_addr@n2=127.0.0.2")


def daemon(alone: Alone) -> None:
    alone.configure("listener.port=0")
    alone("om daemon start")
    alone("om daemon running")
    alone("om daemon stop")


def _beat(alone: Alone, *words: str) -> None:
    """The daemon sends beats by it, and listens."""
    alone.configure("listener.port=0", f"hb#1.port={free_port()}", *words)
    alone("om daemon start")
    try:
        states = alone("om daemon status").stdout
        assert "hb#1.rx" in states and "hb#1.tx" in states
    finally:
        alone("om daemon stop")


def fence_command(alone: Alone) -> None:
    alone.configure(f"stonith#n2.cmd=touch {alone.root / 'fenced'}")
    assert alone.ask("node.fence_agents()['n2'].fence(60)") == "None"
    assert (alone.root / "fenced").exists()


def fence_agents(alone: Alone) -> None:
    script = alone.root.write("agent", "#!/bin/sh\ngrep -q action=status && echo 'Status: OFF' && exit 2\n", mode=0o755)
    alone.configure("stonith#n2.type=fence_agents", f"stonith#n2.agent={script}")
    assert alone.ask("node.fence_agents()['n2'].fence(60)") == "None"


def fence_qemu(alone: Alone) -> None:
    qemu = shutil.which("qemu-system-x86_64")
    if not qemu:
        pytest.skip("qemu-system-x86_64 is not installed: apt-get install qemu-system-x86")
    monitor = alone.root / "n2.qmp"
    alone.configure("stonith#n2.type=qemu", f"stonith#n2.monitor={monitor}")
    argv = [qemu, "-machine", "none", "-display", "none", "-nodefaults", "-qmp", f"unix:{monitor},server=on,wait=off"]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as machine:
        try:
            wait_for(lambda: _listens(monitor))
            assert alone.ask("node.fence_agents()['n2'].fence(60)") == "None"
            machine.wait(PATIENCE)
        finally:
            machine.kill()


def _listens(place: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(str(place)) == 0


def watchdog_device(alone: Alone) -> None:
    alone.configure("watchdog#1.type=device", "watchdog#1.dev=/dev/no/watchdog", code=3)
    assert "there is no device /dev/no/watchdog" in alone.ask("node.watchdogs()['watchdog#1'].problem()")


def file_references(alone: Alone) -> None:
    alone.create(f"[env]\nname = {{file://{alone.root.write('name', 'blue')}}}\n")
    assert alone("om web eval --kw env.name").stdout == "blue\n"


def node_hooks(alone: Alone) -> None:
    alone.root.write("etc/node.conf", "[hook#1]\nevents = after_action\ncommand = touch {root}/told\n")
    alone.create("")
    alone("om web start --local")
    assert (alone.root / "told").exists()


AS_ROOT: Final = frozenset({daemon, fs_ext4, fs_mount, hb_disk, hb_multicast, hb_unicast, ip, loop, lv, scsireserv, vg})
# By the distributions that are installed: one, and beside it what it stands on in a service or a cluster.
LIVES: Final[Mapping[tuple[str, ...], Callable[[Alone], None]]] = {
    ("opensvc-daemon",): daemon,
    ("opensvc-driver-app-forking",): app_forking,
    ("opensvc-driver-app-launchers",): app_launchers,
    ("opensvc-driver-app-simple",): app_simple,
    ("opensvc-driver-container-docker",): container_docker,
    ("opensvc-driver-fence-agents",): fence_agents,
    ("opensvc-driver-fence-command",): fence_command,
    ("opensvc-driver-fence-qemu",): fence_qemu,
    ("opensvc-driver-fs-directory",): fs_directory,
    ("opensvc-driver-fs-ext4",): fs_ext4,
    ("opensvc-driver-fs-flag",): fs_flag,
    ("opensvc-driver-fs-mount",): fs_mount,
    ("opensvc-driver-hb-disk",): hb_disk,
    ("opensvc-driver-hb-multicast", "opensvc-daemon"): hb_multicast,
    ("opensvc-driver-hb-openha",): hb_openha,
    ("opensvc-driver-hb-unicast", "opensvc-daemon"): hb_unicast,
    ("opensvc-driver-ip",): ip,
    ("opensvc-driver-loop",): loop,
    ("opensvc-driver-lv",): lv,
    ("opensvc-driver-ocf",): ocf,
    ("opensvc-driver-scsireserv", "opensvc-driver-fs-ext4"): scsireserv,
    ("opensvc-driver-sync-rsync",): sync_rsync,
    ("opensvc-driver-task-host",): task_host,
    ("opensvc-driver-vg",): vg,
    ("opensvc-driver-watchdog-device",): watchdog_device,
    ("opensvc-file-references",): file_references,
    ("opensvc-node-hooks",): node_hooks,
}
