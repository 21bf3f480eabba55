"""The budget of what arrives."""

from opensvc_heartbeats.budget import OF_A_MEMBER, OF_STRANGERS, Budget

MEMBERS = frozenset({"10.0.0.2", "10.0.0.3"})


def admitted(budget, address, count, now):
    return sum(budget.admits(address, MEMBERS, now) for _ in range(count))


def test_members_have_a_budget_each():
    budget = Budget()
    assert admitted(budget, "10.0.0.2", 1000, 1.0) == OF_A_MEMBER
    assert admitted(budget, "10.0.0.3", 10, 1.0) == 10


def test_all_strangers_have_one_budget_and_take_nothing_from_members():
    budget = Budget()
    assert sum(admitted(budget, f"10.9.{number >> 8}.{number & 255}", 1, 1.0) for number in range(1000)) == OF_STRANGERS
    assert admitted(budget, "10.0.0.2", 10, 1.0) == 10


def test_a_second_gives_as_much_again_and_rest_does_not_add_up():
    budget = Budget()
    admitted(budget, "10.0.0.2", 1000, 1.0)
    assert admitted(budget, "10.0.0.2", 1000, 1.5) == OF_A_MEMBER / 2
    assert admitted(budget, "10.0.0.2", 1000, 1000.0) == OF_A_MEMBER


def test_a_flood_is_told_while_it_lasts():
    budget = Budget()
    assert budget.trouble(1.0) == ""
    admitted(budget, "10.9.9.9", 100, 1.0)
    assert budget.trouble(2.0) == "more arrives than a cluster sends: 50 messages dropped, the last from 10.9.9.9"
    assert budget.trouble(20.0) == ""
