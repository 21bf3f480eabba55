"""The driver fs.link."""

from __future__ import annotations

from pathlib import Path

from opensvc_driver_example_link.driver import Link
from opensvc_driver_example_link.testing import Promises

from opensvc_core.api import Observation, Status
from opensvc_core.testing.fakes import context_for


class TestPromises(Promises):
    """The conformance suite."""


def link(folder: Path) -> Link:
    """A link to /srv/site in this folder."""
    return Link(context_for("fs#1", folder), {"path": str(folder / "site"), "target": "/srv/site"})


def test_a_link_to_another_place_is_a_warning(tmp_path: Path) -> None:
    Path(tmp_path / "site").symlink_to("/srv/other")
    seen = link(tmp_path).status()
    assert isinstance(seen, Observation)
    assert seen.status is Status.WARN
    assert seen.messages[0].text == f"{tmp_path / 'site'} leads to /srv/other"


def test_a_stop_leaves_a_link_to_another_place_alone(tmp_path: Path) -> None:
    Path(tmp_path / "site").symlink_to("/srv/other")
    assert [str(operation) for operation in link(tmp_path).stop()] == [f"link {tmp_path / 'site'} -> /srv/site is already down"]
