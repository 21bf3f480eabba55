"""Containers in a docker daemon of their service: on the service's file system, moved with it, mended after accidents."""

import json
import re
import shutil
import time

import pytest
from images import DATE, HTTPD, load

if not shutil.which("dockerd") or not shutil.which("/bin/busybox"):
    pytest.skip("needs a docker daemon and something to run in it: apt-get install docker.io busybox-static", allow_module_level=True)

ID = "11111111-2222-3333-4444-555555555555"
WEB = """[DEFAULT]
id = 11111111-2222-3333-4444-555555555555
docker_data_dir = /srv/web/docker
[fs#1]
type = ext4
dev = /run/shared/data
mnt = /srv/web
[container#1]
type = docker
image = opensvc/busybox:date
"""
SOCKET = "/run/opensvc/svc/web/docker/docker.sock"


@pytest.fixture(scope="module")
def loaded(module_lab):
    module_lab.disk("data", 128)
    n1, _ = module_lab.nodes
    load(n1, "data", "docker")
    return n1


@pytest.fixture
def node(loaded):
    """A node with the service `web`, whose daemon has the images; stopped and without containers at the end."""
    loaded.write("/etc/opensvc/web.conf", WEB)
    yield loaded
    loaded("pkill -CONT -x dockerd", code=None)
    loaded("om web stop --local")
    leaves_nothing(loaded)
    loaded("sh -c 'mount /run/shared/data /mnt && rm -rf /mnt/docker/containers/*; umount /mnt'")


def left_over(node):
    """What a stopped service has still got in the running system."""
    found = node("ps axo args").stdout.splitlines()
    links = node("ip -br link").stdout.splitlines()
    mounts = node("cat /proc/self/mountinfo").stdout.splitlines()
    rules = node("sh -c 'iptables -S; iptables -t nat -S'").stdout.splitlines()
    return [
        *(line for line in found if "dockerd" in line or "containerd" in line or "docker-proxy" in line),
        *(line for line in links if line.startswith(("dk", "veth"))),
        *(line for line in mounts if " /srv/" in line or " /opt/" in line or "docker" in line),
        *(line for line in rules if " dk" in line),
        *(node("find /run/opensvc ( -type s -o -type f ) -print", code=None).stdout.splitlines()),
        *(node("find /sys/fs/cgroup -name docker -path '*opensvc*'", code=None).stdout.splitlines()),
    ]


def leaves_nothing(node):
    """Wait until nothing is left; what stays is shown."""
    end = time.monotonic() + 60
    while left := left_over(node):
        assert time.monotonic() < end, left
        time.sleep(0.1)


def seen(node, rid="container#1", service="web"):
    """Status, label and messages of a resource."""
    found = json.loads(node(f"om {service} print status --format json", code=None).stdout)["resources"][rid]
    return found["status"], found["label"], found.get("log", [])


def said(done):
    return done.stdout + done.stderr


def avail(node, service):
    """The part of the classic layout that shows the service itself, with the numbers of containers replaced."""
    lines = node(f"/etc/opensvc/{service} print status", code=None).stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|- avail"))
    last = next(number for number, line in enumerate(lines) if line.startswith("|- sync"))
    return [re.sub(r"\b[0-9a-f]{12}@", "ID12@", line) for line in lines[first:last]]


def ps(node, service):
    """Names of the containers → image and number, in the order of `docker ps`, the latest first."""
    lines = node(f"/etc/opensvc/{service} docker ps --format '{{{{.Names}}}} {{{{.Image}}}} {{{{.ID}}}}'").stdout.splitlines()
    return {line.split()[0]: tuple(line.split()[1:]) for line in lines}


# -- the tutorial


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


# -- accidents


def test_the_daemon_killed_under_a_running_service_is_told_and_mended(node):
    node("om web start --local")
    _, label, _ = seen(node)
    pid = node.read("/run/opensvc/svc/web/docker/docker.pid").strip()
    assert "/svc.web/docker" in node.read(f"/proc/{pid}/cgroup")
    node(f"kill -KILL {pid}")
    node.wait_for(lambda: not node.exists(f"/proc/{pid}"))
    status, shown, (message,) = seen(node)
    assert (status, shown) == ("warn", DATE)
    assert "docker daemon is not running, and its containers run on (pid " in message
    node("om web start --local")
    assert seen(node)[:2] == ("up", label)
    assert len(node("pgrep -x dockerd").stdout.split()) == 1


