"""What outlives the process."""

import os

import pytest
from opensvc_daemon import clock
from opensvc_daemon.beat.keeping import Holdings, Kept, LeaseFile, VotersFile, boot_id, holds
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.terms import LeaseTerms

HOLDINGS = Holdings(2**63 + 1, LeaseTerms(lease=6.0), {"ns/svc/a": Kept(7, 123.456), "b": Kept(2, None)})
VOTERS = Membership.first(Voters((Member("n1"), Member("n2", 2)), 6.0))


def test_leases_are_read_as_they_were_written(tmp_path):
    LeaseFile(tmp_path, "boot").write(HOLDINGS)
    assert LeaseFile(tmp_path, "boot").read() == HOLDINGS


def test_leases_of_an_earlier_boot_count_for_nothing(tmp_path):
    LeaseFile(tmp_path, "boot").write(HOLDINGS)
    assert LeaseFile(tmp_path, "another").read() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"boot": "boot"}', '{"boot": "boot", "owner": 1, "terms": [], "leases": {"a": 3}}'])
def test_a_damaged_file_of_leases_is_none(tmp_path, text):
    (tmp_path / "leases.json").write_text(text)
    assert LeaseFile(tmp_path, "boot").read() is None


@pytest.mark.parametrize("membership", [VOTERS, VOTERS.step(becoming=Voters((Member("n1"),), 6.0))], ids=["one list", "two lists"])
def test_voters_are_read_as_they_were_written(tmp_path, membership):
    VotersFile(tmp_path).write("c1", membership)
    assert VotersFile(tmp_path).read("c1") == membership
    assert (tmp_path / "node" / "voters.json").stat().st_mode & 0o777 == 0o600


def test_voters_of_another_cluster_are_not_ours(tmp_path):
    VotersFile(tmp_path).write("c1", VOTERS)
    assert VotersFile(tmp_path).read("c2") is None


def test_none_were_stored(tmp_path):
    assert VotersFile(tmp_path).read("c1") is None


def test_a_damaged_list_of_voters_is_an_error_and_not_none(tmp_path):
    VotersFile(tmp_path).write("c1", VOTERS)
    os.truncate(tmp_path / "node" / "voters.json", 10)
    with pytest.raises(ValueError, match="damaged"):
        VotersFile(tmp_path).read("c1")


def test_a_lease_counts_until_its_stop_begins(tmp_path):
    def until(seconds):
        LeaseFile(tmp_path, boot_id()).write(Holdings(1, LeaseTerms(stop_limit=5.0), {"svc1": Kept(1, clock.now() + seconds)}))
        return holds(tmp_path, "svc1")

    assert until(60)
    assert not until(4)
    assert not holds(tmp_path, "svc2")
