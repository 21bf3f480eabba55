"""Keys of ssh: those by which the nodes of a service may log in to each other, made, exchanged and authorised by ssh itself."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Final

from opensvc_core.errors import ActionFailed
from opensvc_core.model.remote import RemoteShell

_KINDS: Final = ("id_ed25519", "id_ecdsa", "id_rsa")
_LIMIT: Final = 60.0
# For a person who types a password.
_PATIENCE: Final = 300.0
# Run on the other node: authorises our key, makes our host keys known, and prints the key of that node, made when missing.
_SCRIPT: Final = """\
umask 077; mkdir -p ~/.ssh; cd ~/.ssh || exit 1
add() {{ [ -s "$1" ] && [ -n "$(tail -c1 "$1")" ] && echo >>"$1"; grep -qxF -- "$2" "$1" 2>/dev/null || printf '%s\\n' "$2" >>"$1"; }}
{lines}
for kind in {kinds}; do [ -f $kind.pub ] && {{ cat $kind.pub; exit 0; }}; done
ssh-keygen -q -t ed25519 -N '' -f id_ed25519 </dev/null >/dev/null && cat id_ed25519.pub
"""


class SshKeys:
    """Of this node, whose name is `node`; `folder` holds its user's keys, `user` logs in to the others.

    `asks`: a person is there to be asked for a password, and whether a host is the right one. `believes`: a host key that was
    never seen before is believed; one that has changed never is.
    """

    def __init__(self, node: str, folder: Path, *, user: str, asks: bool, believes: bool) -> None:
        self._node, self._folder, self._shell = node, folder, RemoteShell(user)
        self._asks, self._believes = asks, believes

    def key(self) -> str:
        """The public key of this node, made when missing."""
        for kind in _KINDS:
            file = self._folder / f"{kind}.pub"
            if file.is_file():
                return file.read_text(encoding="utf-8").strip()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = self._folder / _KINDS[0]
        done = _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"opensvc@{self._node}", "-f", str(made)])
        if done.returncode:
            raise ActionFailed(f"{made} can't be made: {done.stderr.strip()}")
        return made.with_suffix(".pub").read_text(encoding="utf-8").strip()

    def exchange(self, peer: str) -> bool:
        """Make both trust each other; False: only the other one trusts us, for its own key is another user's.

        Raises ActionFailed with what is missing.
        """
        lines = [f"add authorized_keys {shlex.quote(self.key())}"]
        lines += [f"add known_hosts {shlex.quote(line)}" for line in self._host_keys()]
        script = _SCRIPT.format(lines="\n".join(lines), kinds=" ".join(_KINDS))
        argv = ["ssh", *self._options(), "-l", self._shell.user, peer, f"sh -c {shlex.quote(script)}"]
        done = _run(argv, limit=_PATIENCE if self._asks else _LIMIT, asks=self._asks)
        if done.returncode:
            raise ActionFailed(self._problem(peer, done.stderr or ""))
        if self._shell.by:
            return False
        _add(self._folder / "authorized_keys", done.stdout.strip().splitlines()[-1])
        return True

    def _host_keys(self) -> list[str]:
        """The host keys of this node under its name, as its own sshd shows them; none where there is no sshd."""
        done = _run(["ssh-keyscan", "-T", "5", "127.0.0.1"])
        found = (line.split(None, 1) for line in done.stdout.splitlines() if line and not line.startswith("#"))
        return sorted(f"{self._node} {rest}" for _, rest in found)

    def _options(self) -> list[str]:
        strictness = "accept-new" if self._believes else "ask" if self._asks else "yes"
        batch = "no" if self._asks else "yes"
        return ["-o", f"BatchMode={batch}", "-o", f"StrictHostKeyChecking={strictness}", "-o", "ConnectTimeout=10"]

    def _problem(self, peer: str, said: str) -> str:
        if "Permission denied" in said:
            return (
                f"{peer} accepts neither a key nor, without a terminal, a password of {self._shell.user}; "
                f"add this line to ~/.ssh/authorized_keys there: {self.key()}"
            )
        if "verification failed" in said and "CHANGED" not in said:
            return f"the host key of {peer} is not known here; on a terminal you are asked, --force believes it at first sight"
        return self._shell.reason(peer, said) or f"{peer}: ssh failed"


def _add(file: Path, line: str) -> None:
    """Add a line to a file of ssh, once."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
    if line not in text.splitlines():
        file.touch(mode=0o600)
        with file.open("a", encoding="utf-8", errors="surrogateescape") as end:
            end.write(("" if not text or text.endswith("\n") else "\n") + line + "\n")


def _run(argv: list[str], *, limit: float = _LIMIT, asks: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command; where a person is asked, it shows its questions."""
    error = None if asks else subprocess.PIPE
    source = None if asks else subprocess.DEVNULL
    try:
        return subprocess.run(
            argv, stdin=source, stdout=subprocess.PIPE, stderr=error, text=True, errors="replace", timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(argv, 124, "", "Connection timed out")
    except OSError as problem:
        raise ActionFailed(f"{argv[0]}: {problem.strerror}; install the ssh client") from problem