def test_a_service_whose_daemon_was_killed_can_be_stopped(node):
    node("om web start --local")
    node("pkill -KILL -x dockerd")
    node("om web stop --local")
    assert seen(node) == ("down", DATE, ["info: docker daemon is not running"])
    leaves_nothing(node)


def test_a_container_that_was_removed_is_made_anew(node):
    node("om web start --local")
    before = seen(node)[1]
    node("om web docker rm --force {container#1}")
    assert seen(node) == ("down", DATE, [])
    node("om web start --local")
    status, label, _ = seen(node)
    assert status == "up" and label != before


def test_a_container_that_ended_by_itself_is_told_and_started_again(node):
    node("om web start --local")
    before = seen(node)[1]
    node("om web docker kill {container#1}")
    assert seen(node) == ("down", DATE, ["info: exited, code 137"])
    node("om web docker start {container#1}")
    node("om web docker pause {container#1}")
    assert seen(node) == ("warn", before, ["warn: paused; 'docker unpause' lets it go on"])
    node("om web start --local")
    assert seen(node) == ("up", before, [])


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (
            "127.0.0.1:5000/none:1",
            "docker --host unix:///run/opensvc/svc/web/docker/docker.sock pull --quiet 127.0.0.1:5000/none:1: exit code 1: ",
        ),
        ("0123456789ab", "container#1.image: 0123456789ab is not in the docker daemon, and a number can't be pulled; load it there"),
    ],
    ids=["name", "number"],
)
def test_a_missing_image_ends_the_start_which_is_taken_back(node, image, text):
    node.write("/etc/opensvc/web.conf", WEB.replace(DATE, image))
    assert text in said(node("om web start --local", code=1))
    assert seen(node)[0] == "down"
    leaves_nothing(node)


def test_a_daemon_that_answers_nothing_is_given_up_in_time(node):
    node("om web start --local")
    label = seen(node)[1]
    node("pkill -STOP -x dockerd")
    began = time.monotonic()
    status, _, (message,) = seen(node)
    assert (status, message) == ("warn", f"warn: docker daemon does not answer (2s): {SOCKET}")
    assert time.monotonic() - began < 30  # it would never answer
    node("pkill -CONT -x dockerd")
    node.wait_for(lambda: seen(node) == ("up", label, []))


def test_a_daemon_that_refuses_to_start_says_why(node):
    node.write("/etc/opensvc/web.conf", WEB.replace("[fs#1]", "docker_daemon_args = --storage-driver nosuch\n[fs#1]"))
    text = said(node("om web start --local", code=1))
    assert "E dockerd: failed to start daemon: error initializing graphdriver: driver not supported" in text
    assert "the docker daemon of the service does not start: failed to start daemon: " in text
    assert "dockerd.log)" in text
    leaves_nothing(node)


def test_a_daemon_is_not_started_beside_its_data(node):
    node("om web start --local")
    node("om web stop --local")
    node("mkdir -p /srv/web")
    text = said(node("om web start --local --rid container#1", code=1))
    assert "the docker daemon's data, /srv/web/docker, was on the file system at /srv/web, which is not mounted; start that" in text
    assert not node.exists("/srv/web/docker")


@pytest.mark.parametrize("line", ["ip link add", "dockerd --host", "wait for", " create ", " start "])
def test_a_start_killed_anywhere_is_completed_by_the_next(node, line):
    begun = node.begin("om web start --local")
    while line not in begun.stdout.readline():
        assert begun.poll() is None
    node("pkill -KILL -f 'om web start'", code=None)  # it may have been quicker
    begun.wait(60)
    node.wait_for(lambda: seen(node)[0] in ("down", "up"))
    node("om web start --local")
    assert seen(node)[0] == "up"
    assert len(node("pgrep -x dockerd").stdout.split()) == 1


# -- containers


