"""Authority and certificates: made, mended, renewed, and used by real TLS."""

import os
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from opensvc_daemon.trust import checking, contexts, files, keeping
from opensvc_daemon.trust.authority import AUTHORITY_LIFE, NODE_LIFE, Authority, Identity, request_pem, requested_key
from opensvc_daemon.trust.checking import is_well
from opensvc_daemon.trust.files import TrustFiles

from opensvc_core.api import ActionRefused, OpensvcError

# Whole seconds, as certificates have; handshakes go by the real clock, whatever moment a test is told.
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def place(tmp_path):
    return TrustFiles.below(tmp_path)


def keep(place, now=NOW, node="n1"):
    return keeping.keep(place, cluster="blue", node=node, now=now)


def pems(place):
    return files.read(place.authority), files.read(place.node)


def test_they_are_made_once(place):
    assert keep(place)
    before = pems(place)
    assert not keep(place)
    assert pems(place) == before


def test_nobody_else_reads_them(place):
    keep(place)
    assert {stat.S_IMODE(file.stat().st_mode) for file in (place.authority, place.node)} == {0o600}
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    assert {path.name for path in place.folder.iterdir()} == {"ca.pem", "node.pem", "lock"}


def test_a_certificate_is_renewed_when_a_third_is_left(place):
    keep(place)
    authority, node = pems(place)
    assert not keep(place, NOW + NODE_LIFE * 2 / 3 - timedelta(days=1))
    assert keep(place, NOW + NODE_LIFE * 2 / 3 + timedelta(days=1))
    assert pems(place)[0] == authority
    assert pems(place)[1] != node


def test_a_renewed_authority_is_trusted_by_who_has_the_older_one(place, tmp_path):
    keep(place)
    other = TrustFiles.below(tmp_path / "other")
    keeping.install(other, Authority.read(files.read(place.authority)), identity_of(place, "n2"))
    late = NOW + AUTHORITY_LIFE * 2 / 3 + timedelta(days=1)
    assert keep(place, late)
    first, second = (Authority.read(files.read(one.authority)).certificate for one in (place, other))
    assert first.not_valid_after_utc > second.not_valid_after_utc
    assert first.public_key() == second.public_key()
    assert handshake(place, other) == ("n1", "n2")


@pytest.mark.parametrize("damage", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_damaged_certificate_is_made_anew(place, damage):
    keep(place)
    authority, node = pems(place)
    files.write_private(place.node, damage)
    assert keep(place)
    assert pems(place)[0] == authority
    assert pems(place)[1] not in (damage, node)


def test_a_certificate_of_another_name_or_authority_is_made_anew(place, tmp_path):
    keep(place)
    assert keep(place, node="n2")
    assert Identity.read(files.read(place.node)).node == "n2"
    files.write_private(place.authority, Authority.new("blue", NOW).pem())  # a join that was killed between its two files
    assert keep(place, node="n2")
    assert Authority.read(files.read(place.authority)).has_signed(Identity.read(files.read(place.node)).certificate)


def test_a_damaged_authority_is_told_and_not_replaced(place):
    keep(place)
    files.write_private(place.authority, b"garbage")
    with pytest.raises(OpensvcError, match=r"ca\.pem: .* copy it from another member"):
        keep(place)
    assert files.read(place.authority) == b"garbage"


def test_what_is_well_is_found_so_without_reading_it(place, tmp_path):
    keep(place)
    moment = NOW.timestamp()
    assert is_well(place, "n1", moment)
    assert not is_well(place, "n2", moment)
    assert not is_well(place, "n1", moment + 250 * 86400)
    assert not is_well(TrustFiles.below(tmp_path / "nothing"), "n1", moment)
    files.write_private(place.authority, Authority.new("blue", NOW).pem())
    assert not is_well(place, "n1", moment)


def test_an_authority_that_ends_is_not_well(place):
    keep(place)
    late = NOW + AUTHORITY_LIFE * 2 / 3 + timedelta(days=1)
    authority = Authority.read(files.read(place.authority))
    files.write_private(place.node, Identity.new("n1", authority, late).pem())
    assert not is_well(place, "n1", late.timestamp())
    assert keep(place, late)
    assert is_well(place, "n1", late.timestamp())


def test_two_who_make_them_at_once_make_one(place):
    threads = [threading.Thread(target=keep, args=(place,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not keep(place)
    handshake(place, place)


def test_members_shake_hands_with_names(place, tmp_path):
    keep(place, datetime.now(UTC))
    other = TrustFiles.below(tmp_path / "other")
    keeping.install(other, Authority.read(files.read(place.authority)), identity_of(place, "n2"))
    assert handshake(place, other) == ("n1", "n2")


def test_who_has_lost_the_date_is_heard_as_well(place):
    keep(place)
    assert Identity.read(files.read(place.node)).certificate.not_valid_before_utc == datetime(2000, 1, 1, tzinfo=UTC)


def test_who_is_of_another_cluster_shakes_no_hands(place, tmp_path):
    keep(place, datetime.now(UTC))
    other = TrustFiles.below(tmp_path / "other")
    keep(other, datetime.now(UTC), "n2")
    with pytest.raises(ssl.SSLError):
        handshake(place, other)


def test_only_what_was_signed_by_its_own_key_is_certified():
    key = ec.generate_private_key(ec.SECP256R1())
    pem = request_pem("n2", key)
    assert requested_key(pem) == key.public_key()
    for wrong in (b"", b"garbage", pem[:-60], request_pem("n2", ec.generate_private_key(ec.SECP521R1()))):
        with pytest.raises(OpensvcError, match="the request for a certificate"):
            requested_key(wrong)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to try as another user; run the tests as root")
def test_another_user_is_told_who_may(tmp_path):
    folder = tmp_path / "var"
    folder.mkdir(mode=0o700)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setresuid(65534, 65534, 65534)
            keep(TrustFiles.below(folder))
        except ActionRefused:
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def identity_of(place, node):
    return Identity.new(node, Authority.read(files.read(place.authority)), datetime.now(UTC))


def handshake(serving, calling):
    """The names that each side reads in the other's certificate."""
    name = Identity.read(files.read(serving.node)).node
    server, client = contexts.serving(serving), contexts.calling(calling)
    shown = contexts.node_of(checking.handshake(server, client, name))
    other = Identity.read(files.read(calling.node)).node
    server.verify_mode = ssl.CERT_REQUIRED  # so that the handshake fails where the caller shows none, or a bad one
    checking.handshake(server, client, name)
    return shown, other
