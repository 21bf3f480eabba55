"""A driver whose start fails: what stands before it has to be taken back."""

from __future__ import annotations

from opensvc_core.api import ActionFailed, Already, Call, Operations, Resource, Startable, Status, hookimpl


class Failing(Resource, Startable):
    """A resource that never starts."""

    id = "app.failing"

    def status(self) -> Status:
        """Never up."""
        return Status.DOWN

    def start(self) -> Operations:
        """Fail."""
        yield Call("fail", _fail)

    def stop(self) -> Operations:
        """There is nothing to stop."""
        yield Already(f"{self.rid} is already down")


@hookimpl
def opensvc_register_drivers() -> list[type[Resource]]:
    """The driver of this module."""
    return [Failing]


def _fail() -> None:
    raise ActionFailed("this resource fails, as the test asks")