def test_members_of_a_parallel_subset_start_the_daemon_once(node):
    others = "".join(f"[container#{n}]\ntype = docker\nimage = {DATE}\n" for n in (2, 3, 4))
    node.write("/etc/opensvc/web.conf", f"{WEB}{others}[subset#container]\nparallel = true\n")
    done = node("om web start --local")
    assert done.stdout.count("dockerd --host") == 1
    assert [seen(node, f"container#{n}")[0] for n in (1, 2, 3, 4)] == 4 * ["up"]
    node("om web stop --local --rid container#1,container#2")
    assert [seen(node, f"container#{n}")[0] for n in (1, 2, 3, 4)] == ["down", "down", "up", "up"]
    assert node("om web stop --local").stdout.count("stop the docker daemon") == 1


def test_a_changed_definition_is_applied_by_a_restart_and_its_network_partner_follows(node):
    partner = f"[container#2]\ntype = docker\nimage = {DATE}\nnetns = container#1\n"
    node.write("/etc/opensvc/web.conf", WEB + partner)
    node("om web start --local")
    before = {rid: seen(node, rid)[1] for rid in ("container#1", "container#2")}
    node.write("/etc/opensvc/web.conf", f"{WEB}hostname = front\n{partner}")
    assert "is already up; its definition has changed, which a restart applies" in node("om web start --local").stdout
    node("om web stop --local")
    node("om web start --local")
    after = {rid: seen(node, rid)[1] for rid in before}
    assert not set(before.values()) & set(after.values())
    assert node("om web docker exec {container#2} cat /etc/hostname").stdout == "front\n"


def test_secrets_are_in_the_container_and_on_no_command_line(node):
    node.write("/etc/web.password", "s3cret\n", 0o600)
    node.write("/root/docker", "#!/bin/sh\ntr '\\0' ' ' </proc/$$/cmdline >>/run/lines\nexec docker \"$@\"\n", 0o755)
    head, _, rest = WEB.partition("[fs#1]")
    variables = "environment = PASSWORD={file:///etc/web.password} 'TITLE=a b' PATH=/bin:/app\n"
    node.write("/etc/opensvc/web.conf", f"{head}docker_exe = /root/docker\n[fs#1]{rest}{variables}")
    log = said(node("om web start --local"))
    found = node("om web docker exec {container#1} env").stdout.splitlines()
    assert {"PASSWORD=s3cret", "TITLE=a b", "PATH=/bin:/app"} <= set(found)
    lines = node.read("/run/lines")
    assert "create --name web.container.1" in lines and "--env PASSWORD" in lines
    assert "s3cret" not in lines + log
    assert node("grep -r s3cret /var/log/opensvc /var/lib/opensvc", code=1).stdout == ""


def test_a_container_that_a_start_waits_for(node):
    once = f"[container#0]\ntype = docker\nimage = {DATE}\ndetach = false\n"
    node.write("/etc/opensvc/web.conf", f"{WEB}{once}command = sh -c 'echo prepared'\n")
    done = node("om web start --local")
    assert "| prepared" in done.stdout
    assert seen(node, "container#0")[0] == "n/a"
    node.write("/etc/opensvc/web.conf", f"{WEB}{once}command = sh -c 'exit 3'\n")
    assert "exit code 3" in said(node("om web start --local", code=1))


def test_a_program_that_is_not_there_is_told_in_docker_s_words(node):
    node.write("/etc/opensvc/web.conf", f"{WEB}command = /no/such/program\n")
    text = said(node("om web start --local", code=1))
    assert "container#1: web.container.1 does not start: " in text and "/no/such/program" in text


def test_docker_takes_the_place_of_the_command(node):
    assert "docker daemon is not running" in node("om web docker ps", code=1).stderr
    node("om web start --local")
    assert node("svcmgr -s web docker exec -i {container#1} sh -c 'exit 7'", code=7).code == 7
    assert node("om web docker exec -i {container#1} cat", stdin="handed over").stdout == "handed over"
    assert node('script -qec "om web docker exec -it {container#1} tty" /dev/null').stdout.removeprefix("^@").startswith("/dev/pts/0")
    assert "the service has container#1" in node("om web docker logs {container#9}", code=2).stderr


