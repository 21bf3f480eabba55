"""Limits of containers, of their service and of a subset."""

from images import DATE, needs_docker

from .conftest import WEB, said, seen

pytestmark = needs_docker


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
