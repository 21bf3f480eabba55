"""Sections whose agent is a small one of the test's own: where they have it from, and how they are taken back."""

import pytest

from opensvc_core.api import ActionFailed, Request
from opensvc_core.testing.nodes import end_all, make_node

AGENT = """#!/bin/sh
state=$OCF_RESKEY_state
case $1 in
meta-data)
    echo '<resource-agent name="own"><parameters><parameter name="state" required="1"/></parameters>'
    echo '<actions><action name="start"/></actions></resource-agent>' ;;
start) touch "$state" ;;
stop)
    if [ -e "$state.stuck" ]; then echo 'ocf-exit-reason:it is stuck' >&2; exit 1; fi
    rm -f "$state" ;;
monitor) test -e "$state" || exit 7 ;;
esac
"""


@pytest.fixture
def node(tmp_path, monkeypatch):
    """A node where the agent ocf:test:own is installed."""
    monkeypatch.setenv("OCF_ROOT", str(tmp_path / "ocf"))
    file = tmp_path / "ocf/resource.d/test/own"
    file.parent.mkdir(parents=True)
    file.write_text(AGENT)
    file.chmod(0o755)
    made = make_node(tmp_path / "root")
    yield made
    end_all(made)


def test_an_agent_that_all_sections_have_stands_in_default(node, tmp_path):
    service = node.create("svc1", f"[DEFAULT]\nagent = ocf:test:own\n[app#1]\ntype = ocf\nstate = {tmp_path}/state\n")
    service.perform(Request("start"), lambda _event: None)
    (seen,) = service.status().local.resources
    assert (str(seen.status), seen.label) == ("up", f"ocf:test:own {tmp_path}/state")


def test_a_stop_that_fails_when_a_start_is_taken_back_is_told(node, tmp_path):
    service = node.create("svc1", f"[app#1]\ntype = ocf\nagent = ocf:test:own\nstate = {tmp_path}/state\n[app#2]\ntype = failing\n")
    (tmp_path / "state.stuck").touch()
    texts = []
    with pytest.raises(ActionFailed):
        service.perform(Request("start"), lambda event: texts.append(event.text))
    assert [text for text in texts if text.startswith("rollback")] == [
        "rollback: ocf:test:own stop: exit code 1: ocf-exit-reason:it is stuck"
    ]
    (tmp_path / "state.stuck").unlink()
