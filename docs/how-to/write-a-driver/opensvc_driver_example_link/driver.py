"""The driver fs.link."""

from __future__ import annotations

from pathlib import Path

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    Keyword,
    Observation,
    Operations,
    Resource,
    Startable,
    Status,
    text,
)


class Link(Resource, Startable):
    """A symbolic link that is there while the service is up."""

    id = "fs.link"
    path = Keyword(text, required=True, scopable=True, text="The link.", example="/etc/nginx/sites-enabled/{name}")
    target = Keyword(text, required=True, scopable=True, text="What it leads to.", example="/srv/{name}/nginx.conf")

    def label(self) -> str:
        """Both ends."""
        return f"link {self.path} -> {self.target}"

    def occupies(self) -> str:
        """The link: it starts after the file system that it stands in."""
        return self.path

    def is_provisioned(self) -> bool:
        """There is nothing to make beforehand."""
        return True

    def status(self) -> Status | Observation:
        """Up where the link leads to the target, warn where something else has its place."""
        link = Path(self.path)
        if not link.is_symlink():
            return Status.WARN.because(f"{link} is no link") if link.exists() else Status.DOWN
        found = str(link.readlink())
        return Status.UP if found == self.target else Status.WARN.because(f"{link} leads to {found}")

    def start(self) -> Operations:
        """Make it; what has its place is never replaced."""
        seen = self.seen()
        if seen is Status.UP:
            yield Already(f"{self.label()} is already up")
            return
        if seen is not Status.DOWN:
            raise ActionFailed(f"{self.rid}.path: {self.path} exists and is not ours; move it away, or choose another path")
        yield Command(["ln", "-s", "--", self.target, self.path], undo=self._removal())

    def stop(self) -> Operations:
        """Remove it where it is ours."""
        if self.seen() is not Status.UP:
            yield Already(f"{self.label()} is already down")
            return
        yield self._removal()

    def _removal(self) -> Call:
        return Call(f"rm -f {self.path}", lambda: Path(self.path).unlink(missing_ok=True))
