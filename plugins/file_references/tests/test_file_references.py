"""Values that stand in files of their own, through the core that asks for them."""

import pytest
from opensvc_file_references.reading import read

from opensvc_core import Node
from opensvc_core.api import ConfigError


@pytest.fixture
def node(tmp_path):
    (tmp_path / "etc").mkdir()
    return Node(tmp_path, nodename="n1")


def service(node, text):
    (node.paths.etc / "svc1.conf").write_text(text)
    return node.service("svc1")


def test_the_text_of_the_file_is_the_value(node, tmp_path):
    (tmp_path / "secret").write_text("  p4ss\n")
    config = service(node, f"[env]\ntoken = <{{file://{tmp_path}/secret}}>\n").config()
    assert config.text("env", "token") == "<p4ss>"


def test_what_the_file_holds_is_not_read_as_a_reference(node, tmp_path):
    (tmp_path / "secret").write_text("{nodename} $(1+1)")
    assert service(node, f"[env]\ntoken = {{file://{tmp_path}/secret}}\n").config().text("env", "token") == "{nodename} $(1+1)"


def test_a_missing_file_is_a_finding_with_its_place(node, tmp_path):
    found = service(node, f"[env]\ntoken = {{file://{tmp_path}/none}}\n").validate()
    assert [(one.line, one.section, one.key) for one in found] == [(2, "env", "token")]
    assert "No such file" in found[0].text


@pytest.mark.parametrize(
    ("name", "complaint"), [("relative", "absolute"), ("/proc/self/mem", "file:///proc/self/mem"), ("/etc", "directory")]
)
def test_what_can_not_be_read_is_told(name, complaint):
    with pytest.raises(ConfigError, match=complaint):
        read(name)


def test_a_file_that_is_too_long_or_no_text_is_refused(tmp_path):
    (tmp_path / "long").write_bytes(b"x" * 70_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="longer than"):
        read(str(tmp_path / "long"))
    with pytest.raises(ConfigError, match="UTF-8"):
        read(str(tmp_path / "binary"))
