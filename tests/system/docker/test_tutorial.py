"""The services of the tutorial about docker, with their subsets, side by side and moved."""

import re

from images import DATE, HTTPD, load, needs_docker

from .conftest import avail, leaves_nothing, ps

pytestmark = needs_docker
REGISTRY = """[DEFAULT]
autostart_node = n1
app = OSVCLAB
service_type = DEV
nodes = n1 n2
docker_data_dir = /opt/registry/dockerdata
docker_daemon_args = --ip 10.99.0.71

[container#1]
type = docker
run_image = {image}
run_args = -v /opt/registry/registrydata:/registrydata -e STORAGE_PATH=/registrydata -p 5000:5000

[ip#1]
ipdev = eth0
ipname = registry.opensvc.com

[fs#1]
mnt_opt = rw
mnt = /opt/registry
dev = /run/shared/registryroot
type = ext4

[fs#2]
mnt_opts = rw
mnt = /opt/registry/dockerdata
dev = /run/shared/dockerdata
type = ext4

[fs#3]
mnt_opts = rw
mnt = /opt/registry/registrydata
dev = /run/shared/registrydata
type = ext4
"""
SUBSETS = {
    1: "00database",
    2: "01appservers",
    3: "01appservers",
    4: "01appservers",
    5: "01appservers",
    6: "02webservers",
    7: "02webservers",
}
BUSYBOX = (
    """[DEFAULT]
autostart_node = n1
app = OSVCLAB
service_type = DEV
nodes = n1 n2
docker_data_dir = /opt/busybox/appdata
docker_daemon_args = --ip 10.99.0.72

"""
    + "".join(f"[container#{n}]\ntype = docker\nrun_image = {{image}}\nsubset = {subset}\n\n" for n, subset in SUBSETS.items())
    + """[subset#container.docker:01appservers]
parallel = true

[subset#container.docker:02webservers]
parallel = false

[fs#1]
mnt_opt = rw
mnt = /opt/busybox
dev = /run/shared/busyboxroot
type = ext4

[fs#2]
mnt_opts = rw
mnt = /opt/busybox/appdata
dev = /run/shared/appdata
type = ext4
"""
)
REGISTRY_UP = """|- avail                  up
|  |- container#1    .... up       ID12@registry:latest
|  |- fs#1           .... up       /run/shared/registryroot@/opt/registry
|  |- fs#2           .... up       /run/shared/dockerdata@/opt/registry/dockerdata
|  |- fs#3           .... up       /run/shared/registrydata@/opt/registry/registrydata
|  '- ip#1           .... up       registry.opensvc.com@eth0"""
REGISTRY_DOWN = """|- avail                  down
|  |- container#1    .... down     {image}
|  |  |                            # docker daemon is not running
|  |- fs#1           .... down     /run/shared/registryroot@/opt/registry
|  |- fs#2           .... down     /run/shared/dockerdata@/opt/registry/dockerdata
|  |- fs#3           .... down     /run/shared/registrydata@/opt/registry/registrydata
|  '- ip#1           .... down     registry.opensvc.com@eth0"""
BUSYBOX_UP = "\n".join(
    [
        "|- avail                  up",
        *(f"|  |- container#{n}    .... up       ID12@opensvc/busybox:date" for n in SUBSETS),
        "|  |- fs#1           .... up       /run/shared/busyboxroot@/opt/busybox",
        "|  '- fs#2           .... up       /run/shared/appdata@/opt/busybox/appdata",
    ]
)
BUSYBOX_DOWN = "\n".join(
    [
        "|- avail                  down",
        *(
            f"|  |- container#{n}    .... down     {{image}}\n|  |  |                            # docker daemon is not running"
            for n in SUBSETS
        ),
        "|  |- fs#1           .... down     /run/shared/busyboxroot@/opt/busybox",
        "|  '- fs#2           .... down     /run/shared/appdata@/opt/busybox/appdata",
    ]
)


