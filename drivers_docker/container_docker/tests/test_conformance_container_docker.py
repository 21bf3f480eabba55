"""The driver container.docker keeps what every driver promises; here in the host's daemon, in the system tests in its own."""

import json
import subprocess

import pytest

from opensvc_core.testing.conformance import Case, Conformance

# the first of them starts a daemon
pytestmark = pytest.mark.timeout(400)
IMAGE = "opensvc/test:1"


def footprint():
    """The containers, and whether they have processes."""
    lines = subprocess.run(["docker", "ps", "--all", "--format", "{{json .}}"], capture_output=True, text=True, check=True).stdout
    return sorted((one["Names"], one["State"] == "running") for one in map(json.loads, lines.splitlines()))


def kill(service):
    subprocess.run(["docker", "kill", f"{service.path}.container.1"], capture_output=True, check=True)


class TestConformance(Conformance):
    @pytest.fixture(autouse=True)
    def in_host_daemon(self, host_daemon):
        return host_daemon

    def case(self, folder):
        text = f"[container#1]\ntype = docker\nimage = {IMAGE}\nstop_timeout = 1s\n"
        hanging = f"{text}detach = false\nstart_timeout = 1s\n"
        return Case(text, rid="container#1", footprint=footprint, remove=kill, hanging=hanging, limit=60.0)
