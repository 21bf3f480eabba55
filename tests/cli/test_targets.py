"""Targets of commands, and what is told of one."""

import io

import pytest

from opensvc_core.cli.session import Session
from opensvc_core.cli.targets import told
from opensvc_core.errors import ActionRefused


@pytest.mark.parametrize(("program", "text", "line"), [
    pytest.param("om", "fs#1: /data is busy", "om: svc1: fs#1: /data is busy", id="the name stands before"),
    pytest.param("om", "no svc1.conf here", "om: no svc1.conf here", id="the text has it"),
    pytest.param("om", "disk#0: vgsvc1 is held", "om: svc1: disk#0: vgsvc1 is held", id="a longer word is not it"),
    pytest.param("svc1", "fs#1: /data is busy", "svc1: fs#1: /data is busy", id="the program has it"),
])  # fmt: skip
def test_what_went_wrong_is_told_with_the_name_of_its_service_once(program, text, line):
    err = io.StringIO()
    session = Session(program=program, scope="service", verb="start", selector="svc1", root="/r", nodename="n1", stdout=err, stderr=err)
    assert told(session, "svc1", ActionRefused(text)) == ActionRefused.exit_code
    assert err.getvalue() == f"{line}\n"
