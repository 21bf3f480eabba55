"""The driver fs.link."""

from pathlib import Path

from opensvc_driver_example_link.driver import Link
from opensvc_driver_example_link.testing import Promises

from opensvc_core.api import Status
from opensvc_core.testing.fakes import context_for


class TestPromises(Promises):
    """The conformance suite."""


def link(folder):
    return Link(context_for("fs#1", folder), {"path": str(folder / "site"), "target": "/srv/site"})


def test_a_link_to_another_place_is_a_warning(tmp_path):
    Path(tmp_path / "site").symlink_to("/srv/other")
    seen = link(tmp_path).status()
    assert seen.status is Status.WARN
    assert seen.messages[0].text == f"{tmp_path / 'site'} leads to /srv/other"


def test_a_stop_leaves_a_link_to_another_place_alone(tmp_path):
    Path(tmp_path / "site").symlink_to("/srv/other")
    assert [str(operation) for operation in link(tmp_path).stop()] == [f"link {tmp_path / 'site'} -> /srv/site is already down"]
