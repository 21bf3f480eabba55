"""The keywords of a container, and the definition that follows from them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from opensvc_core.api import Context, Keyword, Resource, boolean, duration, shell_words, text, tristate
from opensvc_driver_container_docker import limits
from opensvc_driver_container_docker.definition import Definition, extra_words, name_in, resolved, variables


def variable_words(value: str) -> list[str]:
    """Words `NAME=value`. Raises ValueError for a word that is none."""
    words = shell_words(value)
    variables(words)
    return words


class DockerKeywords(Resource):
    """What the file says of a container."""

    image = Keyword(
        text,
        required=True,
        scopable=True,
        aliases=("run_image",),
        text="The image: a name, a digest, or the number of one that the daemon has.",
        example="registry.example.com/shop/web:2.4",
    )
    command = Keyword(
        shell_words,
        default=[],
        scopable=True,
        aliases=("run_command",),
        text="What runs in the container, where it is not what the image says.",
        example="/bin/httpd -f -p 8080",
    )
    run_args = Keyword(
        shell_words,
        default=[],
        scopable=True,
        text="Further options of `docker create`; `container#2` in one stands for that container of the service.",
        example="-v /srv/web/data:/data -p 8080:8080",
    )
    entrypoint = Keyword(
        shell_words, default=[], scopable=True, text="The program of the container, in the place of the image's.", example="/bin/sh -c"
    )
    hostname = Keyword(text, scopable=True, text="The host name in the container.", example="{name}")
    container_name = Keyword(
        text, name="name", scopable=True, inherit="", text="The container's name; default: `<service>.container.<n>`.", example="web-front"
    )
    rm = Keyword(boolean, default=False, scopable=True, text="Docker removes the container when it ends.")
    detach = Keyword(boolean, default=True, scopable=True, text="`false`: a start waits for the end of the container, which has to be 0.")
    interactive = Keyword(tristate, scopable=True, text="Keep the container's input open.")
    tty = Keyword(tristate, scopable=True, text="Give the container a terminal.")
    privileged = Keyword(tristate, scopable=True, text="Let the container do what root may do on the host.")
    netns = Keyword(
        text,
        scopable=True,
        aliases=("net",),
        text="The network of the container: `host`, `none`, a network of docker, or that of another container.",
        example="container#0",
    )
    pidns = Keyword(text, scopable=True, text="Its processes: `host`, or those of another container.", example="container#0")
    ipcns = Keyword(
        text, scopable=True, text="Its shared memory: `host`, `none`, `shareable`, or that of another container.", example="shareable"
    )
    utsns = Keyword(text, scopable=True, candidates=("none", "host"), text="Its host name: `host` for the host's own.")
    userns = Keyword(text, scopable=True, candidates=("host",), text="Its users: `host` for the host's own.")
    volume_mounts = Keyword(
        shell_words,
        default=[],
        scopable=True,
        text="What is mounted in it: `SOURCE:TARGET[:OPTIONS]`, a source from the root or a volume of docker.",
        example="{fs#1.mnt}/data:/data:rw /etc/localtime:/etc/localtime:ro",
    )
    devices = Keyword(shell_words, default=[], scopable=True, text="Devices of the host for it: `SOURCE[:TARGET]`.", example="/dev/fuse")
    environment = Keyword(
        variable_words,
        default=[],
        scopable=True,
        text="Variables of the container. Their values stand on no command line.",
        example="MODE=live 'TITLE=My shop' PASSWORD={file:///etc/shop/password}",
    )
    user = Keyword(text, scopable=True, text="Who runs the container's program: a name or number of the image.", example="1000:1000")
    image_pull_policy = Keyword(
        text,
        default="once",
        candidates=("once", "always"),
        scopable=True,
        text="Pull the image when it is missing (`once`), or before each start of the container (`always`).",
    )
    pull_timeout = Keyword(duration, default=120.0, scopable=True, text="Seconds that a pull may take; not part of `start_timeout`.")
    start_timeout = Keyword(duration, default=5.0, scopable=True, text="Seconds until the container has to be up.")
    stop_timeout = Keyword(duration, default=120.0, scopable=True, text="Seconds that it has to end by itself; then it is killed.")
    data_dir = Keyword(
        text,
        name="container_data_dir",
        scopable=True,
        aliases=("docker_data_dir",),
        text="The data of the service's private docker daemon (in [DEFAULT]); without it, the container is in the host's daemon.",
        example="/srv/{name}/docker",
    )
    daemon_args = Keyword(
        shell_words,
        default=[],
        name="docker_daemon_args",
        scopable=True,
        text="Arguments for the service's private docker daemon (in [DEFAULT]).",
        example="--ip 192.0.2.10",
    )
    daemon_private = Keyword(
        tristate,
        name="docker_daemon_private",
        scopable=True,
        text="`false`: the host's daemon, although there is a data directory (in [DEFAULT]).",
    )
    docker_exe = Keyword(text, default="docker", scopable=True, text="The command line client of docker (in [DEFAULT]).")
    dockerd_exe = Keyword(text, default="dockerd", scopable=True, text="The daemon that is started (in [DEFAULT]).")

    def __init__(self, context: Context, values: Mapping[str, Any]) -> None:
        super().__init__(context, values)
        if self.daemon_private and not self.data_dir:
            raise ValueError("docker_daemon_private: a private daemon needs a data directory (DEFAULT.docker_data_dir)")

    @property
    def is_private(self) -> bool:
        """The container is in a daemon of the service's own."""
        return bool(self.data_dir) and self.daemon_private is not False

    @property
    def name(self) -> str:
        """The container's name."""
        return self.container_name or name_in(self.run_args) or self.default_name(self.rid)

    def default_name(self, rid: str) -> str:
        """The name of a container of the service that has none of its own: `web.container.1`, in a namespace `ns..web.container.1`."""
        path = self.context.service.path
        prefix = "" if path.namespace in ("", "root") else f"{path.namespace}.."
        return f"{prefix}{path.name}.{rid.replace('#', '.')}"

    def definition(self, name_of: Callable[[str], str], *, cgroup: str = "") -> Definition:
        """What the container is made of.

        `name_of` tells the name of another container of the service, `cgroup` the control group that it is to be in; empty: docker's.
        """
        words = [*self._switches(), *self._options(), *self._limits(), *extra_words(self.run_args)]
        words += [f"--cgroup-parent={cgroup}"] if cgroup else []
        entry = [*self.entrypoint[1:], *self.command]
        return Definition(resolved(words, name_of), variables(self.environment), tuple(entry))

    def _limits(self) -> list[str]:
        groups = self.context.groups
        return limits.words(groups[-1].limits, os.cpu_count() or 1) if groups and groups[-1].path else []

    def _switches(self) -> list[str]:
        given = {"--rm": self.rm, "--interactive": self.interactive, "--tty": self.tty, "--privileged": self.privileged}
        return [word for word, is_given in given.items() if is_given]

    def _options(self) -> list[str]:
        single = {
            "hostname": self.hostname,
            "network": self.netns,
            "pid": self.pidns,
            "ipc": self.ipcns,
            "uts": self.utsns if self.utsns == "host" else None,
            "userns": self.userns,
            "user": self.user,
            "entrypoint": self.entrypoint[0] if self.entrypoint else None,
        }
        several = {"volume": self.volume_mounts, "device": self.devices}
        return [
            *(f"--{name}={value}" for name, value in single.items() if value),
            *(f"--{name}={value}" for name, values in several.items() for value in values),
        ]