def test_the_host_s_daemon_is_used_without_a_data_directory(node):
    node("mkdir -p /srv/host")
    node("mount /run/shared/data /srv/host")
    daemon = node.begin("dockerd --data-root /srv/host/docker --bridge none --iptables=false")
    node.wait_for(lambda: node("docker version", code=None).code == 0)
    node.write("/etc/opensvc/host.conf", f"[container#1]\ntype = docker\nimage = {DATE}\nstop_timeout = 1\n")
    try:
        node(f"docker run --detach --name host.container.1 --net none {DATE}")
        assert seen(node, service="host")[0] == "down"
        assert "is already in use by container" in said(node("om host start --local", code=1))
        assert node("docker inspect --format '{{.State.Status}}' host.container.1").stdout == "running\n"
        node("docker rm --force host.container.1")
        node("om host start --local")
        assert seen(node, service="host")[0] == "up"
        node("om host stop --local")
        node.wait_for(lambda: seen(node, service="host") == ("down", DATE, ["info: exited, code 143"]))
        assert daemon.poll() is None
        node("om host unprovision --local")
        assert node("docker ps --all --quiet").stdout == ""
    finally:
        node("rm /etc/opensvc/host.conf")
        node("pkill -TERM -x dockerd")
        daemon.communicate(timeout=60)
        node("umount /srv/host")


# -- limits

# Takes all memory that there is, as soon as it is told to: a start has seen it up before.
EATER = "sh -c 'until [ -e /go ]; do sleep 0.1; done; exec /bin/busybox tail /dev/zero'"


def groups(node, container):
    """Where a container is in each hierarchy."""
    pid = node(f"om web docker inspect --format '{{{{.State.Pid}}}}' {container}").stdout.strip()
    lines = (line.split(":", 2) for line in node.read(f"/proc/{pid}/cgroup").splitlines())
    return {name: path for _, names, path in lines for name in names.split(",")}


def limit(node, controller, file, folder):
    return node.read(f"/sys/fs/cgroup/{controller}{folder}/{file}").strip()


def test_the_limits_of_a_container_are_docker_s(node):
    own = "pg_mem_limit = 64m\npg_vmem_limit = 64m\npg_cpu_quota = 50%@2\npg_cpus = 1\npg_cpu_shares = 512\n"
    eater = f"[container#2]\ntype = docker\nimage = {DATE}\npg_vmem_limit = 32m\ncommand = {EATER}\n"
    node.write("/etc/opensvc/web.conf", f"{WEB}{own}{eater}")
    text = said(node("om web start --local"))
    assert "has no effect" not in text
    found = groups(node, "{container#1}")
    assert limit(node, "memory", "memory.memsw.limit_in_bytes", found["memory"]) == str(64 << 20)
    assert limit(node, "cpu", "cpu.cfs_quota_us", found["cpu"]) == "100000"
    assert (limit(node, "cpuset", "cpuset.cpus", found["cpuset"]), limit(node, "cpu", "cpu.shares", found["cpu"])) == ("1", "512")
    node("om web docker exec {container#2} /bin/busybox touch /go")
    node.wait_for(lambda: seen(node, "container#2") == ("down", DATE, ["info: exited, code 137"]))


def test_the_limits_of_a_service_and_a_subset_hold_for_its_containers(node):
    head, _, rest = WEB.partition("[fs#1]")
    sets = "[subset#container:small]\npg_mem_limit = 48m\npg_vmem_limit = 48m\n"
    eater = f"[container#2]\ntype = docker\nimage = {DATE}\nsubset = small\ncommand = {EATER}\n"
    node.write("/etc/opensvc/web.conf", f"{head}pg_cpus = 1\npg_cpu_quota = 150%\n{sets}[fs#1]{rest}{eater}")
    node("om web start --local")
    found = groups(node, "{container#1}")
    assert found["cpu"].startswith("/opensvc/svc.web/")
    assert limit(node, "cpu", "cpu.cfs_quota_us", "/opensvc/svc.web") == "150000"
    assert limit(node, "cpuset", "cpuset.cpus", found["cpuset"]) == "1"
    assert limit(node, "memory", "memory.memsw.limit_in_bytes", "/opensvc/svc.web/subset.container:small") == str(48 << 20)
    node("om web docker exec {container#2} /bin/busybox touch /go")
    node.wait_for(lambda: seen(node, "container#2") == ("down", DATE, ["info: exited, code 137"]))
    assert seen(node)[0] == "up"
    daemon = node.read("/run/opensvc/svc/web/docker/docker.pid").strip()
    assert ":cpu:/opensvc/svc.web/docker" in node.read(f"/proc/{daemon}/cgroup")
    node("om web stop --local")
    assert node("find /sys/fs/cgroup -path '*opensvc*'", code=None).stdout == ""
