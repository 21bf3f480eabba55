"""What containers are made of: definitions, secrets, networks, programs, the host's daemon."""

from images import DATE, needs_docker

from .conftest import WEB, said, seen

pytestmark = needs_docker


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
