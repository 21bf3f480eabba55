"""Who logs in to the other node: keys are exchanged and authorised, for root or for a user who has what sudo grants."""

import pytest

from .conftest import states


@pytest.fixture
def unprivileged(copied):
    """The same, but root may not log in to n2: osvc may, and has there what sudo grants."""
    n1, n2 = copied
    if n2("sh -c 'command -v sudo'", code=None).code:
        pytest.skip("needs sudo: apt-get install sudo")
    admits_osvc_alone(n2)
    n1.write("/etc/opensvc/node.conf", "[node]\nruser = osvc\n")
    return n1, n2


def admits_osvc_alone(node):
    """Who could log in as root is osvc there."""
    node("useradd --create-home --password * --shell /bin/sh osvc")
    node("install -d -o osvc -g osvc -m 700 /home/osvc/.ssh")
    node("install -o osvc -g osvc -m 600 /root/.ssh/authorized_keys /home/osvc/.ssh")
    node("rm /root/.ssh/authorized_keys")


def granted(node, *programs):
    """What osvc may do there as root."""
    node.write("/etc/sudoers.d/osvc", f"osvc ALL=(root) NOPASSWD: {', '.join(programs)}\n", 0o440)


def test_a_user_who_is_not_root_copies_by_sudo(unprivileged):
    n1, n2 = unprivileged
    granted(n2, "/usr/bin/rsync", "/usr/local/bin/svcmgr")
    n1("sh -c 'cd /srv/web && echo new > a && chmod 600 a && chown 1234:5678 a'")
    n1("svcmgr -s web set --kw comment=one")
    n1("svcmgr -s web sync all --force")
    assert n2("stat -c '%a %u %g' /srv/web/a").stdout == "600 1234 5678\n"
    assert n2.read("/srv/web/a") == "new\n"
    assert "comment = one" in n2.read("/etc/opensvc/web.env")
    assert states(n1) == states(n2) == {"sync#i0": ("up", []), "sync#data": ("up", [])}


@pytest.mark.parametrize(("programs", "is_sent"), [(["/usr/bin/true"], False), (["/usr/bin/rsync"], True)], ids=["nothing", "rsync alone"])
def test_what_sudo_does_not_grant_is_told(unprivileged, programs, is_sent):
    n1, n2 = unprivileged
    granted(n2, *programs)
    n1("sh -c 'echo new > /srv/web/a'")
    before = states(n2)
    said = n1("svcmgr -s web sync nodes --force --rid sync#data", code=1).stdout
    assert "osvc may not do this by sudo on n2: the user named by node.ruser needs it, without a password" in said
    assert n2.read("/srv/web/a") == ("new\n" if is_sent else "old\n")
    assert states(n2) == before  # a copy that was not noted there counts as none


def test_who_may_not_log_in_is_named(unprivileged):
    n1, n2 = unprivileged
    n2("rm /home/osvc/.ssh/authorized_keys")
    assert "n2 does not trust osvc of this node" in n1("svcmgr -s web sync nodes --force", code=1).stdout


def test_keys_of_root_are_authorised_for_the_user_who_logs_in(unprivileged):
    n1, n2 = unprivileged
    admits_osvc_alone(n1)
    n2.write("/etc/opensvc/node.conf", "[node]\nuser = osvc\n")  # the older word
    for node in (n1, n2):
        granted(node, "/usr/bin/rsync", "/usr/local/bin/svcmgr")
        # the way in until the command has been run: a key that is taken away then
        node("sh -c 'cd /root/.ssh && mv id_ed25519 first && rm id_ed25519.pub known_hosts'")
        node.write("/root/.ssh/config", "IdentityFile ~/.ssh/first\nIdentityFile ~/.ssh/id_ed25519\n")
    for node, peer in ((n1, n2), (n2, n1)):
        done = node(f"om node update ssh keys --node={peer.name} --force")
        assert done.stdout == f"{peer.name} trusts this node; run this command there, too\n"
        assert "PRIVATE" not in done.stdout + done.stderr
        node("rm /root/.ssh/first /root/.ssh/config")
        assert not peer.exists("/root/.ssh/authorized_keys")
    n1("sh -c 'echo new > /srv/web/a'")
    n1("svcmgr -s web sync all --force")
    assert n2.read("/srv/web/a") == "new\n"
    n1("svcmgr -s web stop")
    n2("svcmgr -s web start")
    n2("sh -c 'echo newer > /srv/web/a'")
    n2("svcmgr -s web sync all --force")
    assert n1.read("/srv/web/a") == "newer\n"
    assert states(n1) == states(n2) == {"sync#i0": ("up", []), "sync#data": ("up", [])}


def test_keys_are_made_exchanged_and_authorised(pair):
    n1, n2 = pair
    n2("sh -c 'rm /root/.ssh/id_* /root/.ssh/known_hosts'")
    n1("rm /root/.ssh/known_hosts")
    done = n1("nodemgr update ssh keys --node='*'", code=1)
    assert "the host key of n2 is not known here" in done.stderr
    done = n1("nodemgr update ssh keys --node='*' --force")
    assert done.stdout == "n2 trusts this node, and is trusted\n"
    assert n2("ssh -o BatchMode=yes -o StrictHostKeyChecking=yes n1 hostname").stdout == "n1\n"
    kept = n1.read("/root/.ssh/authorized_keys"), n2.read("/root/.ssh/authorized_keys"), n2.read("/root/.ssh/known_hosts")
    n1("om node update ssh keys")
    assert (n1.read("/root/.ssh/authorized_keys"), n2.read("/root/.ssh/authorized_keys"), n2.read("/root/.ssh/known_hosts")) == kept
    assert "PRIVATE" not in done.stdout + done.stderr