def test_the_services_of_the_tutorial_run_side_by_side_and_move_to_the_other_node(lab):
    n1, n2 = lab.nodes
    lab.hosts("registry.opensvc.com", "10.99.0.71")
    for name, megabytes in (("registryroot", 16), ("dockerdata", 96), ("registrydata", 16), ("busyboxroot", 16), ("appdata", 96)):
        lab.disk(name, megabytes)
    registry, busybox = load(n1, "dockerdata")[HTTPD], load(n1, "appdata")[DATE]
    n1("sh -c 'for name in registryroot registrydata busyboxroot; do mkfs.ext4 -q /run/shared/$name; done'")
    for node in lab.nodes:
        node.write("/etc/opensvc/registry.env", REGISTRY.format(image=registry))
        node.write("/etc/opensvc/busybox.env", BUSYBOX.format(image=busybox))
        node("svcmgr -s registry,busybox print status")  # makes the commands named after services
    first = n1("svcmgr -s busybox start")
    n1("/etc/opensvc/registry start")
    _started_in_order(first.stdout)
    for node, of_registry, of_busybox in ((n1, REGISTRY_UP, BUSYBOX_UP), (n2, REGISTRY_DOWN, BUSYBOX_DOWN)):
        assert avail(node, "registry") == of_registry.format(image=registry).splitlines()
        assert avail(node, "busybox") == of_busybox.format(image=busybox).splitlines()
    containers = ps(n1, "registry") | ps(n1, "busybox")
    _listed(containers)
    rows = [line.split()[:9] for line in n1("svcmon --service=registry,busybox").stdout.splitlines()[3:]]
    assert rows == [
        ["registry", "DEV", "hosted", "up", "up", "n/a", "up", "n/a", "n/a"],
        ["busybox", "DEV", "hosted", "up", "n/a", "n/a", "up", "n/a", "n/a"],
    ]
    n1.write("/opt/registry/registrydata/index.html", "It works\n")
    assert n2("curl -s http://registry.opensvc.com:5000/").stdout == "It works\n"
    watched = n1.begin(f"/etc/opensvc/busybox docker attach --sig-proxy=false {containers['busybox.container.7'][1]}")
    assert re.search(r" UTC \d{4}$", watched.stdout.readline())
    n1("sync")

    n1.power_off()
    n2("svcmgr -s registry,busybox start", timeout=200)
    assert avail(n2, "registry") == REGISTRY_UP.splitlines()
    assert avail(n2, "busybox") == BUSYBOX_UP.splitlines()
    assert ps(n2, "registry") | ps(n2, "busybox") == containers  # started again, not made anew
    assert n2("curl -s http://registry.opensvc.com:5000/").stdout == "It works\n"

    n2("/etc/opensvc/registry stop")
    assert avail(n2, "registry") == REGISTRY_DOWN.format(image=registry).splitlines()
    assert avail(n2, "busybox") == BUSYBOX_UP.splitlines()
    n2("/etc/opensvc/busybox stop")
    leaves_nothing(n2)


def _started_in_order(log):
    begun = re.findall(r"CONTAINER#(\d) +docker \S+ \S+ (create|start)", log)
    steps = [(int(number), verb) for number, verb in begun]
    place = {step: steps.index(step) for step in steps}
    assert log.count("dockerd --host") == 1
    assert place[1, "start"] < min(place[n, "create"] for n in (2, 3, 4, 5))
    # all four are begun before the first of them is through
    assert max(place[n, "create"] for n in (2, 3, 4, 5)) < place[6, "create"]
    assert max(place[n, "start"] for n in (2, 3, 4, 5)) < place[6, "create"]
    assert place[6, "start"] < place[7, "create"]


def _listed(containers):
    names = list(containers)
    assert names[0] == "registry.container.1" and containers[names[0]][0] == HTTPD
    assert names[1:3] == ["busybox.container.7", "busybox.container.6"] and names[-1] == "busybox.container.1"
    assert sorted(names[3:7]) == [f"busybox.container.{n}" for n in (2, 3, 4, 5)]
    assert {containers[name][0] for name in names[1:]} == {DATE}
