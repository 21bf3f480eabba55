"""Selectors of services: the table of the facts."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opensvc_core import Node
from opensvc_core.errors import NoSuchObject, UsageError
from opensvc_core.model.names import ServicePath
from opensvc_core.model.selectors import Value, is_pattern, select

FILES = {
    "db1": "[DEFAULT]\napp = a1\nnodes = n1 n2\nflex_min = 3\n[app#1]\ntype = simple\ntimeout = 1\n[env]\nfoo = bar\n",
    "web1": "[DEFAULT]\napp = a1\norchestrate = ha\nnodes = n1\n[app#1]\ntype = simple\ntimeout = 5\n[fs#1]\ntype = flag\n",
    "web2": "[DEFAULT]\napp = a2\nnodes = n2\n[fs#1]\ntype = flag\n[ip#1]\nipname = 192.0.2.1\nipdev = lo\n",
    "prod/svc/web1": "",
    "prod/svc/api": "",
    "prod/vol/v1": "",
    "test/svc/web3": "",
}
ALL = "db1 web1 web2 prod/svc/api prod/svc/web1 prod/vol/v1 test/svc/web3"
TABLE = [
    ("*", "db1 web1 web2"),
    ("**", ALL),
    ("web*", "web1 web2"),
    ("w*1", "web1"),
    ("web*,db*", "web1 web2 db1"),
    ("web*+*1", "web1"),
    ("!web*", "db1 prod/svc/api prod/svc/web1 prod/vol/v1 test/svc/web3"),
    ("!nosuch", ALL),
    ("nosuch*", ""),
    ("w?b[12]", "web1 web2"),
    ("*/svc/*", "db1 web1 web2 prod/svc/api prod/svc/web1 test/svc/web3"),
    ("prod/svc/*", "prod/svc/api prod/svc/web1"),
    ("prod/**", "prod/svc/api prod/svc/web1 prod/vol/v1"),
    ("prod/*/*", "prod/svc/api prod/svc/web1 prod/vol/v1"),
    ("*/svc/web1", "web1 prod/svc/web1"),
    ("**/web1", "web1 prod/svc/web1"),
    ("*/vol/*", "prod/vol/v1"),
    ("vol/*", ""),
    ("svc/web1", "web1"),
    ("root/svc/web1", "web1"),
    ("app=a1", "db1 web1"),
    ("app~^a", "db1 web1 web2"),
    ("app~[2-9]$", "web2"),
    ("app=a*", ""),  # no pattern of values
    ("app=a1+!db1", "web1"),
    ("app.timeout>1", "web1"),
    ("app.timeout>=1", "db1 web1"),
    ("app.timeout<5", "db1"),
    ("app.timeout<=5", "db1 web1"),
    ("app.timeout<1m", "db1 web1"),  # the older agent: none; a number is what the keyword makes of the text
    ("app#1.timeout<0.1m", ""),  # no duration
    ("app.type>1", ""),
    ("ip:", "web2"),
    ("ip:+fs:", "web2"),
    ("fs.type=flag", "web1 web2"),
    ("fs#1.type=flag", "web1 web2"),
    ("fs#2.type=flag", ""),
    ("env.foo=bar", "db1"),
    ("env.foo:", "db1"),
    ("flex_min>=3", "db1"),
    ("flex_min=3", "db1"),  # the older agent: none
    ("orchestrate=ha", "web1"),
    ("topology=failover", ""),  # a default is not what the file says
    ("nodes~=n1", "db1 web1"),
    ("nodes~=n", ""),
]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """A node with the services of the table."""
    node = Node(root=tmp_path_factory.mktemp("selectors"), nodename="n1")
    for name, text in FILES.items():
        file = node.paths.etc / f"{ServicePath.parse(name).config_path}.conf"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return node


def names(found):
    return [str(service.path) for service in found]


@pytest.mark.parametrize(("selector", "expected"), TABLE)
def test_a_selector_names(node, selector, expected):
    assert names(node.services(selector)) == expected.split()


@pytest.mark.parametrize(
    ("selector", "expected"),
    [("*", "api web1"), ("web1", "web1"), ("w*", "web1"), ("svc/web1", "web1"), ("**", "api web1 vol/v1"), ("!web1", "api vol/v1")],
)
def test_inside_of_a_namespace_short_names_are_its_own(node, selector, expected):
    full = [f"prod/{name if '/' in name else f'svc/{name}'}" for name in expected.split()]
    assert names(node.services(selector, namespace="prod")) == full


def test_a_name_that_names_nothing_is_refused_and_a_pattern_is_not(node):
    with pytest.raises(NoSuchObject, match="nosuch"):
        node.services("nosuch")
    with pytest.raises(NoSuchObject, match="prod/svc/db1"):
        node.services("db1", namespace="prod")
    assert node.services("nosuch*") == []


def test_a_resource_of_an_older_section_is_of_its_group(tmp_path):
    node = Node(root=tmp_path, nodename="n1")
    node.paths.etc.mkdir()
    (node.paths.etc / "old.env").write_text("[loop#0]  # a disk\nfile = /srv/a.img\n", "utf-8")
    assert [names(node.services(one)) for one in ("disk:", "loop:", "disk.file=/srv/a.img", "fs:")] == [["old"], ["old"], ["old"], []]


def test_a_service_whose_file_is_broken_is_named_by_its_name_alone(tmp_path):
    node = Node(root=tmp_path, nodename="n1")
    node.paths.etc.mkdir()
    (node.paths.etc / "broken.conf").write_text("no section\n", "utf-8")
    assert (names(node.services("b*")), names(node.services("app:"))) == (["broken"], [])


def test_an_expression_that_is_none_is_refused(node):
    with pytest.raises(UsageError, match="no regular expression"):
        node.services("app~[")


@given(st.text(alphabet="ab*/,+!=~<>:.#[1"))
@example("1~[[")
def test_any_text_selects_a_part_of_the_services(selector):
    services = [ServicePath.parse(name) for name in FILES]
    try:
        found = select(selector, services, lambda path, _key: [Value(path.name)])
    except UsageError:
        return  # no regular expression
    assert set(found) <= set(services)


def test_a_plain_name_is_no_pattern():
    assert not is_pattern("prod/svc/web1")
    assert is_pattern("web*")
