"""What the files say of arbitrators."""

import pytest
from opensvc_daemon.guards.arbitrators import arbitrators

from opensvc_core.api import ArbitratorKeywords, Node

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def configured(tmp_path):
    """The arbitrators of a cluster.conf with these words."""

    def made(words, secret=f"secret = {SECRET}"):
        (tmp_path / "etc").mkdir(exist_ok=True)
        (tmp_path / "etc" / "cluster.conf").write_text(f"[cluster]\nnodes = n1 n2\n{secret}\n{words}\n")
        return arbitrators(Node(tmp_path, nodename="n1"))

    return made


def test_there_is_none_without_a_section(configured):
    assert configured("") == ()


def test_a_section_has_its_defaults_and_is_fit_for_use(configured):
    (place,) = configured("[arbitrator#a]\nuri = 10.0.9.9")
    assert (place.name, place.uri, place.timeout, place.weight, place.finding) == ("a", "tcp://10.0.9.9:1216", 0.5, 1, "")
    assert place.secret.value == bytes.fromhex(SECRET)


def test_each_word_counts(configured):
    words = "[arbitrator#a]\nname = third\nuri = https://arb.example.com/vote\ntimeout = 0.8\nweight = 2\nsecret = a secret of its own"
    (place,) = configured(words)
    assert (place.name, place.uri, place.timeout, place.weight) == ("third", "https://arb.example.com:443/vote", 0.8, 2)
    assert place.secret.value == b"a secret of its own"


@pytest.mark.parametrize("seconds", ["1", "5", "0"])
def test_a_timeout_that_is_no_shorter_than_the_ready_period_is_refused(configured, seconds):
    (place,) = configured(f"[arbitrator#a]\nuri = 10.0.9.9\ntimeout = {seconds}")
    assert "less than ready_period (1 s)" in place.finding


def test_the_timeout_follows_the_ready_period(configured):
    (place,) = configured("[node]\nready_period = 10s\n[arbitrator#a]\nuri = 10.0.9.9")
    assert (place.timeout, place.finding) == (5.0, "")


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        pytest.param("", "uri is required", id="no uri"),
        pytest.param("uri = http://www.example.com", "http:// is not spoken here", id="no http"),
        pytest.param("uri = tcp://10.0.9.9:x", "arbitrator#a", id="no port"),
        pytest.param("uri = 10.0.9.9\nweight = 0", "weight: 0", id="no weight"),
        pytest.param("uri = 10.0.9.9\nsecret = short", "can be guessed", id="short secret"),
        pytest.param("uri = 10.0.9.9\ntimeout = soon", "timeout", id="no duration"),
    ],
)
def test_what_can_not_be_used_is_there_with_its_finding(configured, words, finding):
    (place,) = configured(f"[arbitrator#a]\n{words}")
    assert place.name == "a"
    assert finding in place.finding


def test_without_a_secret_there_is_no_arbitrator(configured):
    assert "cluster.secret" in configured("[arbitrator#a]\nuri = 10.0.9.9", secret="")[0].finding


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("tcp://[fd99::9]:1300", ("tcp", "fd99::9", 1300, "/")),
        ("arb:1300", ("tcp", "arb", 1300, "/")),
        ("https://arb", ("https", "arb", 443, "/")),
    ],
)
def test_a_uri_is_a_scheme_a_host_a_port_and_a_path(uri, found):
    assert ArbitratorKeywords({"uri": uri}).place() == found
