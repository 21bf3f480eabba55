"""Selectors of services: the table of the facts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.errors import UsageError
from opensvc_core.model.names import ServicePath
from opensvc_core.model.selectors import is_pattern, select

SERVICES = [
    ServicePath.parse(name) for name in ("db1", "web1", "web2", "prod/svc/web1", "prod/svc/api", "prod/vol/v1", "test/svc/web3", "cfg/c1")
]
SAYS = {
    "db1": {"app": ["a1"], "flex_min": ["3"], "env.foo": ["bar"], "app.timeout": ["1"], "nodes": ["n1 n2"]},
    "web1": {"app": ["a1"], "orchestrate": ["ha"], "app.timeout": ["5"], "fs": ["fs#1"], "fs.type": ["flag"]},
    "web2": {"app": ["a2"], "fs": ["fs#1"], "ip": ["ip#1"], "fs.type": ["flag"]},
}


def says(path, key):
    return SAYS.get(str(path), {}).get(key, [])


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("*", "db1 web1 web2"),
        ("**", "db1 web1 web2 prod/svc/web1 prod/svc/api prod/vol/v1 test/svc/web3 cfg/c1"),
        ("web*", "web1 web2"),
        ("w*1", "web1"),
        ("web*,db*", "web1 web2 db1"),
        ("web*+*1", "web1"),
        ("!web*", "db1 prod/svc/web1 prod/svc/api prod/vol/v1 test/svc/web3 cfg/c1"),
        ("nosuch*", ""),
        ("*/svc/*", "db1 web1 web2 prod/svc/web1 prod/svc/api test/svc/web3"),
        ("prod/svc/*", "prod/svc/web1 prod/svc/api"),
        ("prod/**", "prod/svc/web1 prod/svc/api prod/vol/v1"),
        ("*/svc/web1", "web1 prod/svc/web1"),
        ("**/web1", "web1 prod/svc/web1"),
        ("*/vol/*", "prod/vol/v1"),
        ("vol/*", ""),
        ("svc/web1", "web1"),
        ("root/svc/web1", "web1"),
        ("app=a1", "db1 web1"),
        ("app~^a", "db1 web1 web2"),
        ("app=a*", ""),
        ("app.timeout>1", "web1"),
        ("app.timeout>=1", "db1 web1"),
        ("app.timeout<5", "db1"),
        ("ip:", "web2"),
        ("ip:+fs:", "web2"),
        ("fs.type=flag", "web1 web2"),
        ("env.foo=bar", "db1"),
        ("flex_min=3", "db1"),
        ("nodes~=n1", "db1"),
    ],
)
def test_a_selector_names(selector, names):
    assert [str(path) for path in select(selector, SERVICES, says)] == names.split()


@given(st.text(alphabet="ab*/,+!=~<>:.#[1"))
def test_any_text_selects_a_part_of_the_services(selector):
    try:
        found = select(selector, SERVICES, says)
    except UsageError:
        return  # no regular expression
    assert set(found) <= set(SERVICES)


def test_a_plain_name_is_no_pattern():
    assert not is_pattern("prod/svc/web1")
    assert is_pattern("web*")
