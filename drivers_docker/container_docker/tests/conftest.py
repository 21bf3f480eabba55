"""A docker daemon in namespaces of its own, for the tests of containers."""

from __future__ import annotations

from opensvc_driver_container_docker import testing

docker_socket, host_daemon = testing.docker_socket, testing.host_daemon
