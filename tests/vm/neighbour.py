"""A neighbour: a second node inside of a machine, with a network, a name and data of its own, which an sshd makes reachable."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Final

from lab.keys import keys
from lab.places import BIN
from lab.site import COMMANDS, SSHD
from vmlab import Inside, UserMode

# the rest of the files is that of the machine
OWN: Final = "/srv /var/lib/opensvc /var/log/opensvc"
FIRST: Final = """\
hostname {name}
for folder in {own}; do mount -n -t tmpfs -o mode=755 own $folder; done
ip link set lo up
ip link add eth0 type veth peer name eth0 netns 1
ip link set eth0 up
ip addr add 10.97.0.2/24 dev eth0
mkdir -p /run/sshd
echo $$ >/run/{name}.pid
exec /usr/sbin/sshd -D -f /etc/ssh/lab_sshd_config
"""


class Neighbour(Inside):
    """The second node; the machine is the first one, and reaches it by its name."""

    def __init__(self, machine: UserMode, name: str = "v2") -> None:
        super().__init__(name)
        self._machine = machine
        for path, text, mode in _files(machine.name, name):
            machine.write(path, text, mode)
        machine("sh -ec '" + "; ".join(f"ln -sf {BIN / command} /usr/local/bin/{command}" for command in COMMANDS) + "'")
        begun = machine.begin(f"unshare --mount --net --uts sh -e /run/{name}.sh")
        machine.wait_for(lambda: machine.exists(f"/run/{name}.pid") or not begun.is_running)
        self._pid = machine.read(f"/run/{name}.pid").strip()
        machine("sh -ec 'ip link set eth0 up; ip addr add 10.97.0.1/24 dev eth0'")
        machine.wait_for(lambda: machine(f"ssh {name} true", code=None).code == 0)

    def _send(self, what: str, **words: Any) -> Future[dict[str, Any]]:
        """Commands alone: the machine's agent is not among its files."""
        assert what == "run", f"{self.name}: {what} is done by the machine, or by a command"
        words["argv"] = ["nsenter", "--target", self._pid, "--mount", "--net", "--uts", "--root", "--", *words["argv"]]
        return self._machine._send(what, **words)


def _files(*names: str) -> list[tuple[str, str, int]]:
    own = keys()
    hosts = [f"10.97.0.{number} {name}" for number, name in enumerate(names, 1)]
    return [
        ("/etc/hosts", "\n".join(["127.0.0.1 localhost", *hosts, ""]), 0o644),
        ("/root/.bashrc", "", 0o644),
        ("/root/.ssh/id_ed25519", own.user, 0o600),
        ("/root/.ssh/authorized_keys", own.user_public, 0o600),
        ("/root/.ssh/known_hosts", f"{','.join(names)},10.97.* {own.host_public}", 0o644),
        ("/etc/ssh/lab_host_key", own.host, 0o600),
        ("/etc/ssh/lab_sshd_config", SSHD, 0o644),
        (f"/run/{names[-1]}.sh", FIRST.format(name=names[-1], own=OWN), 0o644),
    ]
