"""Names of services and resources."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.errors import UsageError
from opensvc_core.model.names import ServicePath, natural


@pytest.mark.parametrize(
    ("text", "namespace", "kind", "name"),
    [
        ("svc1", "root", "svc", "svc1"),
        ("p26.opensvc.com", "root", "svc", "p26.opensvc.com"),
        ("vol/v1", "root", "vol", "v1"),
        ("prod/svc/web", "prod", "svc", "web"),
        ("3.web.app", "root", "svc", "3.web.app"),
    ],
)
def test_a_name_is_read_and_written_again(text, namespace, kind, name):
    path = ServicePath.parse(text)
    assert (path.namespace, path.kind, path.name) == (namespace, kind, name)
    assert str(path) == text


@pytest.mark.parametrize(
    "text", ["9bad", "a_b", "svc", "", "a/b/c/d", "-a", "a.", "a/b", "x/svc/y z", "node", "cluster", "../etc", "a/../b", ".hidden"]
)
def test_what_is_no_name_is_refused(text):
    with pytest.raises(UsageError):
        ServicePath.parse(text)


@given(st.text())
def test_any_text_is_a_name_or_a_usage_error(text):
    try:
        path = ServicePath.parse(text)
    except UsageError:
        return
    assert ServicePath.parse(str(path)) == path
    assert ".." not in path.state_path.split("/")


def test_state_and_configuration_of_namespaces_stand_apart():
    assert ServicePath.parse("web").config_path == "web"
    assert ServicePath.parse("prod/svc/web").config_path == "namespaces/prod/svc/web"
    assert ServicePath.parse("web").state_path == "svc/web"
    assert ServicePath.parse("prod/svc/web").state_path == "namespaces/prod/svc/web"


def test_numbers_sort_as_numbers():
    assert sorted(["fs#10", "fs#2", "fs#1", "fs#a"], key=natural) == ["fs#1", "fs#2", "fs#10", "fs#a"]
