"""A host as one look at several services sees it."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from opensvc_core.instance.host import Glance, Host


@pytest.fixture
def begin():
    begun = []

    def start(**environ):
        process = subprocess.Popen(["sleep", "1000"], env={**os.environ, **environ})
        begun.append(process)
        wanted, until = {f"{name}={value}".encode() for name, value in environ.items()}, time.monotonic() + 30
        # in the moment of its exec it has no environment to be seen
        while not wanted <= set(Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")):
            assert time.monotonic() < until
            time.sleep(0.005)
        return process

    yield start
    for process in begun:
        process.kill()
        process.wait()


def pids(host, **environ):
    return {process.pid for process in host.find_processes(environ)}


def test_a_glance_finds_what_the_host_finds(begin):
    mark = {"OPENSVC_RID": "app#1", "OPENSVC_VAR": f"/{os.getpid()}"}
    one, other = begin(**mark), begin(**{**mark, "OPENSVC_RID": "app#2"})
    glance = Glance(Host())
    assert pids(glance, **mark) == pids(Host(), **mark) == {one.pid}
    assert pids(glance, OPENSVC_VAR=mark["OPENSVC_VAR"]) == {one.pid, other.pid}


def test_what_has_ended_since_is_not_found_and_what_came_later_only_by_a_new_glance(begin):
    mark = {"OPENSVC_VAR": f"/{os.getpid()}"}
    one, other = begin(**mark), begin(**mark)
    glance = Glance(Host())
    assert pids(glance, **mark) == {one.pid, other.pid}
    one.kill()
    one.wait()
    later = begin(**mark)
    assert pids(glance, **mark) == {other.pid}
    assert pids(Glance(Host()), **mark) == {other.pid, later.pid}


def test_variables_that_are_not_ours_are_looked_for_anew(begin):
    glance = Glance(Host())
    glance.find_processes({"OPENSVC_VAR": "/none"})
    process = begin(OTHERS_OWN=str(os.getpid()))
    assert pids(glance, OTHERS_OWN=str(os.getpid())) == {process.pid}
