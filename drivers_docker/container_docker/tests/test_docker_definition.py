"""From the words of the file to those of docker."""

import pytest
from opensvc_driver_container_docker.definition import extra_words, name_in, resolved, variables
from opensvc_driver_container_docker.driver import Docker

from opensvc_core.testing.fakes import context_for


def docker(folder, rid="container#1", service="web", **values):
    return Docker(context_for(rid, folder, service=service), {"image": "busybox", **values})


def words(folder, **values):
    return list(docker(folder, **values).definition(lambda rid: f"NAME-OF-{rid}").words)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"hostname": "h"}, ["--hostname=h"]),
        ({"netns": "host"}, ["--network=host"]),
        ({"netns": "container#0"}, ["--network=container:NAME-OF-container#0"]),
        ({"pidns": "container#0", "ipcns": "container#0"}, ["--pid=container:NAME-OF-container#0", "--ipc=container:NAME-OF-container#0"]),
        ({"utsns": "none"}, []),
        ({"utsns": "host", "userns": "host"}, ["--uts=host", "--userns=host"]),
        ({"privileged": True, "tty": True, "interactive": True, "rm": True}, ["--rm", "--interactive", "--tty", "--privileged"]),
        ({"privileged": False, "tty": None}, []),
        ({"volume_mounts": ["/a:/b:ro", "v:/c"], "devices": ["/dev/fuse"]}, ["--volume=/a:/b:ro", "--volume=v:/c", "--device=/dev/fuse"]),
        ({"user": "1:2", "entrypoint": ["/bin/sh", "-x"]}, ["--user=1:2", "--entrypoint=/bin/sh"]),
        ({"run_args": ["-v", "/a:/b", "-p", "5000:5000"]}, ["-v", "/a:/b", "-p", "5000:5000"]),
        ({"run_args": ["--net", "container#2"]}, ["--net", "container:NAME-OF-container#2"]),
    ],
)
def test_keywords_become_options(tmp_path, values, expected):
    assert words(tmp_path, **values) == expected


def test_the_rest_of_the_entrypoint_stands_before_the_command(tmp_path):
    found = docker(tmp_path, entrypoint=["/bin/sh", "-c"], command=["true", "x y"]).definition(str)
    assert found.entry == ("-c", "true", "x y")


def test_what_only_docker_run_takes_is_left_out():
    assert extra_words(["-d", "-itd", "--detach=true", "-it", "-p", "1:2"]) == ["-it", "-it", "-p", "1:2"]


@pytest.mark.parametrize("run_args", [["--name", "front", "-t"], ["-t", "--name=front"]])
def test_a_name_in_run_args_is_the_name(tmp_path, run_args):
    assert docker(tmp_path, run_args=run_args).name == "front"
    assert extra_words(run_args) == ["-t"]
    assert name_in([]) == ""


@pytest.mark.parametrize(
    ("service", "rid", "name"), [("web", "container#1", "web.container.1"), ("test/svc/web", "container#db", "test..web.container.db")]
)
def test_default_names(tmp_path, service, rid, name):
    assert docker(tmp_path, rid=rid, service=service).name == name


def test_no_value_of_a_variable_stands_on_the_command_line(tmp_path):
    found = docker(tmp_path, environment=["PASSWORD=secret", "TITLE=a b", "PATH=/app"]).definition(str)
    assert found.environment_words() == ["--env", "PASSWORD", "--env", "TITLE", "--env", "PATH=/app"]
    # the client itself would look for its files there
    assert found.secret_variables() == {"PASSWORD": "secret", "TITLE": "a b"}


def test_a_mark_changes_with_every_part_of_the_definition(tmp_path):
    values = [{}, {"image": "b"}, {"command": ["x"]}, {"environment": ["A=1"]}, {"environment": ["A=2"]}, {"run_args": ["-t"]}]
    marks = [one.definition(str).mark(one.image) for one in (docker(tmp_path, **value) for value in values)]
    assert len(set(marks)) == len(values)
    assert marks[0] == docker(tmp_path).definition(str).mark("busybox")


def test_a_word_that_is_no_variable_is_an_error():
    with pytest.raises(ValueError, match="'A' is no variable"):
        variables(["A"])


def test_only_a_whole_word_stands_for_a_container():
    assert resolved(["a container#1", "--label=container#1"], str.upper) == ("a container#1", "--label=container:CONTAINER#1")


def test_a_private_daemon_needs_its_data_directory(tmp_path):
    with pytest.raises(ValueError, match="docker_data_dir"):
        docker(tmp_path, docker_daemon_private=True)
    assert docker(tmp_path, container_data_dir="/d").is_private
    assert not docker(tmp_path, container_data_dir="/d", docker_daemon_private=False).is_private
