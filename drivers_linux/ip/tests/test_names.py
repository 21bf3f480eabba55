"""Names of addresses: who resolves them, and which address counts while nobody does."""

import subprocess
import sys

import pytest
from opensvc_driver_ip import names
from opensvc_driver_ip.driver import Host

from opensvc_core.api import ActionFailed, Status
from opensvc_core.instance.host import Host as System
from opensvc_core.testing.fakes import context_for


@pytest.fixture
def named(tmp_path, network):
    """A driver for the name `web.test`, whose resolver answers as the test says."""

    class Named(Host):
        answer = ()

        def _answers(self):
            return [names.literal(one) for one in self.answer]

    found = Named(context_for("ip#0", tmp_path, system=System()), {"ipname": "web.test", "ipdev": "eth0"})
    found.context.var_dir.mkdir(parents=True)
    return found


def test_a_name_that_never_resolved_is_told(named):
    status, messages, _ = named.status()
    assert status is Status.WARN
    assert messages[0].text == "web.test does not resolve, and no address of it is known; add it to the DNS or to /etc/hosts"
    assert [str(operation) for operation in named.stop()] == [f"web.test@eth0 is already down: {messages[0].text}"]
    with pytest.raises(ActionFailed, match=r"ip#0.ipname: web.test does not resolve"):
        next(named.preflight())


def test_the_last_address_of_a_name_is_used_while_it_does_not_resolve(named):
    names.keep(named.context.var_dir, names.literal("10.99.0.50"), "web.test")
    assert named.status().messages[0].text == "web.test does not resolve; its last address 10.99.0.50 is used"
    assert named.label() == "10.99.0.50/255.255.255.0 eth0 web.test"


def test_the_last_address_of_another_name_is_not_used(named):
    names.keep(named.context.var_dir, names.literal("10.99.0.50"), "wbe.test")
    assert "no address of it is known" in named.status().messages[0].text


def test_a_note_of_an_address_without_its_name_counts(named):
    (named.context.var_dir / "address").write_text("10.99.0.50\n")
    assert named.status().messages[0].text == "web.test does not resolve; its last address 10.99.0.50 is used"


def test_the_address_that_is_up_stays_the_service_s_when_the_name_moves(named, network):
    network.run("ip addr add 10.99.0.50/24 dev eth0")
    names.keep(named.context.var_dir, names.literal("10.99.0.50"), "web.test")
    named.answer = ["10.99.0.60"]
    found = named.status()
    assert (found.status, found.messages[0].text) == (Status.UP, "web.test is 10.99.0.60 now; 10.99.0.50 stays here until a restart")
    assert str(next(named.stop())) == "/sbin/ip addr del 10.99.0.50/24 dev eth0"
    network.run("ip addr del 10.99.0.50/24 dev eth0")
    assert str(next(named.preflight())) == "checking 10.99.0.60 availability (5s)"


def test_of_several_addresses_the_one_that_was_used_stays(named):
    named.answer = ["10.99.0.40", "10.99.0.50"]
    assert named.label().startswith("10.99.0.40")
    names.keep(named.context.var_dir, names.literal("10.99.0.50"), "web.test")
    assert named.label().startswith("10.99.0.50")


def test_a_name_of_the_hosts_file_resolves():
    assert str(names.resolve("localhost", 5.0)[0]) == "127.0.0.1"


def test_a_resolver_that_hangs_holds_up_nobody(tmp_path):
    """In a process of its own, whose resolver never answers: it ends all the same."""
    program = (
        "import socket, time\nfrom opensvc_driver_ip import names\n"
        "socket.getaddrinfo = lambda *a, **k: time.sleep(100)\nprint(names.resolve('web.test', 0.2))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "[]\n"


def test_what_is_kept_needs_no_disk(tmp_path):
    (tmp_path / "file").touch()
    names.keep(tmp_path / "file" / "var", names.literal("10.99.0.50"), "web.test")
    assert names.kept(tmp_path / "file" / "var") is None
