"""The names and places of a private daemon, its log, its network; and the command that passes on."""

from pathlib import Path

import pytest
from opensvc_driver_container_docker import network
from opensvc_driver_container_docker.daemon import Places, PrivateDaemon, plain
from opensvc_driver_container_docker.driver import Docker
from opensvc_driver_container_docker.home import holder
from opensvc_driver_container_docker.leftovers import made_by_docker, mounts
from opensvc_driver_container_docker.passing import meant, replaced

from opensvc_core.api import UsageError
from opensvc_core.testing.fakes import context_for


def argv(folder, *arguments):
    return PrivateDaemon(context_for("container#1", folder), "/data", arguments, "dockerd").argv()


def option(words, name):
    return words[words.index(name) + 1] if name in words else None


def test_two_services_share_nothing():
    one, other = Places.of(Path("/run/opensvc/svc/a")), Places.of(Path("/run/opensvc/svc/b"))
    assert not {one.folder, one.socket, one.bridge, one.namespace} & {other.folder, other.socket, other.bridge, other.namespace}
    assert len(one.bridge) <= 15


def test_the_paths_of_sockets_fit_into_what_the_kernel_takes():
    places = Places.of(Path("/srv") / ("long" * 30))
    assert len(f"{places.folder}/exec/containerd/containerd-debug.sock.ttrpc") <= 107


def test_a_daemon_has_a_bridge_of_its_own_unless_its_arguments_say_otherwise(tmp_path):
    assert option(argv(tmp_path, "--ip", "192.0.2.1"), "--bridge").startswith("dk")
    for chosen in (["--bridge", "none"], ["--bridge=br0"], ["-b", "br0"], ["--bip=192.0.2.1/24"]):
        assert argv(tmp_path, *chosen).count("--bridge") == (chosen[0] == "--bridge")


def test_settings_of_the_host_s_daemon_are_not_read(tmp_path):
    settings = option(argv(tmp_path), "--config-file")
    assert Path(settings).read_text() == "{}\n"
    assert argv(tmp_path, "--config-file=/etc/docker/daemon.json").count("--config-file") == 0


RULES = """-P FORWARD ACCEPT
-N DOCKER
-A FORWARD -o dk1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i dk1 ! -o dk1 -j ACCEPT
-A FORWARD -i dk12 -j ACCEPT
-A POSTROUTING -s 172.17.0.0/16 ! -o dk1 -j MASQUERADE
"""


def test_only_rules_of_the_bridge_are_removed():
    assert [" ".join(words) for words in network.rules_of("dk1", RULES)] == [
        "-D FORWARD -o dk1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-D FORWARD -i dk1 ! -o dk1 -j ACCEPT",
        "-D POSTROUTING -s 172.17.0.0/16 ! -o dk1 -j MASQUERADE",
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('time="2026-11-21T08:02:46Z" level=error msg="a \\"b\\" c" module=x', 'a "b" c'),
        ("failed to start daemon: no space left", "failed to start daemon: no space left"),
    ],
)
def test_lines_of_the_log_without_decoration(line, text):
    assert plain(line) == text


# after a kill: the mount of the service, its data directory bound onto itself, a container's file system
MOUNTS = """22 1 8:1 / / rw - ext4 /dev/sda1 rw
30 22 7:0 / /srv/web rw - ext4 /dev/loop0 rw
31 30 7:0 /docker /srv/web/docker rw - ext4 /dev/loop0 rw
32 31 0:50 / /srv/web/docker/overlay2/1/merged rw - overlay overlay rw
33 22 7:1 / /srv/other/docker rw - ext4 /dev/loop1 rw
"""


@pytest.mark.parametrize(
    ("data_dir", "points"),
    [
        ("/srv/web/docker", ["/srv/web/docker/overlay2/1/merged", "/srv/web/docker"]),
        # a file system of the service is none of docker's
        ("/srv/web", ["/srv/web/docker/overlay2/1/merged", "/srv/web/docker"]),
        ("/srv/other/docker", []),
    ],
)
def test_what_docker_has_mounted_is_told_from_file_systems_of_the_service(data_dir, points):
    assert list(made_by_docker(data_dir, mounts(MOUNTS))) == points


def test_another_directory_bound_to_the_data_directory_is_not_docker_s():
    text = MOUNTS.replace("7:0 /docker /srv/web/docker", "7:0 /elsewhere /srv/web/docker")
    assert list(made_by_docker("/srv/web/docker", mounts(text))) == ["/srv/web/docker/overlay2/1/merged"]


@pytest.mark.parametrize(
    ("path", "point"), [("/srv/web/docker", "/srv/web"), ("/srv/web", "/srv/web"), ("/srv/web/new", "/srv/web"), ("/var/x", "/")]
)
def test_the_file_system_that_has_a_data_directory(path, point):
    assert holder(path, mounts(MOUNTS)) == point


@pytest.fixture
def containers(tmp_path):
    return [Docker(context_for(f"container#{index}", tmp_path), {"image": "busybox"}) for index in (1, 2)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["exec", "-it", "{container#1}", "sh"], ["exec", "-it", "web.container.1", "sh"]),
        (["cp", "{container#2}:/a", "."], ["cp", "web.container.2:/a", "."]),
        (["rm", "{containers}"], ["rm", "web.container.1", "web.container.2"]),
        (["rmi", "{images}"], ["rmi", "busybox"]),
        (["ps", "--format", "{{.ID}} {{json .}}"], ["ps", "--format", "{{.ID}} {{json .}}"]),
        (["exec", "x", "awk", "{print $1}"], ["exec", "x", "awk", "{print $1}"]),
    ],
)
def test_references_in_the_words_for_docker(containers, words, expected):
    assert replaced(words, lambda name: meant(name, containers)) == expected


def test_a_container_that_the_service_does_not_have_is_refused(containers):
    with pytest.raises(UsageError, match=r"\{container#9\}: the service has container#1, container#2"):
        replaced(["{container#9}"], lambda name: meant(name, containers))
